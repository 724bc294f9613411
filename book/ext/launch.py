"""Where a chapter's notebook runs: the menu in the page's header (templates/header-buttons.html).

JupyterLite is in it if it lies beside the pages (`make lite`). Colab, Binder and GitHub read from a
public repository: they are in it if pyproject.toml names one on GitHub, `project.urls.Repository`.
"""

import re
import tomllib
from pathlib import Path

from ext.builders import SITES
from sphinx.application import Sphinx
from sphinx.config import Config

ROOT = Path(__file__).resolve().parents[2]
LITE = "lite"
BRANCH = "main"


def repository(project: str) -> str:
    """What pyproject.toml names as the repository, as OWNER/NAME; "" if that is not on GitHub."""
    named = tomllib.loads(project)["project"].get("urls", {}).get("Repository", "")
    found = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+?)(\.git)?/?", named)
    return found[1] if found else ""


def places(notebook: str, owned: str) -> list[tuple[str, str, str]]:
    """Where a notebook of the repository runs: title, address, what to expect there."""
    if not owned:
        return []
    file = f"{owned}/blob/{BRANCH}/{notebook}"
    return [
        (
            "Google Colab",
            f"https://colab.research.google.com/github/{file}",
            "with PyTorch; a Google account is needed",
        ),
        (
            "Binder",
            f"https://mybinder.org/v2/gh/{owned}/{BRANCH}?urlpath=lab/tree/{notebook}",
            "with PyTorch; starts in minutes, no account",
        ),
        ("GitHub", f"https://github.com/{file}", "the notebook, to read"),
    ]


def look_around(app: Sphinx, config: Config) -> None:
    """Pages are written anew when what they can name has changed."""
    config.launch_lite = Path(app.outdir, LITE, "lab", "index.html").is_file()
    config.launch_repository = repository((ROOT / "pyproject.toml").read_text("utf-8"))


def add_menu(app: Sphinx, pagename: str, template: str, context: dict, doctree) -> None:
    """Give a notebook's page the entries of its menu."""
    if app.builder.name not in SITES or context.get("page_source_suffix") != ".ipynb":
        return
    notebook = f"{pagename}.ipynb"
    entries = places(notebook, app.config.launch_repository)
    if app.config.launch_lite:
        address = f"{context['pathto'](f'{LITE}/lab/index.html', 1)}?path={notebook}"
        said = "in this browser, without PyTorch; fetches Python from cdn.jsdelivr.net"
        entries.insert(0, ("JupyterLite", address, said))
    context["launch"] = entries


def setup(app: Sphinx) -> dict:
    app.add_config_value("launch_lite", False, "html", bool)
    app.add_config_value("launch_repository", "", "html", str)
    app.connect("config-inited", look_around)
    app.connect("html-page-context", add_menu)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
