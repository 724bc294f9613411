// The Explainer's digit: what it sees, whose score is explained, the maps, and their settings.
import { bytesOf, drawMap, float32Of, h, slider, t, toggle, wholeNumbers } from "../kit/mod.js";
import { drawingPaper } from "../kit/paper.js";
import { MAPS, STEPS, digitModel, told } from "./digit_model.js";
import { gapsPart } from "./gaps.js";
import { answerBars, inFrames } from "./parts.js";
import { tilesPart } from "./tiles.js";

/** {node, start()}: start once it is in the page. */
export function digitSide(ctx) {
  const { get } = ctx;
  const model = digitModel(get, { weights: float32Of(get("_weights")), digits: bytesOf(get("_digits")) });
  const draw = ctx.redraw(show);
  const [run, runBlind] = [inFrames(ctx, draw), inFrames(ctx, draw)];
  let own = false;    // the page's own changes are told from Python's
  let aloud = false;  // whether the next answer is said
  function put(changes) {
    own = true;
    for (const [key, value] of Object.entries(changes)) ctx.model.set(key, value);
    own = false;
  }

  const paper = drawingPaper(ctx, {
    onChange() {
      put(model.write(paper.ink())); // Python hears in onRest
      answer();
    },
    onRest: () => ctx.model.save_changes(),
  });
  const examples = model.examples().map(({ name }, n) => h("button", {
    type: "button", class: "xp-example", "aria-label": name,
    onclick: ctx.guard(() => {
      paper.set([]);
      put(model.pickExample(n));
      ctx.model.save_changes();
      answer();
    }),
  }, h("canvas", { "aria-hidden": "true" })));
  const picks = answerBars(t("the digit whose score is explained", "解释哪个数字的得分"), wholeNumbers(0, 9), (digit) => {
    aloud = true;
    ctx.sync({ target: digit });
  });
  const ruler = (key, label, values) => slider(ctx, label, { values, told: told[key], onInput: (value) => ctx.sync({ [key]: value }) });
  const rulers = {
    steps: ruler("steps", t("steps of integrated gradients", "积分梯度的步数"), STEPS),
    window: ruler("window", t("window of occlusion", "遮挡窗口"), wholeNumbers(1, 11)),
    erased: ruler("erased", t("erase the strongest", "擦掉最强的"), wholeNumbers(0, 200)),
  };
  const chance = toggle(t("random weights: it has learned nothing", "随机权重：它什么也没学过"), (on) => {
    aloud = true;
    ctx.sync({ untrained: on });
  });
  const tiles = tilesPart(ctx, model.tiles(), (n) => {
    model.point(n === null ? null : MAPS[n]);
    paper.show(model.paper());
  });
  const gaps = gapsPart(STEPS);
  const blind = h("p", { class: "xp-blind" });

  // --- everything together ------------------------------------------------------------------------
  /** A new picture or another digit to explain: the quick maps at once, the others as they come. */
  function answer() {
    model.answer();
    run(model.work());
    runBlind(model.weighBlind());
    draw();
  }
  function show() {
    model.look.lightInk = parseInt(ctx.color("--lw-text").slice(1, 3), 16) > 127;
    picks.show(model.rows());
    for (const [name, each] of Object.entries(rulers)) each.set(get(name));
    chance.set(get("untrained"));
    tiles.show(model.tiles());
    showBlind(model.blindText());
    gaps.show(model.completeness());
    paper.show(model.paper());
    model.examples().forEach(({ picture, shown }, n) => {
      drawMap(examples[n].firstChild, picture.values, picture.shape, picture);
      examples[n].setAttribute("aria-pressed", String(shown));
    });
    if (aloud && model.said()) ctx.say(model.said());
    aloud = false;
  }
  /** While it is weighed anew the sentence before stays. */
  function showBlind(text) {
    if (!text) return;
    const [first, ...orders] = text;
    blind.replaceChildren(first, ...orders.flatMap(([name, worth, end]) => [h("span", {}, name, h("b", {}, worth)), end]));
  }
  ctx.watch(["counts", "digit_index"], () => {
    if (own) return;
    model.showGiven();
    paper.set([]);
    answer();
  });
  ctx.watch(["target", "untrained"], answer);
  ctx.watch("erased", ctx.redraw(() => {
    runBlind(model.weighBlind());
    show();
  }));
  for (const [key, map] of [["steps", "integrated"], ["window", "occlusion"]]) {
    ctx.watch(key, () => {
      model.forget(map);
      run(model.work());
      draw();
    });
  }
  ctx.onTheme(draw);

  const node = h("div", { class: "xp-digit" },
    h("div", { class: "xp-top" },
      h("div", { class: "xp-see" }, paper.node, h("div", { class: "xp-buttons" }, paper.undo, paper.clear)),
      h("div", { class: "xp-said" }, h("p", { class: "lw-label" }, t("its answer; pick a score to explain", "它的回答；解释谁的得分")), picks.node)),
    h("div", { class: "xp-judge" },
      rulers.erased.node, tiles.node,
      h("p", { class: "xp-key lw-quiet" }, t("Red speaks for the digit, blue against it; saliency has no sign.", "红色支持这个数字，蓝色反对；显著图没有正负。")),
      blind),
    h("div", { class: "xp-strips" },
      h("div", { class: "xp-strip", role: "group", "aria-label": t("digits that the network never learned from", "它没有学过的数字") }, examples), chance.node),
    h("div", { class: "xp-settings" }, h("div", {}, rulers.steps.node, gaps.nodes), rulers.window.node));
  return { node, start: answer };
}
