"""Draw the picture that stands for the book where its address is shared: `python book/card.py`.

1200 x 630 pixels, the title from _config.yml beside book/cover.png, into book/assets/card.png.
"""

import base64
import io
import sys
from html import escape
from pathlib import Path

import yaml
from PIL import Image

HERE = Path(__file__).parent
PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ background: #fff; color: #1c242c; display: flex; margin: 0; }}
body {{ font: 30px/1.4 "DejaVu Sans", sans-serif; }}
div {{ align-self: center; flex: 1; padding: 0 56px 0 72px; }}
h1 {{ font-size: 62px; letter-spacing: -1px; line-height: 1.15; margin: 0 0 28px; }}
p {{ color: #59646f; margin: 0; }}
img {{ block-size: 566px; margin: 32px 48px 32px 0; }}
</style><div><h1>{title}</h1><p>{line}</p></div><img src="data:image/png;base64,{cover}">"""
LINE = "Every formula runs, every picture moves."


def draw() -> bytes:
    """The picture as a PNG of at most 256 colours."""
    from playwright.sync_api import sync_playwright

    from tests.chromium import BROWSER_ARGS, find

    title = yaml.safe_load((HERE.parent / "_config.yml").read_text("utf-8"))["title"]
    cover = base64.b64encode((HERE / "cover.png").read_bytes()).decode()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=BROWSER_ARGS)
        page = browser.new_page(viewport={"width": 1200, "height": 630})
        page.set_content(PAGE.format(title=escape(title), line=LINE, cover=cover))
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        browser.close()
    small = io.BytesIO()
    picture.quantize(256).save(small, "PNG", optimize=True)
    return small.getvalue()


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    (HERE / "assets" / "card.png").write_bytes(draw())
