// Drag through a BERT's training. Python's side, and what each trait means: checkpoint_scrubber.py.
import { bertPanel } from "./bert_panel.js";
import { h, mount, number, t, uniqueId } from "./ui.js";

const SCRUBBER_HEIGHT = 120;

function build(ctx) {
  const { get } = ctx;
  const steps = get("_steps");
  const curve = get("_curve"); // [[step, share found], ...]
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
  const found = (step) => curve.find(([at]) => at === step)?.[1];
  const note = h("p", { class: "cs-note lw-quiet" });

  const drawCurve = ctx.redraw(() => {
    const width = Math.round(svg.getBoundingClientRect().width) || 300;
    // The steps' own axis: as far apart as the slider's places, straight in between on a log scale.
    const gaps = steps.map((step) => Math.log10(step + 10));
    const x = (step) => {
      const at = Math.log10(step + 10);
      const i = Math.min(gaps.length - 2, Math.max(0, gaps.findIndex((g, j) => at < (gaps[j + 1] ?? Infinity))));
      return 8 + (width - 16) * ((i + (at - gaps[i]) / (gaps[i + 1] - gaps[i])) / (gaps.length - 1));
    };
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
      t("Of the hidden tokens of held-out text it finds ", "在没读过的文字里，被藏的词元它找回 "),
      h("b", {}, `${number(100 * found(step), 2)} %`),
      t(`; always saying the most frequent one finds ${number(100 * most, 2)} % (dotted)`, `；总答最常见的词元可找回 ${number(100 * most, 2)} %（点线）`));
    drawCurve();
    panel.read();
  }

  ctx.root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("drag from 0 to the right, and watch the answers and one head. Then hide another token.", "从 0 向右拖，看答案和一个注意力头的变化，然后藏起另一个词元。")),
    h("div", { class: "cs-slider" }, h("label", { class: "lw-label", for: id }, t("Training", "训练")), shown, range, svg, note),
    panel.field, panel.words, panel.message, panel.answers, panel.maps);
  ctx.watch(["step"], show);
  ctx.onResize(svg, drawCurve);
  ctx.onTheme(drawCurve);
  panel.start();
  show();
}

export default { render: (host) => mount(host, "checkpoint-scrubber", build) };
