// Whose attention colours the text: a layer's heads in a row with their mean, small pictures to press.
import { headsOf } from "./model.js";
import { drawInk } from "../kit/ink.js";
import { h, t } from "../kit/mod.js";
import { roving } from "../kit/roving.js";

/** {node, show(attention)}: pick({layer, head}) is told which head is chosen, null for means. */
export function headsPart(ctx, config, pick) {
  const { n_layer: L, n_head: H } = config;
  const all = headsOf(config);
  const choose = (i) => pick({ layer: all[i].layer, head: all[i].head });
  const cells = all.map((one, i) => one && h("button", {
    type: "button", role: "radio", class: "gv-head", "aria-label": one.name, title: one.name,
    onclick: ctx.guard(() => choose(i)),
  }, h("canvas", { "aria-hidden": "true" })));
  const quiet = (text, extra = "") => h("span", { class: `lw-quiet ${extra}`, "aria-hidden": "true" }, text);
  const nameOf = (row) => quiet(row < L ? t(`layer ${row + 1}`, `层 ${row + 1}`) : t("mean", "平均"), "gv-corner");
  const grid = h("div", {
    class: "gv-heads", role: "radiogroup", "aria-label": t("whose attention", "谁的注意力"), style: { "--columns": H + 1 },
  }, quiet(t("head", "头"), "gv-corner"),
  Array.from({ length: H }, (_, head) => quiet(head + 1)), quiet(t("mean", "平均")),
  cells.map((cell, i) => [i % (H + 1) ? null : nameOf(i / (H + 1)), cell ?? h("span")]));
  let picked = 0;
  roving(ctx, grid, { buttons: () => cells, at: () => picked, across: () => H + 1, pick: choose });
  const looked = h("p", { class: "gv-looked" });
  return {
    node: h("div", { class: "gv-attention" }, h("p", { class: "gv-title" }, t("Where it looks", "它看哪里")), looked, grid),
    show({ picked: now, heads, looked: its, waits }) {
      picked = now;
      const color = ctx.color("--gv-weight");
      cells.forEach((cell, i) => {
        if (!cell) return;
        cell.setAttribute("aria-checked", String(i === picked));
        cell.tabIndex = i === picked ? 0 : -1;
        drawInk(cell.firstChild, heads[i], [1, heads[i].length], color);
      });
      looked.replaceChildren(...(its ? [
        t("", "从 "), h("b", {}, its.from), t(" looks most at ", " 最多看 "), h("b", {}, its.to), t(": ", "："), its.weight,
      ] : [waits]));
    },
  };
}
