"""The page around the text: scripts wait for it, and nothing is loaded that no page uses."""

from pathlib import Path

from sphinx.application import Sphinx

# The theme's own files for what this book does without: tooltips and menus, icons as scripts and
# fonts, translations, others' logos; and a maintainer's tool.
UNUSED = (
    "scripts/bootstrap.js",
    "scripts/fontawesome.js",
    "vendor",
    "locales",
    "images",
    "refresh.py",
)
UNUSED_KINDS = (".map", ".LICENSE.txt", "webpack-macros.html", ".png")


def load_scripts_later(app: Sphinx, pagename: str, template: str, context: dict, doctree) -> None:
    """Scripts run in their order once the text is there, instead of holding it up."""
    scripts = context["script_files"]
    for script in list(scripts):
        if script.filename:
            script.attributes["defer"] = "defer"
        elif script.attributes.get("body", "").startswith("DOCUMENTATION_OPTIONS."):
            scripts.remove(script)  # the theme's version menu, unused here, and too early now


def mend_roles(app: Sphinx, pagename: str, template: str, context: dict, doctree) -> None:
    """docutils gives an entry of the bibliography a role that a list may not hold."""
    body = context.get("body", "")
    context["body"] = body.replace('role="doc-biblioentry"', 'role="listitem"')


def remove_unused(app: Sphinx, exception: Exception | None) -> None:
    """Leave out of the built book what no page asks for."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    for path in sorted(static.rglob("*"), reverse=True):
        name = path.relative_to(static).as_posix()
        if name.startswith(UNUSED) or name.endswith(UNUSED_KINDS):
            path.rmdir() if path.is_dir() else path.unlink()


def setup(app: Sphinx) -> dict:
    app.connect("html-page-context", load_scripts_later, priority=900)
    app.connect("html-page-context", mend_roles)
    app.connect("build-finished", remove_unused, priority=900)  # before ext.bundle
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
