"""Data-parallel training, small enough to watch: one GPT, its batch shared by the processes.

    python -m large_models.experiments.two_processes --processes 2
    torchrun --standalone --nproc_per_node 2 -m large_models.experiments.two_processes

Each process has a copy of the model and its part of each batch; after the backward pass PyTorch's
DistributedDataParallel averages the gradients, so all copies take the same step. The first process
prints JSON.

The two ways differ in how the processes find each other. torchrun is made for clusters: an agent
beside them opens a port, looks for signs of life, and gives up on a process that is late, so a busy
machine can make it fail. Started without it they meet at a file, and wait.
Chapter: 5_1_trends.
"""

import argparse
import json
import os
import sys
import tempfile
import time

import torch
from torch import nn
from torch.multiprocessing.spawn import spawn

from large_models.experiments import train_gpt
from large_models.models.gpt import GPT, GPTConfig

VOCAB, LENGTH, BATCH, STEPS = 256, 64, 32, 30


def train(rank: int, processes: int, meet: str) -> None:
    """Train as one of several processes; `meet` is where they find each other."""
    torch.set_num_threads(1)
    if processes > 1:
        loopback = "lo0" if sys.platform == "darwin" else "lo"
        os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback)
        torch.distributed.init_process_group(
            "gloo", init_method=meet, rank=rank, world_size=processes
        )
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


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--processes", type=int, default=1)
    count = parser.parse_args().processes
    if count < 1 or BATCH % count:
        parser.error(f"--processes: expected a divisor of {BATCH}, got {count}")
    if "RANK" in os.environ:  # torchrun has started this one, and the others
        train(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]), "env://")
        return
    with tempfile.TemporaryDirectory() as folder:
        meet = f"file://{folder}/meet"
        spawn(train, (count, meet), nprocs=count)


if __name__ == "__main__":
    main()
