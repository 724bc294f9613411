"""GateExplorer's Python side: what it accepts and carries, and its answers against torch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, load_file

from large_models.data.sequences import CHARACTERS, adding_problem, to_indices
from large_models.formulas import rnn
from large_models.widgets import gate_explorer
from large_models.widgets.assets import ASSETS, WEIGHTS
from large_models.widgets.gate_explorer import TEXT, GateExplorer, held, sequence
from large_models.widgets.packed import unpack

# NumPy and torch sum float32 in another order: below 1e-6 a step, and the gates forget most of it.
TOLERANCE = {"rtol": 0, "atol": 2e-5}


def tensors(job, kind):
    """The shipped weights as the page has them."""
    if job == "adding":
        return load_file(WEIGHTS / f"adding-{kind}" / "model.safetensors")
    return unpack(ASSETS[f"chars-{kind}"]())


def by_torch(job, kind, x):
    """(T, V): what torch's own layers read from each step of x (T, C)."""
    w = tensors(job, kind)
    H = w["output.weight"].shape[1]
    layer = getattr(torch.nn, kind.upper())(x.shape[1], H, batch_first=True)
    layer.load_state_dict(
        {name[4:]: torch.from_numpy(v) for name, v in w.items() if name.startswith("rnn.")}
    )
    with torch.no_grad():
        h, _ = layer(torch.tensor(x, dtype=torch.float32)[None])
    return h[0].numpy() @ w["output.weight"].T + w["output.bias"]


def marks(explorer):
    return np.stack([explorer.values, np.isin(np.arange(100), explorer.markers)], axis=1)


# --- the answers --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["lstm", "rnn"])
def test_the_sum_is_what_torch_reads(kind):
    explorer = GateExplorer(seed=4)
    expected = by_torch("adding", kind, marks(explorer))[:, 0]
    np.testing.assert_allclose(explorer.answers(kind), expected, **TOLERANCE)
    if kind == "lstm":
        assert explorer.prediction == pytest.approx(expected[-1], abs=2e-5)


@pytest.mark.parametrize("kind", ["lstm", "rnn"])
def test_the_next_character_is_what_torch_predicts(kind):
    explorer = GateExplorer(job="chars", text="Compute the a\nb", step=3)
    x = np.eye(96)[to_indices(explorer.text)]
    expected = torch.softmax(torch.from_numpy(by_torch("chars", kind, x)), dim=-1).numpy()
    np.testing.assert_allclose(explorer.answers(kind), expected, **TOLERANCE)
    if kind == "lstm":
        np.testing.assert_allclose(explorer.prediction, expected[3], **TOLERANCE)
        explorer.step = 99  # beyond the text: its last character
        np.testing.assert_allclose(explorer.prediction, expected[-1], **TOLERANCE)


def clamped_by_hand(x, w, clamps):
    """The LSTM written out once more, in float64, each gate replaced where it is held."""
    H = w["output.weight"].shape[1]
    W, U = w["rnn.weight_ih_l0"].astype(float), w["rnn.weight_hh_l0"].astype(float)
    b = w["rnn.bias_ih_l0"] + w["rnn.bias_hh_l0"]
    h, c, out = np.zeros(H), np.zeros(H), []
    for x_t in x:
        i, f, g, o = np.split(W @ x_t + U @ h + b, 4)
        gates = {name: 1 / (1 + np.exp(-a)) for name, a in zip("ifo", (i, f, o), strict=True)}
        for name, units in clamps.items():
            for unit in range(H):
                at = units.get(str(unit), units.get("all"))
                gates[name][unit] = gates[name][unit] if at is None else at
        c = gates["f"] * c + gates["i"] * np.tanh(g)
        h = gates["o"] * np.tanh(c)
        out.append(w["output.weight"] @ h + w["output.bias"])
    return np.array(out)


gate_values = st.dictionaries(
    st.one_of(st.just("all"), st.integers(0, 40).map(str)),
    st.sampled_from([0, 1, None]),
    max_size=4,
)


