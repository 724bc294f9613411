r"""A formula as a line of plain text, for search: `\sqrt{d_k}` is √d_k.

What KaTeX draws has MathML beside it, whose letters and signs are Unicode already.
"""

import re
from xml.etree import ElementTree

from ext.maths import draw

_MATHML = re.compile(r"<math .*?</math>", re.DOTALL)
UNSEEN = "\u2061\u2062\u2063\u200b"  # "applied to", "times", and the like
_SPACE = "{http://www.w3.org/1998/Math/MathML}"


def plain(source: str) -> str:
    """A formula's TeX as plain text; nothing if KaTeX cannot draw it."""
    try:
        found = _MATHML.search(draw(source, display=False))
    except ValueError:
        return ""
    return " ".join(_text(ElementTree.fromstring(found[0])).split()) if found else ""


def _text(element: ElementTree.Element) -> str:
    kind = element.tag.removeprefix(_SPACE)
    parts = [_text(child) for child in element]
    if kind == "mfrac":
        return f"{_held(parts[0])}/{_held(parts[1])}"
    if kind == "msqrt":
        return f"√{_held(''.join(parts))}"
    if kind in ("msub", "munder"):
        return f"{parts[0]}_{parts[1].strip()}"
    if kind in ("msup", "mover"):
        return f"{parts[0]}^{parts[1].strip()}"
    if kind in ("msubsup", "munderover"):
        return f"{parts[0]}_{parts[1].strip()}^{parts[2].strip()}"
    if kind == "mo":
        sign = (element.text or "").strip(UNSEEN)
        return f" {sign} " if sign in "=+−<>≤≥≈∈→∼×⋅∣" else sign
    if kind == "mspace":
        return " "
    return (element.text or "").strip(UNSEEN) + "".join(parts)


def _held(text: str) -> str:
    """In brackets if it is more than one thing."""
    return f"({text})" if re.search(r"[ +−]", text) else text
