// One unit along time, and its equations at the chosen step.
import { lineChart } from "./charts.js";
import { h, t } from "../kit/mod.js";

/** What the lines of a chart are called: [[name, text], ...]. */
export const lineKeys = (names) => names.map(([kind, text]) => h("span", { class: `ge-key ge-key-${kind}` }, text));

/** {node, plots, show(life)}; `strip` is the input along time, `units` the control of which one. */
export function lifePart({ strip, units }) {
  const title = h("div", { class: "ge-title" });
  const gates = lineChart(["i", "f", "o"], t("gates of the unit", "该单元的门"));
  const cell = lineChart(["c", "h"], t("cell and state of the unit", "该单元的细胞状态与隐藏状态"));
  const sums = h("p", { class: "ge-sums" });
  const tags = { name: "span", value: "b", sub: "sub" };
  const partOf = (part) => (typeof part === "string" ? part
    : h(tags[part.kind], { class: part.key && `ge-${part.key}` }, part.text));
  return {
    node: h("div", { class: "ge-top ge-life" },
      h("div", { class: "ge-main" }, title, gates.node, cell.node, strip,
        h("div", { class: "ge-keys" }, lineKeys([..."ifoch"].map((gate) => [gate, gate])))),
      h("div", { class: "ge-side" }, units, sums)),
    plots: [gates.plot, cell.plot],
    show(life) {
      title.textContent = life.title;
      for (const [chart, view] of [[gates, life.gates], [cell, life.cell]]) {
        chart.show(view.lines);
        chart.describe(view.label);
      }
      sums.replaceChildren(...life.sums.map((line) => h("span", { class: "ge-sum" }, line.map(partOf))));
    },
  };
}