@pytest.mark.heavy
@settings(max_examples=25)
@given(clamps=st.dictionaries(st.sampled_from("ifo"), gate_values), seed=st.integers(0, 9999))
def test_held_gates_stand_where_they_are_held(clamps, seed):
    explorer = GateExplorer(seed=seed, clamps=clamps)
    expected = clamped_by_hand(marks(explorer), tensors("adding", "lstm"), clamps)[:, 0]
    # Float32 and a cell that may grow for 100 steps (f and i held at 1).
    np.testing.assert_allclose(explorer.answers(), expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        explorer.answers(clamped=False), GateExplorer(seed=seed).answers(), **TOLERANCE
    )


def test_held_weights_give_gates_of_exactly_0_and_1():
    layer, _, _ = gate_explorer.network("adding", "lstm")
    x = adding_problem(2, 100, 0)[0]
    *_, own = rnn.lstm(x, layer)
    *_, gates = rnn.lstm(x, held(layer, {"f": {"all": 0, "2": None}, "i": {"5": 1}}))
    assert (np.delete(gates.f, 2, axis=-1) == 0).all() and (gates.f[..., 2] > 0).all()
    assert (gates.i[..., 5] == 1).all() and (gates.i[..., 6] < 1).any()
    np.testing.assert_array_equal(held(layer, {}).w_ih, layer.w_ih)
    assert own.f.min() < 1, "and the weights that were there are as they were"


def test_what_the_page_says_to_try_first_is_so():
    """Without forget gates the sum is gone. One unit of the shipped LSTM carries it: the first to
    be looked at."""
    explorer = GateExplorer()
    free, forgetful, without_one, without_another = [], [], [], []
    for seed in range(8):
        explorer.seed = seed
        truth = sum(explorer.values[step] for step in explorer.markers)
        unit = explorer.unit
        for errors, clamps in [
            (free, {}),
            (forgetful, {"f": {"all": 0}}),
            (without_one, {"f": {unit: 0}}),
            (without_another, {"f": {(unit + 3) % 32: 0}}),
        ]:
            explorer.clamps = clamps
            errors.append((explorer.prediction - truth) ** 2)
    assert np.mean(free) < 0.005
    assert np.mean(without_another) < 0.02
    assert np.mean(forgetful) > 0.1 and np.mean(without_one) > 0.1


@pytest.mark.parametrize("job", ["adding", "chars"])
def test_the_first_unit_is_the_one_that_the_output_listens_to(job):
    explorer = GateExplorer(job=job)
    weight = np.abs(tensors(job, "lstm")["output.weight"])
    assert weight[:, explorer.unit].max() == weight.max()


# --- sequences ----------------------------------------------------------------------------------


def test_a_seed_stands_for_a_sequence():
    values, markers = sequence(0)
    # mulberry32's first draw from 0 is 1144304738 / 2**32 = 0.2664.
    assert values[0] == int(101 * 1144304738 / 2**32) / 100 == 0.26
    explorer = GateExplorer()
    assert (explorer.values, explorer.markers) == (values, markers)
    explorer.seed = 7
    assert (explorer.values, explorer.markers) == sequence(7)
    assert sequence(7) == sequence(7) != sequence(8)


def test_sequences_are_like_those_of_the_training():
    drawn = [sequence(seed) for seed in range(200)]
    values = np.array([values for values, _ in drawn])
    assert values.min() == 0 and values.max() == 1
    assert values.mean() == pytest.approx(0.5, abs=0.01)
    assert values.std() == pytest.approx(1 / np.sqrt(12), abs=0.01)
    markers = np.array([markers for _, markers in drawn])
    assert markers[:, 0].min() < 5 and 44 < markers[:, 0].max() < 50
    assert 50 <= markers[:, 1].min() < 55 and 94 < markers[:, 1].max() < 100


