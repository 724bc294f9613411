// Drag through a BERT's training. Python's side, and what each trait means: __init__.py.
import { bertPanel } from "../bert_panel/view.js";
import { axis, chart, h, line, mount, slider, t } from "../kit/mod.js";
import { assetOf, told, trainingView } from "./model.js";

const [HEIGHT, INSET] = [120, 8]; // the inset is half the slider's thumb: place stands over place

/** How much it finds, over the steps. */
function curvePart(ctx, view) {
  const { node, width, show } = chart(ctx, { height: HEIGHT, className: "cs-curve", redraw: () => draw() });
  const draw = ctx.redraw(() => {
    const { points, level } = view();
    const x = axis([0, 1], [INSET, width() - INSET]);
    const y = axis([0, 1], [HEIGHT - INSET, INSET]);
    const places = points.map((point) => [x(point.x), y(point.y)]);
    show(line("cs-baseline", [[x(0), y(level)], [x(1), y(level)]]), line("cs-line", places),
      places.map(([cx, cy], i) => h("svg:circle", { class: points[i].now ? "cs-dot cs-now" : "cs-dot", r: 4, cx, cy })));
  });
  ctx.onTheme(draw);
  return { node, draw };
}

function build(ctx) {
  const { get } = ctx;
  const panel = bertPanel(ctx, { asset: () => assetOf(get("step")) });
  const view = () => (
    trainingView({ steps: get("_steps"), curve: get("_curve"), most: get("_most_frequent"), step: get("step") }));
  const training = slider(ctx, t("Training", "训练"), {
    values: get("_steps"), told, onInput: (step) => ctx.sync({ step }),
  });
  const curve = curvePart(ctx, view);
  const note = h("p", { class: "cs-note lw-quiet" });

  function show() {
    training.set(get("step"));
    const [before, found, after] = view().note;
    note.replaceChildren(before, h("b", {}, found), after);
    curve.draw();
    panel.read();
  }

  ctx.root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("drag the slider from 0 to 24,000 steps, and watch the answers.", "把滑块从 0 拖到 24,000 步，看答案的变化。")),
    h("div", { class: "cs-training" }, training.node, curve.node, note),
    panel.field, panel.words, panel.message, panel.answers, panel.maps);
  ctx.watch("step", show);
  panel.start();
  show();
}

export default { render: (host) => mount(host, "checkpoint-scrubber", build) };
