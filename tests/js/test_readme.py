"""The engine's README: its examples print what they say; one entry point holds all modules."""

import re

import pytest

from large_models.widgets.base import HERE

README = (HERE / "engine" / "README.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```js\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_prints_what_it_says(engine, example):
    said = re.findall(r"^console\.log\(.*\); // (.*)$", example, re.MULTILINE)
    script = re.sub(r'^import (\{.*\}) from "\./(.*)";$', r'const \1 = await import("/engine/\2");',
                    example, flags=re.MULTILINE)  # fmt: skip
    console = "const said = []; const console = {log: (...v) => said.push(v.join(' '))};"
    assert said and engine.run(f"async () => {{ {console}\n{script}\nreturn said; }}") == said


def test_the_entry_point_holds_every_module():
    text = (HERE / "engine" / "mod.js").read_text("utf-8")
    assert len(EXAMPLES) == 5
    listed = re.findall(r'from "\./(\w+\.js)"', text)
    there = {path.name for path in (HERE / "engine").glob("*.js")}
    # What nn.js and backward.js hand on.
    there -= {"mod.js", "pooling.js", "tensors.js", "backward_windows.js"}
    assert sorted(listed) == sorted(there)


def test_no_name_is_exported_twice(engine):
    """`export *` would leave it out without a word."""
    count = """async (names) => {
      const modules = await Promise.all(names.map((name) => import(`/engine/${name}`)));
      const all = modules.flatMap(Object.keys);
      return all.filter((name, i) => all.indexOf(name) !== i);
    }"""
    text = (HERE / "engine" / "mod.js").read_text("utf-8")
    starred = re.findall(r'export \* from "\./(\w+\.js)"', text)
    # Here the address is not written out, so it is made whole by hand.
    script = count.replace("`/engine/${name}`", f"`{HERE.as_uri()}/engine/${{name}}`")
    assert len(starred) > 5 and engine.run(script, starred) == []


def test_the_engine_knows_neither_a_document_nor_a_window():
    for path in (HERE / "engine").glob("*.js"):
        code = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text("utf-8"), flags=re.DOTALL)
        found = re.search(r"\b(document|window|navigator|globalThis|localStorage)[.\[]", code)
        assert not found, path
