"""404.html, which a host shows for an address that the book does not have, and index.html.

Nobody knows at what address a host shows the first, how deep, or where on the host the book lies.
So it carries its own styles, and a script that looks for the book: up from its address, folder by
folder, until the book's logo is there.
"""

from pathlib import Path

from ext.builders import SITES
from sphinx.application import Sphinx


def not_found(app: Sphinx):
    if app.builder.name not in SITES or app.builder.name == "singlehtml":
        return
    chapters = [
        (app.builder.get_target_uri(name), app.env.titles[name].astext())
        for name in app.env.collect_relations()
    ]
    context = {"title": "Page not found", "chapters": chapters, "base": app.config.html_baseurl}
    yield "404", context, "404.html"


def lead_in(app: Sphinx, exception: Exception | None) -> None:
    """The root leads to the first page: also where no script runs, and in a language."""
    if exception or app.builder.name not in SITES or app.builder.name == "singlehtml":
        return
    first, title = app.builder.get_target_uri(app.config.root_doc), app.config.html_title
    if app.config.root_doc != "index":
        Path(app.outdir, "index.html").write_text(
            f'<!DOCTYPE html>\n<html lang="{app.config.language}"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<meta http-equiv="refresh" content="0; url={first}"><title>{title}</title></head>'
            f'<body><p><a href="{first}">{title}</a></p></body></html>\n',
            "utf-8",
        )


def setup(app: Sphinx) -> dict:
    app.connect("html-collect-pages", not_found)
    app.connect("build-finished", lead_in, priority=990)  # after the table of contents' own
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
