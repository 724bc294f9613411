// The kernel: cells to type in, and buttons for fingers.
import {
  LARGEST_WEIGHT, buttonNames, cellName, flipped, kernelOf, nudged, shortWeight, withWeight,
} from "./kernel_model.js";
import { h, numberCell, t, uniqueId } from "../kit/mod.js";
import { tint } from "./window.js";

/** The cells of a kernel, K a side: {node, cells, restore(), show(tints), active()}. */
function gridPart(ctx, K, { kernel, put, wrongId, onWrong, onActive }) {
  const wrong = new Map(); // what is said of each cell that holds no number
  let active = Math.floor((K * K) / 2);
  const cells = Array.from({ length: K * K }, (_, i) => {
    const cell = numberCell(ctx, {
      name: () => cellName(i, K), least: -LARGEST_WEIGHT, most: LARGEST_WEIGHT, step: 1, shift: 0.1,
      value: () => kernel().flat()[i], short: shortWeight, keep: true,
      onValue: (weight) => put(withWeight(kernel(), i, weight)),
      onWrong(text, node) {
        if (text) {
          node.setAttribute("aria-describedby", wrongId);
          wrong.set(i, text);
        } else {
          node.removeAttribute("aria-describedby");
          wrong.delete(i);
        }
        onWrong(wrong.get(Math.min(...wrong.keys())) ?? "");
      },
    });
    cell.node.setAttribute("aria-label", `${t("weight", "权重")} ${cellName(i, K)}`);
    cell.node.setAttribute("enterkeyhint", "done");
    ctx.listen(cell.node, "focus", () => { active = i; mark(); onActive(); });
    ctx.listen(cell.node, "keydown", (event) => {
      if (event.key === "Enter") cells[(i + 1) % cells.length].node.focus();
    });
    return cell;
  });
  const mark = () => cells.forEach(({ node }, i) => node.classList.toggle("ke-active", i === active));
  mark();
  return {
    node: h("div", {
      class: "ke-cells ke-kernel", role: "group", "aria-label": t("kernel", "卷积核"), style: { "--k": K },
    }, cells.map(({ node }) => node)),
    cells, active: () => active,
    restore() { for (const cell of cells) cell.restore(); },
    show: (tints) => cells.forEach((cell, i) => {
      cell.show();
      tint(cell.node, tints[i]);
    }),
  };
}

/** The kernel to edit: {node, show(), restore()}; restore() forgets what was typed wrong. */
export function kernelPart(ctx) {
  const kernel = () => ctx.get("kernel");
  const put = (next) => ctx.sync({ kernel: next });
  const note = h("p", { class: "ke-note lw-quiet" });
  const wrong = h("p", { class: "ke-note ke-wrong", role: "alert", id: uniqueId("ke-wrong") });
  const place = h("div", { class: "ke-place" });
  const grids = {}; // by size, made when they are wanted
  let grid = null;

  const button = (text, change) => h("button", {
    type: "button", class: "ke-nudge", onclick: ctx.guard(() => {
      put(change(kernel(), grid.active()));
      grid.cells[grid.active()].restore();
    }),
  }, text);
  const less = button("−", (weights, i) => nudged(weights, i, -1));
  const more = button("+", (weights, i) => nudged(weights, i, 1));
  const flip = button("±", flipped);
  const cell = h("span", { class: "lw-quiet" });

  function nameButtons() {
    const names = buttonNames(grid.active(), kernel().length);
    cell.textContent = names.cell;
    less.setAttribute("aria-label", names.less);
    more.setAttribute("aria-label", names.more);
    flip.setAttribute("aria-label", names.flip);
  }
  function gridOf(K) {
    grids[K] ??= gridPart(ctx, K, {
      kernel, put, wrongId: wrong.id,
      onWrong: (text) => { if (wrong.textContent !== text) wrong.textContent = text; },
      onActive: nameButtons,
    });
    return grids[K];
  }
  function show() {
    const { K, tints, note: text } = kernelOf(kernel());
    if (grid !== gridOf(K)) {
      grid = gridOf(K);
      grid.restore();
      place.replaceChildren(grid.node);
      nameButtons();
    }
    grid.show(tints);
    note.textContent = text;
  }
  return {
    node: [
      h("div", { class: "ke-title lw-learned" }, t("Kernel", "卷积核")), place,
      h("div", { class: "ke-nudges" }, cell, less, more, flip), h("div", { class: "ke-stack" }, note, wrong),
    ],
    show,
    restore: () => gridOf(kernel().length).restore(),
  };
}
