"""A Matplotlib SVG as an element of a page, in the reader's theme. Standard library alone.

`plots` draws with a handful of colours; each becomes the variable of book/assets/book.css that
means the same, light or dark. Text stays text, in the page's type. The build draws the notebooks'
figures with it (ext/figures.py), and the page those of the cells that run in it (run/page_kernel).
"""

import re
from xml.etree import ElementTree

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
# plots/style.py draws with these.
COLOURS = {
    "#1a1a1a": "currentColor",
    "#d0d0d0": "var(--lw-rule)",
    "#666666": "var(--lw-muted)",
    "#0072b2": "var(--lw-in)",
    "#c1440e": "var(--lw-learned)",
    "#00795a": "var(--lw-out)",
}
PIXELS_PER_POINT = 4 / 3
ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


def inline_svg(source: str, alt: str, prefix: str) -> str:
    """A matplotlib SVG file as an element of a page.

    Args:
        source: the file's text.
        alt: what it shows, in words.
        prefix: goes in front of every id, so that two figures of a page do not mix theirs up.
    """
    root = ElementTree.fromstring(source)
    width = float(root.attrib["viewBox"].split()[2]) * PIXELS_PER_POINT
    for parent in list(root.iter()):
        for child in list(parent):
            # The style element would apply to the whole page; the root's style says the same.
            if child.tag in (f"{{{SVG}}}metadata", f"{{{SVG}}}style"):
                parent.remove(child)
    used = set(re.findall(r"""(?:url\(|href=")#([^")]+)""", source))
    for element in root.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)
        for name, value in element.attrib.items():
            if name == "id":
                value = prefix + value
            elif name == f"{{{XLINK}}}href" and value.startswith("#"):
                value = f"#{prefix}{value[1:]}"
            elif name in ("style", "fill", "stroke", "clip-path"):
                value = re.sub(r"url\(#", f"url(#{prefix}", value)
                value = re.sub(r"#[0-9a-f]{6}\b", lambda m: COLOURS.get(m[0], m[0]), value)
                value = re.sub(r"font-family:[^;]*;?|font: (\S+) [^;]*", _size_only, value)
            element.set(name, value)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("role", "img")
    root.set("aria-label", alt)
    root.set("class", "figure")
    root.set("fill", "currentColor")
    root.set("style", f"max-width:{width:.0f}px;stroke-linejoin:round;stroke-linecap:butt")
    return ElementTree.tostring(root, encoding="unicode")


def _size_only(match: re.Match) -> str:
    return f"font-size: {match[1]}" if match[1] else ""
