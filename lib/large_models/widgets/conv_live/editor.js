// The open kernel: its weights to type, its switch, and the way back to what was learned.
import { h, numberCell, t, toggle } from "../kit/mod.js";
import { MOST_WEIGHT } from "./model.js";

/** {node, show(view, all), focus()}. The cell that is being typed into is written only if `all`.
 *  act: switchOpen(on), reset(), restore(), weight(i, value), lookAtOpen(), leave(). */
export function editorPart(ctx, model, act) {
  const title = h("div", { class: "cl-title lw-learned" });
  const problem = h("p", { class: "cl-problem", role: "alert" });
  const on = toggle(t("on", "启用"), ctx.guard(act.switchOpen));
  const button = (text, press) => h("button", {
    type: "button", class: "lw-button", onclick: ctx.guard((event) => {
      if (event.currentTarget.getAttribute("aria-disabled") !== "true") press();
    }),
  }, text);
  const reset = button(t("reset", "重置"), act.reset);
  const restore = button(t("restore the trained kernels", "恢复训练好的卷积核"), act.restore);
  let values = [];
  let wrong = null; // the cell that holds no weight
  const cells = Array.from({ length: model.K ** 2 }, (_, i) => {
    const [row, column] = [Math.floor(i / model.K) + 1, (i % model.K) + 1];
    const cell = numberCell(ctx, {
      name: () => t(`weight in row ${row}, column ${column}`, `第 ${row} 行第 ${column} 列的权重`),
      least: -MOST_WEIGHT, most: MOST_WEIGHT, className: "cl-cell",
      value: () => values[i], onValue: (value) => act.weight(i, value),
      onWrong(text, node) {
        if (text) wrong = node;
        else if (wrong === node) wrong = null;
        problem.textContent = wrong
          ? t(`A weight is a number from −${MOST_WEIGHT} to ${MOST_WEIGHT}; the last good one stays.`,
            `权重是 −${MOST_WEIGHT} 到 ${MOST_WEIGHT} 之间的数；保留上一个有效值。`) : "";
      },
    });
    ctx.listen(cell.node, "focus", () => { if (cell.node.matches(":focus-visible")) act.lookAtOpen(); });
    ctx.listen(cell.node, "keydown", (event) => { if (event.key === "Escape") act.leave(); });
    return cell;
  });
  return {
    node: h("div", { class: "cl-editor" },
      h("div", { class: "cl-editor-head" }, title, on.node), h("div", { class: "cl-cells" }, cells.map(({ node }) => node)),
      h("div", { class: "cl-buttons" }, reset, restore), problem),
    focus: () => cells[0].node.focus(),
    show(view, all) {
      values = view.cells.map(({ value }) => value);
      title.textContent = view.title;
      on.set(view.on);
      view.cells.forEach(({ background, ink }, i) => {
        Object.assign(cells[i].node.style, { background, color: ink });
        if (all) cells[i].restore();
        else cells[i].show();
      });
      reset.setAttribute("aria-disabled", String(!view.canReset));
      restore.setAttribute("aria-disabled", String(!view.canRestore));
    },
  };
}
