"""The base of all widgets: the module it assembles, the values it refuses, the assets it sends."""

import io
import re
import subprocess
import sys

import numpy as np
import pytest
import traitlets
from PIL import Image

from large_models.widgets import assets
from large_models.widgets.base import (
    BadValue,
    BookWidget,
    Checked,
    one_of,
    whole,
    yes_or_no,
)
from large_models.widgets.kernel_explorer import KernelExplorer


def test_the_style_stays_below_its_widget():
    """Every rule is one of .lw or of the widget's own prefix: nothing else on the page changes."""
    css = re.sub(r"/\*.*?\*/", "", KernelExplorer()._css, flags=re.DOTALL)
    selectors = re.findall(r"([^{}]+)\{", css)
    for selector in selectors:
        if not selector.strip().startswith("@"):
            for part in re.split(r",(?![^(]*\))", selector):
                assert ".lw" in part or ".ke-" in part, part


def test_imports_neither_torch_nor_matplotlib():
    code = "import sys, large_models.widgets.kernel_explorer as k; k.KernelExplorer(); " + (
        "print([m for m in ('torch', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_repr_is_short_and_always_the_same():
    assert repr(KernelExplorer()) == repr(KernelExplorer()) == "KernelExplorer(photo='china')"
    assert KernelExplorer()._repr_mimebundle_()[0]["text/plain"] == "KernelExplorer(photo='china')"


def test_a_readers_own_subclass_keeps_the_page_side():
    class Mine(KernelExplorer):
        pass

    assert Mine()._esm == KernelExplorer()._esm


class Knobs(BookWidget):
    count = Checked(whole(1, 3), 2).tag(sync=True)
    mode = Checked(one_of(("a", "b")), "a").tag(sync=True)
    on = Checked(yes_or_no, False).tag(sync=True)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("count", 0, "Knobs.count: expected an integer from 1 to 3, got 0"),
        ("count", 4, "Knobs.count: expected an integer from 1 to 3, got 4"),
        ("count", 1.5, "Knobs.count: expected an integer, got 1.5"),
        ("count", True, "Knobs.count: expected an integer, got True"),
        ("count", "2", "Knobs.count: expected an integer, got '2'"),
        ("mode", "c", "Knobs.mode: expected one of 'a', 'b', got 'c'"),
        ("mode", ["a"], "Knobs.mode: expected one of 'a', 'b', got ['a']"),
        ("on", 1, "Knobs.on: expected True or False, got 1"),
    ],
)
def test_bad_values_are_refused_in_words_and_the_old_one_stays(name, value, message):
    knobs = Knobs()
    before = getattr(knobs, name)
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        setattr(knobs, name, value)
    assert str(error.value) == message
    assert getattr(knobs, name) == before
    with pytest.raises(ValueError, match=re.escape(message)):
        Knobs(**{name: value})


def test_good_values_are_kept():
    knobs = Knobs(count=np.int64(3), mode="b", on=True)
    assert (knobs.count, knobs.mode, knobs.on) == (3, "b", True)
    assert type(knobs.count) is int


def test_an_unknown_setting_is_refused():
    with pytest.raises(ValueError, match="Knobs has no setting colour"):
        Knobs(colour="red")


def test_a_bad_value_from_the_page_is_rolled_back():
    """traitlets undoes what raises its own kind of error: BadValue is both kinds."""
    assert issubclass(BadValue, ValueError) and issubclass(BadValue, traitlets.TraitError)
    knobs = Knobs()
    with pytest.raises(ValueError, match="Knobs.count: expected"):
        knobs.set_state({"mode": "b", "count": 9})
    assert knobs.count == 2


def test_the_kernel_answers_for_assets():
    widget = KernelExplorer()
    sent = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers))
    widget._handle_custom_msg({"type": "asset", "name": "picture-digit"}, [])
    widget._handle_custom_msg({"type": "asset", "name": "/etc/passwd"}, [])
    widget._handle_custom_msg({"type": "other"}, [])
    widget._handle_custom_msg("text", [])
    content, buffers = sent[0]
    assert content == {"type": "asset", "name": "picture-digit"}
    assert buffers == [assets.ASSETS["picture-digit"]()]
    assert sent[1] == (
        {"type": "asset", "name": "/etc/passwd", "error": "no asset '/etc/passwd'"},
        None,
    )
    assert len(sent) == 2


def test_assets_are_written_as_scripts(tmp_path):
    paths = assets.write_assets(tmp_path / "new" / "folder")
    assert {path.name for path in paths} == {f"{name}.js" for name in assets.ASSETS}
    for path in paths:
        text = path.read_text()
        assert re.fullmatch(rf'globalThis\.lwAsset\("{path.stem}", "[\w+/=]+"\);\n', text)
    first = [path.read_bytes() for path in paths]
    assets.write_assets(tmp_path / "new" / "folder")
    assert [path.read_bytes() for path in paths] == first


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (37, 53)])
def test_a_png_is_exact(shape):
    gray = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    image = Image.open(io.BytesIO(assets.png(gray)))
    assert image.mode == "L"
    np.testing.assert_array_equal(np.asarray(image), gray)


@pytest.mark.parametrize("name", assets.PICTURES)
def test_pictures_are_small_enough_to_carry(name):
    image = assets.picture(name)
    assert image.dtype == np.uint8 and image.max() > 150
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(assets.png(image)))), image)
    assert len(assets.png(image)) < 60_000
    assert assets.credit(name)


@pytest.mark.parametrize(
    "bad", [np.zeros((2, 2)), np.zeros((1, 2, 2), np.uint8), np.zeros((0, 2), np.uint8), [[1]]]
)
def test_a_png_needs_an_image(bad):
    with pytest.raises(ValueError, match="expected an image of shape"):
        assets.png(bad)


def test_an_unknown_picture():
    with pytest.raises(ValueError, match="expected one of china, flower, portrait, digit, got 'x'"):
        assets.picture("x")
