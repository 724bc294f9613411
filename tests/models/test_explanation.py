"""Explanations in torch: Captum gives the same numbers; NumPy too; parts add up."""

import numpy as np
import pytest
import torch
from captum import attr

from large_models.data import digits, tokenizer
from large_models.experiments.explanation import classifier
from large_models.files import weights
from large_models.formulas import explanation
from large_models.models import explanation as explain
from large_models.models.cnn import LeNet

WEIGHTS = weights("lenet-digits")
BERT = weights("bert-docs")
TEXTS = ("Returns True if the node is in the graph, False otherwise.", "Plot the (x, y) data.")


@pytest.fixture(scope="module")
def lenet():
    return LeNet.from_pretrained(WEIGHTS)


@pytest.fixture(scope="module")
def pictures(lenet):
    """Eight digits, and whose score is explained: half of them not what the network answers."""
    x = torch.from_numpy(digits.to_input(digits.load_digits().test_images[:8]))
    with torch.no_grad():
        return x, (lenet(x).argmax(1) + torch.tensor([0, 1] * 4)) % 10


@pytest.fixture(scope="module")
def bert():
    return classifier(BERT)


def ids_of(text):
    tokens = tokenizer.load(BERT)
    return torch.tensor(tokens.encode(text).ids), tokens.token_to_id("[MASK]")


# --- digits ---------------------------------------------------------------------------------------


def test_saliency_and_gradient_times_input_are_captums(lenet, pictures):
    x, to = pictures
    asks = x.clone().requires_grad_(True)
    for ours, theirs in [
        (explain.saliency(lenet, x, to), attr.Saliency(lenet)),
        (explain.gradient_times_input(lenet, x, to), attr.InputXGradient(lenet)),
    ]:
        # The same autograd: the last digits may differ where sums are taken in another order.
        torch.testing.assert_close(ours, theirs.attribute(asks, to), atol=1e-5, rtol=1e-5)
        assert ours.abs().max() > 0.01 and not ours.requires_grad


@pytest.mark.parametrize("steps", [2, 5, 16])
@pytest.mark.parametrize("baseline", [0.0, 0.4])
def test_integrated_gradients_are_captums(lenet, pictures, steps, baseline):
    x, to = pictures
    ours = explain.integrated_gradients(lenet, x, to, steps, baseline)
    theirs = attr.IntegratedGradients(lenet).attribute(
        x, baseline, target=to, n_steps=steps, method="riemann_middle"
    )
    torch.testing.assert_close(ours, theirs.float(), atol=1e-5, rtol=1e-4)


@pytest.mark.heavy
@pytest.mark.parametrize(("size", "stride"), [(5, 2), (4, 4), (3, 1), (5, 3), (28, 1)])
def test_occlusion_is_captums_and_numpys(lenet, pictures, size, stride):
    x, to = pictures
    ours = explain.occlusion(lenet, x, to, size, stride)
    theirs = attr.Occlusion(lenet).attribute(
        x, (1, size, size), strides=(1, stride, stride), target=to
    )
    torch.testing.assert_close(ours, theirs.float(), atol=1e-4, rtol=1e-4)  # of scores up to 20

    def score(given):
        with torch.no_grad():
            return lenet(torch.from_numpy(np.float32(given))[:, None])[:, int(to[0])].numpy()

    plain = explanation.occlusion(score, x[0, 0].numpy(), size, stride)
    np.testing.assert_allclose(ours[0, 0], plain, atol=1e-4)


@pytest.mark.heavy
def test_integrated_gradients_add_up_and_more_steps_add_up_better(lenet, pictures):
    x, to = pictures
    with torch.no_grad():
        span = (lenet(x) - lenet(torch.zeros(1, 1, 28, 28))).gather(1, to[:, None])[:, 0]
    gaps = []
    for steps in (1, 8, 64):
        total = explain.integrated_gradients(lenet, x, to, steps).sum(dim=(1, 2, 3))
        gaps.append(float((total - span).abs().mean()))
    assert gaps[2] < 0.1 < gaps[1] < 1 < gaps[0]


def test_a_straight_line_is_explained_exactly():
    weight = torch.tensor([[1.0, -2.0, 0.5], [0.0, 1.0, 3.0]])
    x = torch.tensor([[2.0, 1.0, -1.0]])
    for method in (explain.gradient_times_input, explain.integrated_gradients):
        torch.testing.assert_close(method(lambda z: z @ weight.T, x, 1), weight[1] * x)


def test_random_layers_are_as_large_as_the_old_ones_and_the_others_stay(lenet):
    model = LeNet.from_pretrained(WEIGHTS)
    explain.random_start(model, ["output", "conv2"], seed=3)
    for name, weight in model.state_dict().items():
        old = lenet.state_dict()[name]
        if name.startswith(("output", "conv2")):
            assert not torch.equal(weight, old)
            if weight.numel() > 500:
                assert float(weight.std() / old.std()) == pytest.approx(1, abs=0.1)
        else:
            assert torch.equal(weight, old)
    with pytest.raises(ValueError, match="layers of the model, got 'conv3'"):
        explain.random_start(model, ["conv3"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, x: explain.saliency(m, x, 10), "target: .* from 0 to 9"),
        (lambda m, x: explain.saliency(m, x, torch.tensor([1])), "one for each of 8 inputs"),
        (lambda m, x: explain.saliency(m, x, 1.5), "target: "),
        (lambda m, x: explain.integrated_gradients(m, x, 1, 0), "steps: .* at least 1, got 0"),
        (lambda m, x: explain.occlusion(m, x, 1, 29), "size: expected at most 28"),
    ],
)
def test_bad_input_is_named(lenet, pictures, call, message):
    with pytest.raises(ValueError, match=message):
        call(lenet, pictures[0])


