"""Figures follow the reader's theme: a notebook's SVG goes into the page itself (figure_svg.py).

The alternative text comes from the cell's metadata, `mystnb: {image: {alt: ...}}`; a figure without
one is a warning.
"""

import itertools
from pathlib import Path

from docutils import nodes
from figure_svg import inline_svg
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

logger = logging.getLogger(__name__)


class InlineFigures(SphinxPostTransform):
    """Replaces each SVG that a notebook drew by the element itself."""

    default_priority = 300
    formats = ("html",)

    def run(self, **kwargs) -> None:
        drawn = Path(vars(self.env)["mystnb_config"].output_folder)
        number = itertools.count(1)
        for image in list(self.document.findall(nodes.image)):
            path = Path(self.app.srcdir, image["uri"]).resolve()
            if drawn not in path.parents:
                continue
            if not image.get("alt"):
                logger.warning("a figure has no alternative text", location=image)
            if path.suffix == ".svg":
                source = path.read_text("utf-8")
                svg = inline_svg(source, image.get("alt", ""), f"figure-{next(number)}-")
                image.replace_self(nodes.raw("", svg, format="html"))


def setup(app: Sphinx) -> dict:
    app.add_post_transform(InlineFigures)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
