"""The book as a PDF, for `jupyter-book build . --builder pdfhtml` (`make pdf`).

Jupyter Book prints the one page of all chapters with a browser of Playwright's own, and with no
contents. This prints it with the Chromium that is there: a list of chapters in front, bookmarks for
every section, page numbers.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOOTER = """<div style="font: 8px sans-serif; width: 100%; text-align: center; color: #59646f">
<span class="pageNumber"></span></div>"""
# The chapters' titles, after the first: each is the head of what was a page.
CONTENTS = """() => {
  const list = document.createElement("ul");
  Object.assign(list.style, { listStyle: "none", padding: 0 });
  for (const mark of document.querySelectorAll("[id^='document-']")) {
    const title = mark.nextElementSibling?.querySelector("h1, h2");
    if (!title) continue;
    const copy = title.cloneNode(true);
    copy.querySelectorAll(".headerlink").forEach((link) => link.remove());
    const link = Object.assign(document.createElement("a"), { href: `#${mark.id}` });
    link.append(copy.textContent);
    const line = document.createElement("li");
    line.append(link);
    list.append(line);
  }
  const heading = Object.assign(document.createElement("p"), { textContent: "Contents" });
  heading.style.fontWeight = 600;
  document.querySelector("article h1").after(heading, list);
}"""


async def print_page(page_file: str, pdf_file: str) -> None:
    """Print an HTML file into a PDF of A4 pages.

    Raises:
        RuntimeError: if there is no Chromium.
    """
    from playwright.async_api import async_playwright

    sys.path.insert(0, str(ROOT))
    from tests.chromium import BROWSER_ARGS, find

    if not (path := find()):
        raise RuntimeError("no Chromium was found: run `make browser`, then try again")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=BROWSER_ARGS)
        page = await browser.new_page(color_scheme="light")
        await page.emulate_media(media="print")
        await page.goto(Path(page_file).resolve().as_uri(), wait_until="load")
        await page.evaluate("document.fonts.ready.then(() => null)")
        await page.evaluate(CONTENTS)
        await page.pdf(
            path=pdf_file,
            format="A4",
            margin={"top": "18mm", "bottom": "18mm", "left": "17mm", "right": "17mm"},
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
            print_background=True,
            scale=0.8,
            outline=True,
            tagged=True,  # Chromium has no bookmarks without
        )
        await browser.close()