# --- sentences ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", TEXTS)
def test_a_sentence_is_the_same_from_its_embeddings_on(bert, text):
    ids, _ = ids_of(text)
    with torch.no_grad():
        scores = explain.from_embeddings(bert)(bert.bert.tokens.weight[ids][None])
        torch.testing.assert_close(scores, bert(ids[None]), atol=1e-5, rtol=1e-5)


@pytest.mark.heavy
@pytest.mark.parametrize("text", TEXTS)
def test_gradient_methods_of_tokens_are_captums(bert, text):
    ids, mask = ids_of(text)
    scores, table = explain.from_embeddings(bert), bert.bert.tokens.weight
    x, nothing = table[ids][None], table[explain.with_gap(ids, mask)][None]
    theirs = attr.IntegratedGradients(scores).attribute(
        x, nothing, target=5, n_steps=16, method="riemann_middle"
    )
    ours = explain.of_tokens(bert, ids, 5, mask, "integrated gradients", 16)
    torch.testing.assert_close(ours, theirs[0].sum(-1).float(), atol=1e-4, rtol=1e-3)
    slopes = attr.Saliency(scores).attribute(x.clone().requires_grad_(), target=5, abs=False)
    ours = explain.of_tokens(bert, ids, 5, mask, "saliency")
    torch.testing.assert_close(ours, slopes[0].norm(dim=-1), atol=1e-5, rtol=1e-4)
    ours = explain.of_tokens(bert, ids, 5, mask, "gradient x input")
    torch.testing.assert_close(ours, (slopes * (x - nothing))[0].sum(-1), atol=1e-5, rtol=1e-4)


def test_tokens_add_up_to_the_score_less_that_of_a_sentence_of_masks(bert):
    ids, mask = ids_of(TEXTS[0])
    with torch.no_grad():
        pair = torch.stack([ids, explain.with_gap(ids, mask)])
        whole, none = bert(pair)[:, 1]
    parts = explain.of_tokens(bert, ids, 1, mask, "integrated gradients", 64)
    assert float(parts.sum()) == pytest.approx(float(whole - none), abs=0.05)
    assert parts[0] == parts[-1] == 0 and parts.abs().max() > 1


def test_hiding_each_token_is_what_it_says(bert):
    ids, mask = ids_of(TEXTS[1])
    found = explain.hide_each(bert, ids, 0, mask)
    assert found[0] == found[-1] == 0
    hidden = ids.clone()
    hidden[3] = mask
    with torch.no_grad():
        p = bert(torch.stack([ids, hidden])).softmax(-1)[:, 0]
    assert float(found[3]) == pytest.approx(float(p[0] - p[1]), abs=1e-6)


def test_another_method_is_named(bert):
    ids, mask = ids_of(TEXTS[1])
    with pytest.raises(ValueError, match="method: expected one of saliency, .*, got 'magic'"):
        explain.of_tokens(bert, ids, 0, mask, "magic")


# --- heads ----------------------------------------------------------------------------------------


def test_a_head_that_is_out_hands_over_nothing_and_comes_back(bert):
    ids, _ = ids_of(TEXTS[0])
    with torch.no_grad():
        before = bert(ids[None])
        attention = bert.bert.encoder.layers[1].self_attn
        x = torch.randn(1, 5, 128, generator=torch.Generator().manual_seed(0))
        q, k, v = attention._project(x, x, x)
        out = (q @ k.transpose(-1, -2) / 32**0.5).softmax(-1) @ v  # (1, 4, 5, 32)
        out[:, 2] = 0
        expected = attention.out_proj(out.transpose(1, 2).flatten(2))
        with explain.without_heads(bert, [(1, 2)]):
            torch.testing.assert_close(attention(x)[0], expected, atol=1e-5, rtol=1e-4)
            assert not torch.equal(bert(ids[None]), before)
        assert torch.equal(bert(ids[None]), before)


def test_a_head_that_does_not_choose_takes_the_mean_of_all(bert):
    ids, _ = ids_of(TEXTS[0])
    maps = bert.bert.attentions(ids[None])
    with explain.without_looking(bert, [(0, 3), (2, 1)]):
        flat = bert.bert.attentions(ids[None])
    T = len(ids)
    for layer, head in ((0, 3), (2, 1)):
        torch.testing.assert_close(flat[layer, 0, head], torch.full((T, T), 1 / T))
    torch.testing.assert_close(flat[0, 0, :3], maps[0, 0, :3])  # its neighbours look as before
    assert torch.equal(bert.bert.attentions(ids[None]), maps)


def test_heads_come_back_after_an_error_too(bert):
    weight = bert.bert.encoder.layers[0].self_attn.out_proj.weight.clone()
    with pytest.raises(RuntimeError), explain.without_heads(bert, [(0, 0)]):
        raise RuntimeError
    assert torch.equal(bert.bert.encoder.layers[0].self_attn.out_proj.weight, weight)


@pytest.mark.parametrize("head", [(3, 0), (0, 4), (-1, 0)])
def test_heads_that_are_not_there_are_named(bert, head):
    message = r"layers 0 to 2, heads 0 to 3, got"
    with pytest.raises(ValueError, match=message), explain.without_heads(bert, [head]):
        pass
