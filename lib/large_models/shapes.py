"""Sizes that the formulas and the models agree on: sliding windows, and attention's scores.

    out = floor((size + padding before + padding after - span) / stride) + 1,
    span = dilation * (kernel - 1) + 1

Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016); options
and rounding as in torch.nn.functional. Chapters: 3_1_cnn, 3_3_self_attention.
"""

import operator
from collections.abc import Iterable, Sequence
from itertools import zip_longest

Size = int | Sequence[int]
Padding = Size | str


def pair(value: Size, name: str, minimum: int = 0) -> tuple[int, int]:
    """Read an option that is an int, or a pair (vertical, horizontal).

    Raises:
        ValueError: if it is neither, or a number is less than `minimum`; `name` is named.
    """
    try:
        numbers: tuple = tuple(value) if isinstance(value, Iterable) else (value, value)
        first, second = (operator.index(number) for number in numbers)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected an int or a pair of ints, got {value!r}") from None
    if min(first, second) < minimum or any(isinstance(number, bool) for number in numbers):
        raise ValueError(f"{name}: expected whole numbers of at least {minimum}, got {value!r}")
    return first, second


def conv_padding(
    padding: Padding, kernel_size: Size, stride: Size = 1, dilation: Size = 1
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rows of zeros (above, below) and columns of zeros (left, right) that a convolution adds.

    `"valid"` adds none. `"same"` adds dilation * (kernel - 1) in all, so that the output has the
    input's size; where that is odd, the extra one goes below or to the right, as in torch.

    Raises:
        ValueError: for another word, or `"same"` with a stride other than 1.
    """
    if not isinstance(padding, str):
        vertical, horizontal = pair(padding, "padding")
        return (vertical, vertical), (horizontal, horizontal)
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding != "same":
        raise ValueError(f'padding: expected ints, "same" or "valid", got {padding!r}')
    if pair(stride, "stride", 1) != (1, 1):
        raise ValueError(f'padding "same" needs stride 1, got stride {stride!r}')
    kernel, gaps = pair(kernel_size, "kernel_size", 1), pair(dilation, "dilation", 1)
    total = [gap * (k - 1) for k, gap in zip(kernel, gaps, strict=True)]
    above, left = total[0] // 2, total[1] // 2
    return (above, total[0] - above), (left, total[1] - left)


def conv_output_size(
    size: Size, kernel_size: Size, stride: Size = 1, padding: Padding = 0, dilation: Size = 1
) -> tuple[int, int]:
    """Height and width of a convolution's output for an input of `size` (height, width).

    Raises:
        ValueError: if the window does not fit into the padded input, or an option is bad.
    """
    before_after = conv_padding(padding, kernel_size, stride, dilation)
    return _output_size(size, kernel_size, stride, before_after, dilation, ceil_mode=False)


def pool_output_size(
    size: Size,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
) -> tuple[int, int]:
    """Height and width of a pooling layer's output; `stride` is `kernel_size` if not given.

    With `ceil_mode` a last window may reach over the end, if it starts inside the input or the
    padding before it.

    Raises:
        ValueError: if the window does not fit, padding is more than half the kernel, or an option
            is bad.
    """
    kernel, pads = pair(kernel_size, "kernel_size", 1), pair(padding, "padding")
    if any(2 * pad > k for k, pad in zip(kernel, pads, strict=True)):
        raise ValueError(f"padding: expected at most half of kernel_size {kernel}, got {pads}")
    stride = kernel if stride is None else stride
    before_after = tuple((pad, pad) for pad in pads)
    return _output_size(size, kernel, stride, before_after, dilation, ceil_mode)


def _output_size(
    size: Size,
    kernel_size: Size,
    stride: Size,
    before_after: Sequence[tuple[int, int]],
    dilation: Size,
    ceil_mode: bool,
) -> tuple[int, int]:
    sides = pair(size, "size", 1)
    kernel = pair(kernel_size, "kernel_size", 1)
    steps = pair(stride, "stride", 1)
    gaps = pair(dilation, "dilation", 1)
    out = []
    for axis, (before, after) in enumerate(before_after):
        span = gaps[axis] * (kernel[axis] - 1) + 1
        room = sides[axis] + before + after - span
        count = (-(-room // steps[axis]) if ceil_mode else room // steps[axis]) + 1
        if ceil_mode and (count - 1) * steps[axis] >= sides[axis] + before:
            count -= 1  # it would start in the padding after the input
        if count < 1:
            raise ValueError(
                f"empty output: a window of {span} (kernel {kernel[axis]}, dilation {gaps[axis]}) "
                f"does not fit into {sides[axis]} + {before + after} of padding"
            )
        out.append(count)
    return out[0], out[1]


def scores_shape(
    query: Sequence[int],
    key: Sequence[int],
    value: Sequence[int],
    mask: Sequence[int] | None = None,
    is_causal: bool = False,
    enable_gqa: bool = False,
) -> tuple[int, ...]:
    """Shape (..., L, S) of attention's scores, from the shapes of what goes in.

    Args:
        query, key, value, mask: shapes, (..., L, D), (..., S, D), (..., S, Dv), and one that
            broadcasts to (..., L, S).
        is_causal: whether a causal mask is asked for too, which leaves no room for `mask`.
        enable_gqa: whether a head of keys serves a whole group of heads of queries.

    Raises:
        ValueError: if they do not fit each other.
    """
    query, key, value = tuple(query), tuple(key), tuple(value)
    least = 3 if enable_gqa else 2
    if min(len(query), len(key), len(value)) < least:
        axes = "(..., h, T, D)" if enable_gqa else "(..., T, D)"
        raise ValueError(f"expected query, key, value {axes}, got {query}, {key}, {value}")
    if query[-1] != key[-1] or key[-2] != value[-2] or 0 in (query[-1], key[-2]):
        raise ValueError(
            "expected query (..., L, D), key (..., S, D) and value (..., S, Dv) with D and S of "
            f"at least 1, got {query}, {key} and {value}"
        )
    if is_causal and mask is not None:
        raise ValueError("expected a mask or is_causal, got both")
    if enable_gqa:
        h, groups = query[-3], key[-3]
        if value[-3] != groups or h % groups:
            raise ValueError(
                f"expected as many heads of keys as of values, dividing the {h} of queries, "
                f"got {groups} and {value[-3]}"
            )
        key, value = (*key[:-3], h, *key[-2:]), (*value[:-3], h, *value[-2:])
    batch: list[int] = []
    for axes in zip_longest(*(shape[-3::-1] for shape in (query, key, value)), fillvalue=1):
        sizes = set(axes) - {1}
        if len(sizes) > 1:
            raise ValueError(
                f"expected batch and heads that broadcast, got {query}, {key} and {value}"
            )
        batch.append(sizes.pop() if sizes else 1)
    shape = (*reversed(batch), query[-2], key[-2])
    if mask is not None:
        mask = tuple(mask)
        fits = all(m in (1, size) for m, size in zip(mask[::-1], shape[::-1], strict=False))
        if len(mask) > len(shape) or not fits:
            raise ValueError(f"mask: expected a shape that broadcasts to {shape}, got {mask}")
    return shape
