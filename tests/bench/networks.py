"""Our convolution, recurrent layers and GPT beside torch's and transformers'."""

import statistics

import numpy as np
import torch
import torch.nn.functional as F

from large_models.files import weights
from large_models.formulas.cnn import conv2d, conv2d_loops
from large_models.models import rnn as models
from large_models.models.gpt import GPT
from tests.bench.measuring import REPEATS, milliseconds, one_thread, spread

CASES = [  # x, weight
    ((32, 16, 32, 32), (32, 16, 3, 3)),
    ((64, 1, 28, 28), (8, 1, 5, 5)),
]


def bench_numpy() -> None:
    """Print the time of `conv2d` beside torch's, float32, one thread, and that of the loops."""
    print("Convolution on one thread, float32, milliseconds: median (middle half)")
    print(f"{'x':>18}  {'weight':>14}  {'torch':>20}  {'conv2d':>20}  {'ratio':>5}  conv2d_loops")
    with one_thread():
        for shapes in CASES:
            _bench_convolution(*shapes)


def bench_rnn(B: int = 64, T: int = 100, C: int = 64, hidden_size: int = 128) -> None:
    """Print the time of our recurrent modules beside torch's: forward and backward, one thread."""
    print(
        f"\nForward and backward on one thread, float32, B={B}, T={T}, C={C}, "
        f"hidden {hidden_size}, milliseconds: median (middle half)"
    )
    print(f"{'':>6}  {'torch':>22}  {'ours':>22}  ratio")
    with one_thread():
        x = torch.randn(B, T, C, generator=torch.Generator().manual_seed(0), requires_grad=True)
        for kind in ("RNN", "LSTM", "GRU"):
            layers = [getattr(source, kind)(C, hidden_size, batch_first=True)
                      for source in (torch.nn, models)]  # fmt: skip
            layers[1].load_state_dict(layers[0].state_dict())
            calls = [lambda layer=layer: layer(x)[0].sum().backward() for layer in layers]
            theirs, ours = milliseconds(*calls, repeats=REPEATS // 2)
            ratio = statistics.median(ours) / statistics.median(theirs)
            print(f"{kind:>6}  {spread(theirs):>22}  {spread(ours):>22}  {ratio:5.2f}")


def bench_gpt() -> None:
    """Print the time of 127 tokens with and without the cache, beside that of transformers."""
    from transformers import GPT2LMHeadModel

    ours = GPT.from_pretrained(weights("gpt-docs"))
    theirs = GPT2LMHeadModel.from_pretrained(weights("gpt-docs")).eval()
    start = torch.zeros(1, 1, dtype=torch.int64)
    wish = {"max_new_tokens": 127, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    with one_thread():
        plain, cached, other = milliseconds(
            lambda: ours.generate(start, 127, temperature=0, use_cache=False),
            lambda: ours.generate(start, 127, temperature=0),
            lambda: theirs.generate(start, attention_mask=torch.ones(1, 1), **wish),
            repeats=5,
        )
    print("\nThe shipped GPT writes 127 tokens on one thread, milliseconds: median (middle half)")
    for name, times in (("no cache", plain), ("cache", cached), ("transformers", other)):
        print(f"{name:>12}  {spread(times):>22}")


def _bench_convolution(x_shape: tuple[int, ...], weight_shape: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal(x_shape, dtype=np.float32)
    weight = random.standard_normal(weight_shape, dtype=np.float32)
    bias = random.standard_normal(weight_shape[0], dtype=np.float32)
    tensors = [torch.from_numpy(array) for array in (x, weight, bias)]
    theirs, ours = milliseconds(lambda: F.conv2d(*tensors), lambda: conv2d(x, weight, bias))
    # The loops take as long for each image: one is measured, all are reported.
    (loops,) = milliseconds(lambda: conv2d_loops(x[:1], weight, bias), repeats=1)
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(
        f"{str(x_shape):>18}  {str(weight_shape):>14}  {spread(theirs):>20}  {spread(ours):>20}  "
        f"{ratio:5.2f}  {loops[0] * len(x) / 1000:.0f} s"
    )
