// The Explainer's digit: four maps of pixels, and what the answer loses without the strongest.
import { countInk, normalizeDrawing, toInput } from "../engine/digits.js";
import { integratedGradients, occlusionMap, seededRandom, strongestFirst, without } from "../engine/explanation.js";
import { METHOD_NAMES, answerBars, fall, inFrames, ruler, sumText } from "./parts.js";
import { lenetGradient, lenetProbabilities, lenetScores } from "../engine/gradients.js";
import { lenetWeights } from "../engine/lenet.js";
import { tensor } from "../engine/nn.js";
import { PAPER, drawingPaper } from "../kit/paper.js";
import { bytesOf, drawMap, float32Of, h, legend, probability, t, toggle } from "../kit/mod.js";

const PIXELS = 28;
const MAPS = ["saliency", "times", "integrated", "occlusion"];
const EXPLAIN_STEPS = [1, 2, 4, 8, 16, 32, 64];
const OCCLUSION_STRIDE = 2; // pixels; 1 for windows of 1
const RANDOM_DRAWS = 5;
const upTo = (least, most) => Array.from({ length: most - least + 1 }, (_, i) => least + i);
const largestOf = (values) => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);

/** {node, start()}: start once it is in the page. */
export function digitSide(ctx) {
  const { get } = ctx;
  const trained = lenetWeights(float32Of(get("_weights")), JSON.parse(get("_shapes")));
  const untrained = lenetRandom(trained);
  const blank = new Float32Array(PIXELS * PIXELS);
  const names = METHOD_NAMES();
  const [run, runBlind] = [inFrames(ctx), inFrames(ctx)];
  let w = trained;
  let x = blank;         // what the network sees
  let p = null;          // its answer; null without ink
  let target = 0;        // whose score is explained
  let maps = {};         // by method, as they come
  let gaps = [];         // of completeness, by the place in EXPLAIN_STEPS
  let span = 0;          // the score, less that of blank paper
  let written = false;   // whether the paper shows what the reader wrote
  let pointed = null;    // the method whose pixels are gone on the paper

  // --- the drawing --------------------------------------------------------------------------------
  let own = false;
  function put(changes) {
    own = true;
    ctx.sync(changes);
    own = false;
  }
  const rows8 = (flat) => upTo(0, 7).map((r) => Array.from(flat.slice(8 * r, 8 * r + 8)));
  const paper = drawingPaper(ctx, {
    onChange() {
      written = true;
      own = true;
      ctx.model.set("counts", rows8(countInk(normalizeDrawing(paper.ink(), PAPER, PAPER))));
      ctx.model.set("digit_index", null);
      own = false;
      answer();
    },
    onRest: () => ctx.model.save_changes(),
  });

  const given = bytesOf(get("_digits"));
  const [indices, labels, answers] = [get("_indices"), get("_digit_labels"), get("_answers")];
  const one = (digit) => `${digit === 8 ? "an" : "a"} ${digit}`;
  const examples = indices.map((index, n) => h("button", {
    type: "button", class: "xp-example",
    "aria-label": labels[n] === answers[n] ? t(one(labels[n]), `数字 ${labels[n]}`)
      : t(`${one(labels[n])} that the network reads as ${one(answers[n])}`, `写的是 ${labels[n]}，网络读成 ${answers[n]}`),
    onclick: ctx.guard(() => {
      written = false;
      paper.set([]);
      put({ counts: rows8(given.subarray(64 * n, 64 * n + 64)), digit_index: index });
      answer();
    }),
  }, h("canvas", { "aria-hidden": "true" })));

  let lightInk = false;
  const inked = (values, max = 1) => (lightInk ? values : Float32Array.from(values, (v) => max - v));
  function drawExamples() {
    examples.forEach((button, n) => {
      drawMap(button.firstChild, inked(given.subarray(64 * n, 64 * n + 64), 16), [8, 8], { max: 16 });
      button.setAttribute("aria-pressed", String(indices[n] === get("digit_index")));
    });
  }
  function drawPaper() {
    if (pointed && p) paper.show({ values: without(x, strongestFirst(maps[pointed]), get("erased")), side: PIXELS });
    else paper.show(written || !p ? null : { values: x, side: PIXELS });
  }

  // --- the maps -----------------------------------------------------------------------------------
  const tiles = Object.fromEntries(MAPS.map((name) => {
    const [canvas, scale, worth] = [h("canvas", { "aria-hidden": "true" }), legend(), h("span", { class: "xp-worth" })];
    const node = h("button", { type: "button", class: "xp-tile" }, h("span", { class: "xp-title" }, names[name]), worth,
      h("span", { class: "xp-map" }, canvas), scale.node);
    const point = (on) => () => {
      pointed = on && maps[name] ? name : null;
      drawPaper();
    };
    for (const type of ["pointerenter", "focus", "click"]) ctx.listen(node, type, point(true));
    for (const type of ["pointerleave", "blur"]) ctx.listen(node, type, point(false));
    return [name, { node, canvas, scale, worth }];
  }));
  const blind = h("p", { class: "xp-blind" });

  function drawTile(name) {
    const { node, canvas, scale } = tiles[name];
    const map = maps[name];
    node.classList.toggle("xp-waits", !map);
    const signed = name !== "saliency";
    const max = map ? largestOf(map) || 1 : 1;
    if (map || !p) drawMap(canvas, map ?? blank, [PIXELS, PIXELS], { scale: signed ? "diverging" : "magnitude", max });
    scale.update({ scale: signed ? "diverging" : "magnitude", max });
    weigh(name);
  }

  /** What is left of the answer without a map's strongest pixels. */
  function weigh(name) {
    const map = maps[name];
    const after = map && p ? lenetProbabilities(w, without(x, strongestFirst(map), get("erased")))[target] : null;
    tiles[name].worth.textContent = after === null ? (p ? "…" : "") : fall(p[target], after);
  }
  const weighAll = ctx.redraw(() => {
    rulers.erased.set(get("erased"));
    MAPS.forEach(weigh);
    runBlind(weighBlind());
    drawPaper();
  });

  /** The same, for orders that know nothing of the network. */
  function* weighBlind() {
    if (!p) {
      blind.replaceChildren(t("No ink, nothing to explain.", "没有笔迹，没有可解释的。"));
      return;
    }
    const ink = [...x.keys()].filter((i) => x[i] > 0);
    const random = seededRandom(1);
    const n = get("erased");
    const darkest = lenetProbabilities(w, without(x, strongestFirst(x), n))[target];
    let mean = 0;
    for (let draw = 0; draw < RANDOM_DRAWS; draw++) {
      const lots = ink.map((i) => [random(), i]).sort((a, b) => a[0] - b[0]).map(([, i]) => i);
      mean += lenetProbabilities(w, without(x, lots, n))[target] / RANDOM_DRAWS;
      yield;
    }
    blind.replaceChildren(t("Without looking at the network: ", "不看网络："),
      h("span", {}, t("most ink first ", "最浓的先擦 "), h("b", {}, fall(p[target], darkest))), ", ",
      h("span", {}, t("ink at random ", "随机擦墨迹 "), h("b", {}, fall(p[target], mean)), "."));
  }

  // --- completeness -------------------------------------------------------------------------------
  const bars = EXPLAIN_STEPS.map((steps) => ({ steps, fill: h("i"), text: h("span", {}) }));
  const chart = h("div", { class: "xp-gaps", "aria-hidden": "true" }, bars.map(({ steps, fill }) => h("span", { class: "xp-gap" }, fill, steps)));
  const gapText = h("p", { class: "xp-gap-text" });
  function drawGaps() {
    const most = Math.max(...gaps.filter((gap) => gap !== undefined), 1e-9);
    bars.forEach(({ steps, fill }, i) => {
      fill.style.blockSize = gaps[i] === undefined ? "0" : `${Math.max(2, (100 * gaps[i]) / most)}%`;
      fill.parentNode.classList.toggle("xp-now", steps === get("steps"));
    });
    const gap = gaps[EXPLAIN_STEPS.indexOf(get("steps"))];
    gapText.textContent = gap === undefined || !p ? "" : `${t("its parts ", "各部分")}${sumText(span, gap)}`;
  }

  // --- settings -----------------------------------------------------------------------------------
  const picks = answerBars(t("the digit whose score is explained", "解释哪个数字的得分"), upTo(0, 9), (digit) => {
    spoken = true;
    ctx.sync({ target: digit });
  });
  const rulers = {
    steps: ruler(ctx, t("steps of integrated gradients", "积分梯度的步数"), EXPLAIN_STEPS, String, (steps) => ctx.sync({ steps })),
    window: ruler(ctx, t("window of occlusion", "遮挡窗口"), upTo(1, 11), (n) => `${n} × ${n}`, (window) => ctx.sync({ window })),
    erased: ruler(ctx, t("erase the strongest", "擦掉最强的"), upTo(0, 200), (n) => t(`${n} pixels`, `${n} 个像素`), (erased) => ctx.sync({ erased })),
  };
  const chance = toggle(t("random weights: it has learned nothing", "随机权重：它什么也没学过"), (on) => {
    spoken = true;
    ctx.sync({ untrained: on });
  });
  let spoken = false;

  // --- everything together ------------------------------------------------------------------------
  /** A new picture or another digit to explain: all maps anew, the quick ones at once. */
  function answer() {
    w = get("untrained") ? untrained : trained;
    x = toInput(Float32Array.from(get("counts").flat()));
    p = x.some((v) => v > 0) ? lenetProbabilities(w, x) : null;
    const best = p ? p.indexOf(largestOf(p)) : 0;
    target = get("target") ?? best;
    [maps, gaps, pointed] = [{}, [], null];
    if (p) {
      const { scores, gradient } = lenetGradient(w, x, target);
      span = scores.data[target] - lenetScores(w, blank).data[target];
      maps.saliency = gradient.map(Math.abs);
      maps.times = gradient.map((v, i) => v * x[i]);
      run(rest());
    } else {
      run([].values());
    }
    draw();
  }

  const toTarget = (pixels) => lenetGradient(w, pixels, target).gradient;
  function* rest() {
    if (!maps.integrated) yield* integrate(get("steps"));
    if (!maps.occlusion) yield* occlude();
    for (const steps of EXPLAIN_STEPS) if (gaps[EXPLAIN_STEPS.indexOf(steps)] === undefined) yield* integrate(steps);
  }
  function* integrate(steps) {
    const map = yield* integratedGradients(toTarget, x, blank, steps);
    gaps[EXPLAIN_STEPS.indexOf(steps)] = Math.abs(map.reduce((a, b) => a + b, 0) - span);
    if (steps === get("steps")) {
      maps.integrated = map;
      drawTile("integrated");
    }
    drawGaps();
  }
  function* occlude() {
    const size = get("window");
    const score = (pixels) => lenetScores(w, pixels).data[target];
    maps.occlusion = yield* occlusionMap(score, x, PIXELS, size, Math.min(size, OCCLUSION_STRIDE));
    drawTile("occlusion");
  }

  const draw = ctx.redraw(() => {
    lightInk = parseInt(ctx.color("--lw-text").slice(1, 3), 16) > 127;
    picks.set(p && [...p], p ? target : -1);
    for (const [name, each] of Object.entries(rulers)) each.set(get(name));
    chance.set(get("untrained"));
    MAPS.forEach(drawTile);
    runBlind(weighBlind());
    drawGaps();
    drawPaper();
    drawExamples();
    if (spoken && p) ctx.say(t(`explaining the ${target}: ${probability(p[target])}`, `解释 ${target}：${probability(p[target])}`));
    spoken = false;
  });
  ctx.watch(["counts", "digit_index"], () => {
    if (own) return;
    written = false;
    paper.set([]);
    answer();
  });
  ctx.watch(["target", "untrained"], answer);
  ctx.watch("erased", weighAll);
  const anew = (name) => () => {
    delete maps[name];
    if (p) run(rest());
    draw();
  };
  ctx.watch("steps", anew("integrated"));
  ctx.watch("window", anew("occlusion"));
  ctx.onTheme(draw);

  const node = h("div", { class: "xp-digit" },
    h("div", { class: "xp-top" },
      h("div", { class: "xp-see" }, paper.node, h("div", { class: "xp-buttons" }, paper.undo, paper.clear)),
      h("div", { class: "xp-said" }, h("p", { class: "lw-label" }, t("its answer; pick a score to explain", "它的回答；解释谁的得分")), picks.node)),
    h("div", { class: "xp-judge" },
      rulers.erased.node,
      h("div", { class: "xp-tiles" }, MAPS.map((name) => tiles[name].node)),
      h("p", { class: "xp-key lw-quiet" }, t("Red speaks for the digit, blue against it; saliency has no sign.", "红色支持这个数字，蓝色反对；显著图没有正负。")),
      blind),
    h("div", { class: "xp-strips" },
      h("div", { class: "xp-strip", role: "group", "aria-label": t("digits that the network never learned from", "它没有学过的数字") }, examples), chance.node),
    h("div", { class: "xp-settings" }, h("div", {}, rulers.steps.node, chart, gapText), rulers.window.node));
  return { node, start: answer };
}

/** The same network before any training: random weights, as large as the ones that it learned. */
function lenetRandom(trained) {
  const random = seededRandom(7);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Object.fromEntries(Object.entries(trained).map(([name, { data, shape }]) => {
    const mean = data.reduce((a, b) => a + b, 0) / data.length;
    const size = Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length);
    return [name, tensor(data.map(() => size * normal()), shape)];
  }));
}
