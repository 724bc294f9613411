// LabelCurves' parts: the curves, a row for each way, and what is taken for what.
import { bar, chart, h, line, mark, t, uniqueId } from "../kit/mod.js";
import { HEIGHT } from "./model.js";

/** The curves: {node, width(), show(plot)}. */
export function curvesPart(ctx, redraw) {
  const svg = chart(ctx, { className: "lc-plot", height: HEIGHT, redraw });
  const curve = ({ kind, bold, points, spreads }) => [
    points.length > 1 ? line(`lc-line lc-way-${kind}${bold ? " lc-bold" : ""}`, points) : [],
    ...points.map(([cx, cy], i) => [
      line(`lc-spread lc-way-${kind}`, spreads[i]),
      h("svg:circle", { class: `lc-dot lc-way-${kind}`, cx, cy, r: bold ? 4.5 : 3 })]),
  ];
  return {
    node: svg.node, width: svg.width,
    show(plot) {
      svg.show(...[
        plot.grid.map((points) => line("lw-grid", points)), plot.texts.map(({ at, text, anchor }) => mark(at, text, anchor)),
        line("lc-chance", plot.chance), line("lc-now", plot.now), plot.curves.map(curve),
      ].flat(3));
    },
  };
}

/** A row for each way, one of which is chosen: {node, show(rows)}. */
export function rowsPart(ctx, ways, choose) {
  const group = uniqueId();
  const rows = ways.map(({ way, name, kind }) => {
    const radio = h("input", { type: "radio", name: group, value: way });
    ctx.listen(radio, "change", () => choose(way));
    const key = h("svg:svg", { class: "lc-key", viewBox: "0 0 28 10", "aria-hidden": "true" },
      line(`lc-line lc-way-${kind}`, [[0, 5], [28, 5]]));
    const shown = bar(name, { kind: `way lc-way-${kind}` });
    return { radio, shown, node: h("label", { class: "lc-row" }, radio, key, shown.parts) };
  });
  return {
    node: h("div", {
      class: "lc-rows", role: "radiogroup", "aria-label": t("whose confusion table is shown", "显示谁的混淆矩阵"),
    }, rows.map((row) => row.node)),
    show(given) {
      rows.forEach(({ radio, shown, node }, i) => {
        const { there, chosen, fixed, share, text } = given[i];
        node.hidden = !there;
        radio.checked = chosen;
        radio.disabled = fixed;
        shown.set(share, text);
      });
    },
  };
}

/** What is taken for what: {node, show(table)}. */
export function tablePart() {
  const table = h("table", { class: "lc-table" });
  return {
    node: h("div", {
      class: "lc-scroll", tabindex: "0", role: "region", "aria-label": t("confusion table", "混淆矩阵"),
    }, table),
    show({ caption, labels, rows }) {
      const cell = ({ text, background, ink }) => h("td", { style: { background, color: ink } }, text);
      table.replaceChildren(
        h("caption", {}, h("span", {}, caption)),
        h("thead", {}, h("tr", {}, h("td", {}), labels.map((label) => h("th", { scope: "col" }, h("span", {}, label))))),
        h("tbody", {}, rows.map(({ label, cells }) => h("tr", {}, h("th", { scope: "row" }, label), cells.map(cell)))));
    },
  };
}
