"""Data-parallel training, small enough to watch: one GPT, its batch shared by the processes.

    torchrun --standalone --nproc_per_node 2 -m lib.training.two_processes

Each process has a copy of the model and its part of each batch; after the backward pass PyTorch's
DistributedDataParallel averages the gradients, so all copies take the same step. The first process
prints JSON. Chapter: 5_1_trends.
"""

import json
import os
import time

import torch
from torch import nn

from lib.models.gpt import GPT, GPTConfig
from lib.training import train_gpt

VOCAB, LENGTH, BATCH, STEPS = 256, 64, 32, 30


def main() -> None:
    torch.set_num_threads(1)
    rank, processes = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    if processes > 1:
        torch.distributed.init_process_group("gloo")
    torch.manual_seed(0)
    model = GPT(GPTConfig(VOCAB, LENGTH, 64, 2, 4))
    shared = nn.parallel.DistributedDataParallel(model) if processes > 1 else model
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    generator = torch.Generator().manual_seed(0)
    # Generated text that can be learned: each token is the last one plus 1 or 2.
    steps = torch.randint(1, 3, (BATCH, LENGTH + 1), generator=generator)
    ids = steps.cumsum(dim=1) % VOCAB
    mine = ids.chunk(processes)[rank]
    losses = []
    start = time.perf_counter()
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = train_gpt.loss(shared, (mine[:, :-1], mine[:, 1:]))
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    seconds = time.perf_counter() - start
    losses = torch.stack(losses)
    if processes > 1:
        torch.distributed.all_reduce(losses)
        torch.distributed.destroy_process_group()
    if rank == 0:
        curve = (losses / processes).tolist()
        print(json.dumps({"processes": processes, "losses": curve, "seconds": seconds}))


if __name__ == "__main__":
    main()
