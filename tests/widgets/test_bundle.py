"""The committed bundles are what their sources make, and what a source imports is found."""

import inspect
import json
import re
import subprocess

import pytest

import large_models.widgets as widgets
from large_models.widgets import bundle
from large_models.widgets.kernel_explorer import KernelExplorer

EVERY = [(name, kind) for name in bundle.names() for kind in bundle.KINDS]


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_a_committed_bundle_is_made_of_todays_sources(name, kind):
    assert not bundle.stale(name, kind), "run `make widgets`, and commit what it changes"


def test_there_is_a_bundle_for_each_widget_and_no_other():
    modules = {
        inspect.getmodule(getattr(widgets, n)).__name__.rsplit(".", 1)[1] for n in widgets.__all__
    }
    assert modules == set(bundle.names())
    assert {path.name for path in bundle.BUNDLES.iterdir()} == {f"{n}.{k}" for n, k in EVERY}


@pytest.mark.parametrize("name", bundle.names())
def test_a_module_imports_nothing_and_exports_the_widget_alone(name):
    text = (bundle.BUNDLES / f"{name}.js").read_text("utf-8")
    exported = re.findall(r"\bexport\s*(?:\{[^}]*\}|default\b)", text)
    assert len(exported) == 1 and re.fullmatch(r"export\{[\w$]+ as default\}", exported[0])
    assert text.endswith(exported[0] + ";\n")
    assert not re.search(r"""\bimport\s*[("'{*]""", text)


def test_the_widget_carries_its_bundle_without_the_first_line():
    for kind, carried in (("js", KernelExplorer._esm), ("css", KernelExplorer._css)):
        text = (bundle.BUNDLES / f"kernel_explorer.{kind}").read_text("utf-8")
        assert text.splitlines()[0] + "\n" == bundle.banner("kernel_explorer", kind)
        assert carried == text.split("\n", 1)[1].strip()


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A folder with a widget of three scripts, one imported twice, and their styles."""
    files = {
        "a/view.js": "import {\n  b,\n} from \"./b.js\"; // b\nimport * as c from '../kit/c.js';\n"
        "export default { b, c: c.c };\n",
        "a/b.js": 'import { c as d } from "../kit/c.js";\nexport const b = d + 1;\n',
        "kit/c.js": 'export const c = "学 \\\\u5b66";\n',
        "kit/core.css": ".lw { color: red }\n",
        "a/b.css": ".b::before { content: '“' }\n",
        "a/view.css": ".a { color: blue }\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.setattr(bundle, "HERE", tmp_path)
    monkeypatch.setattr(bundle, "BUNDLES", tmp_path / "bundles")
    return tmp_path


def names_of(kind):
    return [path.name for path in bundle.sources("a", kind)]


def test_each_source_once_and_what_is_needed_first(small):
    assert names_of("js") == ["c.js", "b.js", "view.js"]
    assert names_of("css") == ["core.css", "b.css", "view.css"]
    assert bundle.names() == ["a"]


def test_a_cycle_ends(small):
    (small / "kit/c.js").write_text('import "../a/view.js";\nexport const c = 1;\n')
    assert names_of("js") == ["c.js", "b.js", "view.js"]


@pytest.mark.parametrize("file", ["a/view.js", "a/b.js", "kit/c.js"])
def test_a_bundle_is_stale_once_a_source_changed(small, file):
    (small / "bundles").mkdir()
    for kind in bundle.KINDS:
        (small / "bundles" / f"a.{kind}").write_text(bundle.banner("a", kind))
    assert not bundle.stale("a", "js")
    with (small / file).open("a") as source:
        source.write("// more\n")
    assert bundle.stale("a", "js") and not bundle.stale("a", "css")
    (small / "a/b.css").unlink()
    assert bundle.stale("a", "css")


def test_an_unknown_name_is_told(small):
    with pytest.raises(SystemExit, match="No widget b: expected some of a"):
        bundle.main(["b"])


# --- with Deno ------------------------------------------------------------------------------------


def bundled(name, kind):
    try:
        return bundle.bundle(name, kind)
    except RuntimeError as error:
        # Its bundler, esbuild, comes from the npm registry at the first use.
        if "esbuild" in str(error) or "registry" in str(error):
            pytest.skip(f"Deno cannot fetch esbuild: {error}")
        raise


@pytest.mark.parametrize(("name", "kind"), [("compressor", "js"), ("compressor", "css")])
def test_a_bundle_made_anew_is_the_committed_one(name, kind):
    assert bundled(name, kind) == (bundle.BUNDLES / f"{name}.{kind}").read_text("utf-8")


def test_letters_stay_letters_and_escaped_ones_escaped(small):
    text = bundled("a", "js")
    assert "学" in text and r"\\u5b66" in text
    assert text.startswith(bundle.banner("a", "js"))


def test_an_error_says_where(small):
    bundled("a", "js")
    (small / "a/b.js").write_text("export const b = ;\n")
    with pytest.raises(RuntimeError, match=r"(?s)view\.js could not be bundled: .*b\.js:1:18"):
        bundle.bundle("a", "js")


def test_what_is_watched_follows_its_sources(small, monkeypatch):
    bundled("a", "js")
    monkeypatch.setattr(bundle, "_watched", {})
    monkeypatch.setattr(bundle, "_watch", lambda: None)  # the test itself looks
    contents = bundle.watched("a", "js")
    heard = []
    contents.changed.connect(heard.append)
    assert bundle.look() is None and not heard
    (small / "kit/c.js").write_text("export const c = ;\n")
    assert "c.js" in bundle.look() and not heard
    (small / "kit/c.js").write_text("export const c = 12345;\n")
    assert bundle.look() is None
    assert heard == [str(contents)] and "12345" in heard[0]
    assert not bundle.stale("a", "js")


@pytest.mark.parametrize("name", bundle.names())
def test_deno_finds_the_same_sources(name):
    """What Deno reads by a parser, and `bundle.scripts` by a pattern."""
    from deno import find_deno_bin

    command = [find_deno_bin(), "info", "--json", "--no-config", "--no-remote", "--no-lock"]
    done = subprocess.run(
        [*command, bundle.HERE / name / "view.js"], capture_output=True, text=True, check=True
    )
    found = {module["local"] for module in json.loads(done.stdout)["modules"]}
    assert found == {str(path) for path in bundle.sources(name, "js")}
