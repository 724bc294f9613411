// Drag bits and sparsity: the held-out digits are read anew. Python's side: __init__.py.
import { bytesOf, drawMap, float32Of, h, mount, segmented, slider, t, wholeNumbers } from "../kit/mod.js";
import { AS_TRAINED, BITS, compressorModel, layerNames, SETTINGS, SHOWN_WRONG, told } from "./model.js";
import { triedPlot, weightsPlot } from "./plots.js";

const AT_ONCE = 100; // digits read before the first answer is shown
const SLICE = 12;    // milliseconds of reading in each further frame

/** The controls; put(changes) takes what the reader sets. */
function controlsPart(ctx, put) {
  const layer = segmented(t("Layer", "哪一层"), Object.entries(layerNames()), (value) => put({ layer: value }));
  const per = segmented(t("One scale for each", "比例尺按"), [["tensor", t("layer", "整层")], ["row", t("row", "每行")]],
    (value) => put({ per: value }));
  const dragged = (key, label, values) => (
    slider(ctx, label, { values, told: told[key], onInput: (value) => put({ [key]: value }) }));
  const sliders = {
    bits: dragged("bits", t("Bits per weight", "每个权重的位数"), BITS),
    sparsity: dragged("sparsity", t("Pruned", "剪枝"), wholeNumbers(0, 95)),
    clip: dragged("clip", t("Clipped at", "裁剪到"), wholeNumbers(5, 100).reverse()),
  };
  const reset = h("button", { type: "button", class: "lw-button", onclick: ctx.guard(() => put(AS_TRAINED)) },
    t("As trained", "恢复原样"));
  return {
    nodes: [
      h("div", { class: "cp-bar" }, layer.node, per.node, reset),
      h("div", { class: "cp-sliders" }, Object.values(sliders).map(({ node }) => node)),
    ],
    show(settings) {
      for (const [key, control] of Object.entries({ layer, per, ...sliders })) control.set(settings[key]);
    },
  };
}

function factPart(label, name) {
  const value = h("b", { class: `cp-value ${name}` });
  const more = h("span", { class: "cp-more lw-quiet" });
  return {
    value, node: h("div", { class: "cp-fact" }, h("span", { class: "lw-label" }, label), value, more),
    show(fact) {
      value.textContent = fact.value;
      more.textContent = fact.more;
    },
  };
}

/** The layers' weights: the small ones beside conv 2, which is long. */
function picturesPart(captions) {
  const pictures = captions.map(({ layer, caption, label }) => {
    const canvas = h("canvas", { class: "cp-picture", role: "img", "aria-label": label });
    return { layer, canvas, node: h("figure", { class: "cp-figure" }, h("figcaption", {}, caption), canvas) };
  });
  const column = (inside) => h("div", {}, pictures.filter(inside).map(({ node }) => node));
  return {
    node: h("div", { class: "cp-pictures" },
      column(({ layer }) => layer === "conv2"), column(({ layer }) => layer !== "conv2")),
    show(views) {
      views.forEach(({ values, size, max }, i) => drawMap(pictures[i].canvas, values, size, { scale: "diverging", max }));
    },
  };
}

/** The digits that are read wrong. */
function wrongPart() {
  const title = h("p", { class: "cp-title" });
  const tiles = Array.from({ length: SHOWN_WRONG }, () => {
    const canvas = h("canvas", { "aria-hidden": "true" });
    const text = h("span", { "aria-hidden": "true" });
    const picture = h("span", { role: "img" }, canvas, text);
    return { canvas, text, picture, node: h("li", { class: "cp-wrong", hidden: true }, picture) };
  });
  return {
    nodes: [title, h("ul", { class: "cp-wrongs" }, tiles.map(({ node }) => node))],
    show(view) {
      title.textContent = view.title;
      tiles.forEach(({ canvas, text, picture, node }, i) => {
        const digit = view.wrong[i];
        node.hidden = !digit;
        if (!digit) return;
        drawMap(canvas, digit.values, [8, 8], { max: digit.max });
        text.textContent = digit.text;
        picture.setAttribute("aria-label", digit.label);
      });
    },
  };
}

function build(ctx) {
  const { root, get } = ctx;
  const model = compressorModel({
    weights: float32Of(get("_weights")), shapes: JSON.parse(get("_shapes")),
    digits: bytesOf(get("_digits")), labels: bytesOf(get("_labels")),
  });
  let touched = false; // by the reader, who then is told what comes of it
  const controls = controlsPart(ctx, (changes) => {
    touched = Object.entries(changes).some(([key, value]) => get(key) !== value);
    ctx.sync(changes);
  });
  const facts = {
    size: factPart(t("Size", "大小"), "cp-size"), right: factPart(t("Read right", "读对"), "cp-right"),
    zeros: factPart(t("Zeros", "零"), "cp-zeros"),
  };
  const tried = triedPlot(ctx, () => draw());
  const weights = weightsPlot(ctx, () => draw());
  const pictures = picturesPart(model.captions());
  const wrong = wrongPart();

  // --- reading the digits, some in each frame -----------------------------------------------------
  let frame = 0;
  ctx.onCleanup(() => cancelAnimationFrame(frame));
  const lightInk = () => parseInt(ctx.color("--lw-text").slice(1, 3), 16) > 127;

  function showProgress() {
    const view = model.progress(lightInk());
    facts.right.show(view.right);
    facts.right.value.dataset.done = view.done;
    wrong.show(view);
    if (view.finished) tried.show(model.tried());
  }
  const read = ctx.guard((least) => {
    const end = performance.now() + SLICE;
    for (let n = 0; !model.finished() && (n < least || performance.now() < end); n++) model.readOne();
    showProgress();
    if (!model.finished()) frame = requestAnimationFrame(() => read(0));
    else if (touched) {
      ctx.say(model.said());
      touched = false;
    }
  });

  const draw = ctx.redraw(() => {
    const settings = Object.fromEntries(SETTINGS.map((key) => [key, get(key)]));
    const fresh = model.choose(settings);
    const view = model.weights();
    controls.show(settings);
    facts.size.show(view.facts.size);
    facts.zeros.show(view.facts.zeros);
    weights.show(view.histogram);
    pictures.show(view.pictures);
    if (!fresh) showProgress();
    else {
      cancelAnimationFrame(frame);
      read(AT_ONCE);
    }
  });
  root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")), t(
      "drag the bits down to 2, and watch the share that is read right. Then give each row a scale of its own. In how few kilobytes does the network still read 98%?",
      "把位数拖到 2，看读对的比例。再改为每行一个比例尺。最少用多少 KB 还能读对 98%？")),
    ...controls.nodes,
    h("div", { class: "cp-facts" }, Object.values(facts).map(({ node }) => node)),
    h("div", { class: "cp-plots" },
      h("div", {}, h("p", { class: "cp-title" }, t("What you have tried", "试过的设置")), tried.node, tried.note),
      h("div", {}, h("p", { class: "cp-title" }, t("The weights: as trained (line), now (bars)", "权重：训练时（线），现在（柱）")),
        weights.node, weights.note)),
    pictures.node,
    h("p", { class: "cp-note lw-quiet" }, t(
      "Blue below 0, red above, each layer on its own scale; grey: exactly 0.",
      "蓝色小于 0，红色大于 0，每层自有比例；灰色：正好为 0。")),
    ...wrong.nodes);
  ctx.watch(SETTINGS, draw);
  ctx.onTheme(draw);
  draw();
}

export default { render: (host) => mount(host, "compressor", build) };