def test_what_is_asked_for_goes_before_what_seed_and_job_bring():
    explorer = GateExplorer(markers=(5, 6), seed=3, values=np.full(100, 0.5))
    assert explorer.markers == [5, 6] and explorer.values == [0.5] * 100 and explorer.seed == 3
    explorer = GateExplorer(unit=7, step=4, clamps={"o": {"all": 1}}, job="chars")
    assert (explorer.unit, explorer.step) == (7, 4)
    assert explorer.clamps == {"o": {"all": 1}}


def test_another_job_starts_afresh():
    explorer = GateExplorer(clamps={"f": {"all": 0}}, step=10)
    first = explorer.unit
    explorer.job = "chars"
    assert (explorer.clamps, explorer.step) == ({}, 99)
    assert explorer.unit != first
    explorer.job = "adding"
    assert explorer.unit == first


def test_what_the_page_changes_at_once_stays():
    """The page sends a new sequence whole: the seed's own one does not come back over it."""
    explorer = GateExplorer()
    values, markers = sequence(5)
    explorer.set_state({"seed": 5, "values": values, "markers": markers})
    assert (explorer.seed, explorer.values, explorer.markers) == (5, values, markers)
    explorer.set_state({"values": [0.25] * 100})
    assert explorer.values == [0.25] * 100 and explorer.seed == 5
    unit = explorer._units["chars"]  # the page goes there with the job
    explorer.set_state({"job": "chars", "clamps": {}, "unit": unit, "step": 99})
    assert (explorer.job, explorer.unit, explorer.step) == ("chars", unit, 99)


# --- what is carried ----------------------------------------------------------------------------


def test_carries_the_small_networks_only():
    state = GateExplorer().get_state()
    for kind in ("lstm", "rnn"):
        carried = load(bytes(state[f"_{kind}"]))
        for name, value in tensors("adding", kind).items():
            np.testing.assert_array_equal(carried[name], value)
    size = sum(len(v) if isinstance(v, bytes) else len(str(v)) for k, v in state.items()
               if k not in ("_esm", "_css"))  # fmt: skip
    assert size < 40_000
    assert {"chars-lstm", "chars-rnn"} <= set(ASSETS)
    assert len(ASSETS["chars-lstm"]()) + len(ASSETS["chars-rnn"]()) < 250_000


def test_packing_hardly_changes_what_the_networks_predict():
    """No probability moves by more than 0.05, and the average one by less than 0.001."""
    x = np.eye(96, dtype=np.float32)[to_indices(TEXT)]
    explorer = GateExplorer(job="chars")
    for kind in ("lstm", "rnn"):
        exact = load_file(WEIGHTS / f"chars-{kind}" / "model.safetensors")
        parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        layer = rnn.Weights(*(exact[f"rnn.{part}_l0"] for part in parts))
        h = getattr(rnn, kind)(x[None], layer)[0][0]
        scores = torch.from_numpy(h @ exact["output.weight"].T + exact["output.bias"])
        moved = np.abs(explorer.answers(kind) - torch.softmax(scores, dim=-1).numpy())
        assert moved.max() < 0.05 and moved.mean() < 0.001


@pytest.mark.parametrize("name", ["adding-lstm", "adding-rnn"])
def test_weights_that_are_not_there_are_said(monkeypatch, tmp_path, name):
    for other in {"adding-lstm", "adding-rnn"} - {name}:
        (tmp_path / other).symlink_to(WEIGHTS / other)
    monkeypatch.setattr(gate_explorer, "WEIGHTS", tmp_path)
    with pytest.raises(FileNotFoundError, match=f"trained weights in {name}.*train_rnn adding"):
        GateExplorer()


def test_the_networks_that_read_are_needed_only_to_read(monkeypatch, tmp_path):
    for name in ("adding-lstm", "adding-rnn"):
        (tmp_path / name).symlink_to(WEIGHTS / name)
    monkeypatch.setattr(gate_explorer, "WEIGHTS", tmp_path)
    for cached in (gate_explorer.network, gate_explorer._loudest):
        cached.cache_clear()
    explorer = GateExplorer()
    explorer.job = "chars"
    assert explorer.unit == 0
    with pytest.raises(FileNotFoundError, match="trained weights in chars-lstm.*train_rnn chars"):
        explorer.prediction  # noqa: B018
    for cached in (gate_explorer.network, gate_explorer._loudest):
        cached.cache_clear()


