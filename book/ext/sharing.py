"""What others show of a page: its picture and first sentence where its address is shared, its place
in the lists of search engines.

Addresses are whole only where the book knows its own: `html: baseurl:` in _config.yml. Without it
nothing is said that could be wrong: no canonical address, no sitemap.
"""

from html import escape
from pathlib import Path
from urllib.parse import urljoin
from xml.sax.saxutils import escape as escape_xml

from ext.builders import SITES
from sphinx.application import Sphinx

PICTURE = "_static/card.png"  # book/card.py draws it
SHOWN = "A photograph under a sliding kernel, with the nine products and their sum"


def tags(app: Sphinx, pagename: str, context: dict, title: str, description: str) -> str:
    """The tags of Open Graph and of Twitter's cards for a page that has an address of its own."""
    if app.builder.name not in ("html", "dirhtml"):
        return ""
    base = app.config.html_baseurl
    picture = urljoin(base, PICTURE) if base else context["pathto"](PICTURE, 1)
    said = {
        "og:type": "website" if pagename == app.config.root_doc else "article",
        "og:site_name": context["docstitle"],
        "og:title": title,
        "og:description": description,
        "og:locale": "en_GB",
        "og:image": picture,
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": SHOWN,
    }
    if base:
        said["og:url"] = urljoin(base, app.builder.get_target_uri(pagename))
    properties = [f'<meta property="{key}" content="{escape(text)}">' for key, text in said.items()]
    return "\n".join([*properties, '<meta name="twitter:card" content="summary_large_image">'])


def list_pages(app: Sphinx, exception: Exception | None) -> None:
    """Write the sitemap, and a robots.txt that names it, if the book knows its address."""
    base = app.config.html_baseurl
    if exception or app.builder.name not in SITES or not base:
        return
    pages = [urljoin(base, app.builder.get_target_uri(name)) for name in sorted(app.env.found_docs)]
    urls = "\n".join(f"  <url><loc>{escape_xml(page)}</loc></url>" for page in pages)
    Path(app.outdir, "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}\n</urlset>\n',
        "utf-8",
    )
    robots = f"User-agent: *\nAllow: /\nSitemap: {urljoin(base, 'sitemap.xml')}\n"
    Path(app.outdir, "robots.txt").write_text(robots, "utf-8")


def setup(app: Sphinx) -> dict:
    app.connect("build-finished", list_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
