// Drag through a BERT's training. Python's side, and what each trait means: __init__.py.
import { bertPanel } from "../bert_panel/view.js";
import { h, mount, probability, t, uniqueId } from "../kit/mod.js";

const SCRUBBER_HEIGHT = 120;

function build(ctx) {
  const { get } = ctx;
  const steps = get("_steps");
  const curve = get("_curve"); // [[step, share found where [MASK] stands], ...]
  const assetOf = (step) => `bert-docs-${String(step).padStart(6, "0")}`;
  const panel = bertPanel(ctx, { asset: () => assetOf(get("step")) });

  // --- the slider: a place for each checkpoint ----------------------------------------------------
  const id = uniqueId();
  const shown = h("output", { class: "cs-step", for: id });
  const range = h("input", {
    type: "range", id, min: 0, max: steps.length - 1, step: 1,
    oninput: ctx.guard(() => ctx.sync({ step: steps[Number(range.value)] })),
  });
  const told = (step) => t(`after ${step.toLocaleString("en")} steps`, `${step.toLocaleString("en")} 步之后`);

  // --- how much it finds, over the steps ----------------------------------------------------------
  const line = h("svg:path", { class: "cs-line" });
  const chance = h("svg:path", { class: "cs-baseline" });
  const dots = steps.map(() => h("svg:circle", { class: "cs-dot", r: 4 }));
  const svg = h("svg:svg", { class: "cs-curve", "aria-hidden": "true" }, chance, line, dots);
  const most = get("_most_frequent");
  const found = (step) => curve.find(([at]) => at === step)[1];
  const note = h("p", { class: "cs-note lw-quiet" });

  const drawCurve = ctx.redraw(() => {
    const width = Math.round(svg.getBoundingClientRect().width) || 300;
    const x = (step) => 8 + ((width - 16) * steps.indexOf(step)) / (steps.length - 1); // as the slider's places
    const y = (share) => SCRUBBER_HEIGHT - 8 - (SCRUBBER_HEIGHT - 16) * (share / 0.5);
    svg.setAttribute("viewBox", `0 0 ${width} ${SCRUBBER_HEIGHT}`);
    line.setAttribute("d", `M${curve.map(([step, share]) => `${x(step).toFixed(1)} ${y(share).toFixed(1)}`).join("L")}`);
    chance.setAttribute("d", `M8 ${y(most).toFixed(1)}H${width - 8}`);
    dots.forEach((dot, i) => {
      dot.setAttribute("cx", x(steps[i]));
      dot.setAttribute("cy", y(found(steps[i])));
      dot.classList.toggle("cs-now", steps[i] === get("step"));
    });
  });

  function show() {
    const step = get("step");
    range.value = steps.indexOf(step);
    range.setAttribute("aria-valuetext", told(step));
    shown.textContent = told(step);
    note.replaceChildren(
      t("Where [MASK] stands in held-out text, it finds ", "在没读过的文字里，[MASK] 处的词元它找回 "),
      h("b", {}, probability(found(step))),
      t(`; always saying the most frequent token finds ${probability(most)} (dotted).`, `；总答最常见的词元可找回 ${probability(most)}（点线）。`));
    drawCurve();
    panel.read();
  }

  ctx.root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("drag the slider from 0 to 24,000 steps, and watch the answers.", "把滑块从 0 拖到 24,000 步，看答案的变化。")),
    h("div", { class: "cs-slider" }, h("label", { class: "lw-label", for: id }, t("Training", "训练")), shown, range, svg, note),
    panel.field, panel.words, panel.message, panel.answers, panel.maps);
  ctx.watch(["step"], show);
  ctx.onResize(svg, drawCurve);
  ctx.onTheme(drawCurve);
  panel.start();
  show();
}

export default { render: (host) => mount(host, "checkpoint-scrubber", build) };