# --- settings -----------------------------------------------------------------------------------


def test_units_may_be_numbers_and_are_kept_as_text():
    explorer = GateExplorer(clamps={"f": {2: 0, np.int64(3): 1, "04": None}, "o": {"all": 1.0}})
    assert explorer.clamps == {"f": {"2": 0, "3": 1, "4": None}, "o": {"all": 1}}
    assert GateExplorer().clamps == {}
    explorer.clamps = {"i": {}}
    np.testing.assert_array_equal(explorer.answers(), explorer.answers(clamped=False))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("job", "sums", "expected one of 'adding', 'chars', got 'sums'"),
        ("seed", -1, "from 0 to 9999, got -1"),
        ("seed", 1.5, "expected an integer, got 1.5"),
        ("values", 3, "expected 100 numbers from 0 to 1, got 3"),
        ("values", [0.5] * 99, "expected 100 numbers from 0 to 1, got 99"),
        ("values", [0.5] * 99 + [1.01], "got 1.01 at step 99"),
        ("values", [0.5] * 99 + [float("nan")], "got nan at step 99"),
        ("values", ["0"] + [0.5] * 99, "got '0' at step 0"),
        ("values", [True] + [0.5] * 99, "got True at step 0"),
        ("markers", [3], r"expected two steps from 0 to 99, the earlier one first, got \[3\]"),
        ("markers", [7, 3], r"the earlier one first, got \[7, 3\]"),
        ("markers", [7, 7], r"got \[7, 7\]"),
        ("markers", [7, 100], r"got \[7, 100\]"),
        ("markers", 5, "got 5"),
        ("text", "", "a text of 1 to 64 characters, got 0 characters"),
        ("text", "a" * 65, "got 65 characters"),
        ("text", 5, "got 5"),
        ("text", "café", "got 'é' at 3"),
        ("step", 100, "from 0 to 99, got 100"),
        ("unit", 128, "from 0 to 127, got 128"),
        ("clamps", [("f", 0)], "expected clamps as in .*, got "),
        ("clamps", {"g": {"all": 0}}, "a gate is 'i', 'f' or 'o', got 'g'"),
        ("clamps", {"f": 0}, "expected units for 'f', got 0"),
        ("clamps", {"f": {"most": 0}}, "a number from 0 to 127, got 'most'"),
        ("clamps", {"f": {128: 0}}, "a number from 0 to 127, got 128"),
        ("clamps", {"f": {True: 0}}, "a number from 0 to 127, got True"),
        ("clamps", {"f": {"all": 0.5}}, "held at 0, 1 or None, got 0.5"),
        ("clamps", {"f": {"all": True}}, "held at 0, 1 or None, got True"),
        ("compare", 1, "expected True or False, got 1"),
        ("order", "size", "expected one of 'number', 'memory', got 'size'"),
    ],
)
def test_what_cannot_be_is_refused_and_the_old_value_stays(name, value, message):
    explorer = GateExplorer()
    before = getattr(explorer, name)
    with pytest.raises(ValueError, match=rf"GateExplorer.{name}: .*{message}"):
        setattr(explorer, name, value)
    assert getattr(explorer, name) == before
    with pytest.raises(ValueError, match=message):
        GateExplorer(**{name: value})


def test_no_such_setting_and_no_such_network():
    with pytest.raises(ValueError, match="GateExplorer has no setting speed"):
        GateExplorer(speed=3)
    with pytest.raises(ValueError, match="expected one of 'lstm', 'rnn', got 'gru'"):
        GateExplorer().answers("gru")


def test_the_repr_is_short():
    assert repr(GateExplorer(job="chars")) == "GateExplorer(job='chars')"
    assert len(CHARACTERS) == 96, "what the answers' last axis stands for"
