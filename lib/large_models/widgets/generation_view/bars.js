// The most probable tokens at a place: bars to press. Green is what is drawn, the line what the model
// says at temperature 1.
import { nodesOf } from "./text.js";
import { bar, h, t } from "../kit/mod.js";

const ROWS = 10;

/** {node, show(bars)}: press(id) is told which token is to stand there. */
export function barsPart(ctx, press) {
  const title = h("p", { class: "gv-title" });
  const rows = Array.from({ length: ROWS }, () => {
    const one = bar("");
    const mark = h("span", { class: "gv-said" });
    one.parts[1].append(mark);
    const node = h("button", { type: "button", class: "gv-bar" }, one.parts);
    const row = { ...one, node, mark, id: null };
    ctx.listen(node, "click", () => row.id !== null && press(row.id));
    return row;
  });
  const list = h("div", { class: "gv-bars" }, rows.map((row) => row.node));
  const others = h("span", {});
  const legend = h("span", { class: "gv-legend", hidden: true },
    h("span", { class: "gv-said" }), t("at temperature 1, with nothing cut off", "温度 1、不截去时"));

  function showRow(row, its, changed) {
    if (row.id !== its.id) row.label.replaceChildren(...nodesOf(its.parts));
    row.id = its.id;
    row.set(its.drawn, its.text);
    row.mark.style.setProperty("--share", `${100 * its.said}%`);
    row.mark.hidden = !changed;
    row.node.classList.toggle("gv-cut", its.cut);
    row.node.classList.toggle("gv-was", its.was);
    row.node.setAttribute("aria-disabled", String(its.fixed));
    row.node.setAttribute("aria-label", its.label);
  }
  return {
    node: h("div", { class: "gv-next" }, title, list, h("p", { class: "gv-others lw-quiet" }, others, legend)),
    show(bars) {
      const { name, kind, about } = bars.title;
      title.replaceChildren(...(kind ? [h("b", { class: `lw-${kind}` }, name)] : []), about);
      list.classList.toggle("gv-none", !bars.rows);
      if (!bars.rows) return;
      bars.rows.forEach((its, i) => showRow(rows[i], its, bars.changed));
      legend.hidden = !bars.changed;
      others.textContent = bars.others;
    },
  };
}
