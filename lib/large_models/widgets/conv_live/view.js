// Draw a digit; every layer of the LeNet answers. Python's side: __init__.py.
import { bytesOf, float32Of, h, mount, t } from "../kit/mod.js";
import { drawingPaper } from "../kit/paper.js";
import { answerPart } from "./answer.js";
import { editorPart } from "./editor.js";
import { givenPart } from "./given.js";
import { hiddenPart } from "./hidden.js";
import { howPart } from "./how.js";
import { layersPart } from "./layers.js";
import { linesPart } from "./lines.js";
import { liveModel } from "./model.js";
import { seenPart } from "./seen.js";
import { warmUp } from "./warm_up.js";

const WIDE = 700; // pixels: from this width on the layers stand side by side

function build(ctx) {
  const { root, get } = ctx;
  const model = liveModel(get, { weights: float32Of(get("_weights")), digits: bytesOf(get("_digits")) });

  // The page's own changes are told from Python's, and from those of another view of this widget.
  let own = false;
  function put(changes, andTell = true) {
    own = true;
    for (const [key, value] of Object.entries(changes)) ctx.model.set(key, value);
    own = false;
    if (andTell) ctx.model.save_changes();
  }

  const paper = drawingPaper(ctx, {
    onChange() {
      put(model.write(paper.ink()), false); // Python hears in onRest
      answer();
    },
    onRest: () => put({ drawing: paper.strokes().map((stroke) => [...stroke]) }),
  });
  function showGiven() {
    model.showGiven();
    paper.set([]);
  }
  /** Reads what is drawn once more, along the road that is chosen now. */
  function redo() {
    const changes = model.readAgain(paper.ink());
    if (changes) put(changes);
    answer(changes !== null);
  }

  let aloud = false;
  const look = ctx.redraw(explain);
  const act = {
    hover(item) { model.hover(item); look(); },
    pin(item, say = false) { model.pin(item); aloud = say; look(); },
    switchChannel(channel, on) { put(model.switchChannel(channel, on)); edited(false); },
    open(channel, byKey) {
      put({ channel });
      editor.show(model.editor(), true);
      layers.show(model.layers());
      if (byKey) editor.focus();
    },
    weight(i, value) { put(model.setWeight(i, value)); editor.show(model.editor(), false); answerSoon(); },
    switchOpen: (on) => act.switchChannel(get("channel"), on),
    reset() { put(model.resetKernel()); edited(true); },
    restore() { put(model.restore()); edited(true); },
    lookAtOpen: () => act.pin({ layer: "conv1", channel: get("channel") }),
    leave: () => layers.focus(get("channel")),
  };
  const given = givenPart(ctx, model.examples(), (n) => {
    const changes = model.pickExample(n);
    paper.set([]);
    put(changes);
    answer();
  });
  const seen = seenPart(ctx, paper, (on) => {
    put({ normalize: on });
    redo();
  });
  const layers = layersPart(ctx, model, act);
  const hidden = hiddenPart(ctx, model, act);
  const answers = answerPart(ctx, model, act);
  const lines = linesPart(ctx, model.HIDDEN);
  const how = howPart({ ...seen.frames, ...layers.frames, ...hidden.frames }, model.C2);
  const editor = editorPart(ctx, model, act);
  const flow = h("div", { class: "cl-flow" }, lines.node, seen.node, layers.first, layers.second, hidden.node, answers.node);
  root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("switch channels of layer 1 off, one at a time, until the answer changes. Then draw a digit yourself.",
        "逐个关闭第 1 层的通道，直到答案改变。再自己写一个数字。")),
    given.node, flow, h("div", { class: "cl-detail" }, editor.node, how.node),
  );

  // --- all of it ----------------------------------------------------------------------------------
  function explain() {
    const story = model.story();
    how.show(story);
    lines.show(model.look.wide ? story.lines : []);
    if (aloud) ctx.say(story.said);
    aloud = false;
  }
  function draw() {
    given.show(model.examples());
    seen.show(model.seen());
    layers.show(model.layers());
    hidden.show(model.hidden());
    answers.show(model.answer());
    explain();
  }
  function answer(say = true) {
    model.run();
    draw();
    if (say) ctx.say(model.answer().said);
  }
  const answerSoon = ctx.redraw(() => answer());
  function edited(all) {
    editor.show(model.editor(), all);
    answer();
  }
  function restyle() {
    model.look.lightInk = parseInt(ctx.color("--lw-text").slice(1, 3), 16) > 127;
  }
  function measure() {
    model.look.wide = root.clientWidth >= WIDE;
    lines.measure(flow, { ...layers.tiles, input: seen.frames.input[0].node, canvas: hidden.canvas, bars: answers.bars });
  }

  ctx.watch(["counts", "_truth", "digit_index"], () => {
    if (own) return;
    showGiven();
    answerSoon();
  });
  ctx.watch("drawing", () => {
    if (own || !get("drawing").length) return;
    paper.set(get("drawing"));
    put(model.write(paper.ink()));
    answerSoon();
  });
  ctx.watch("normalize", () => { if (!own) redo(); });
  ctx.watch(["kernels", "off", "channel"], () => {
    if (own) return;
    editor.show(model.editor(), true);
    answerSoon();
  });
  ctx.onTheme(() => {
    restyle();
    draw();
  });
  ctx.onResize(flow, () => {
    measure();
    hidden.show(model.hidden());
    explain();
  });

  if (get("drawing").length) {
    paper.set(get("drawing"));
    const changes = model.begin(paper.ink());
    if (changes === null) paper.set([]);
    else put(changes);
  }
  restyle();
  measure();
  editor.show(model.editor(), true);
  answer();
  warmUp(ctx, () => model.rehearse(paper.ink()));
}

export default { render: (host) => mount(host, "conv-live", build) };
