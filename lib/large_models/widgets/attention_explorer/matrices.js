// A matrix of attention by hand: a title, names of its columns and rows, cells; inputs where it can
// be edited, a picture to point into elsewhere.
import { EDITABLE, LARGEST, moved, short, titleOf, valueAt } from "./by_hand_model.js";
import { classOf } from "./words.js";
import { h, numberCell, steer, t } from "../kit/mod.js";

const MARKS_QUERY = ["scores", "scaled", "masked", "weights", "output"]; // beside these, in its colour
const COLORS = { in: "var(--lw-in)", learned: "var(--lw-learned)", text: "var(--lw-quiet)" };
const TINTS = { weight: "var(--ax-weight)", below: "var(--lw-below)", above: "var(--lw-above)" };

/** {node, labels, show(matrix, words), restore(place)}: matrix and words as by_hand_model.js makes them.
 *
 *  desk: {given(); hold(place, aloud), the reader chooses a cell; hover(place or null); place(), the
 *  cell that is explained; held(); change(place, number); wrong(text, node)}. */
export function matrixPart(ctx, name, desk) {
  const [title, , kind, index] = titleOf(name);
  const editable = name in EDITABLE;
  const note = h("span", { class: "lw-quiet" });
  const heads = h("div", { class: "ax-heads", "aria-hidden": "true" });
  const labels = h("div", { class: "ax-labels", "aria-hidden": "true" });
  const grid = h("div", { class: `ax-cells ${editable ? "ax-edit" : ""}`, role: editable ? "group" : "application" });
  const node = h("div", { class: `ax-matrix ax-${name}` },
    h("div", { class: "ax-title" },
      h("b", { class: classOf(kind) }, title, index ? h("sub", {}, index) : null), " ", note),
    heads, labels, grid);
  let shown = { rows: 0, cols: 0 };
  let cells = []; // {node}; of numberCell where it is an input

  if (!editable) {
    grid.setAttribute("aria-roledescription", t("matrix", "矩阵"));
    grid.setAttribute("tabindex", "0");
    steer(ctx, grid, {
      place: (u, v) => ({ name, row: Math.floor(v * shown.rows), col: Math.floor(u * shown.cols) }),
      preview: desk.hover,
      leave: () => desk.hover(null),
      hold: (place) => desk.hold(place),
      step(down, right) {
        desk.hover(null);
        desk.hold(moved(shown, name, desk.held(), down, right), true);
      },
    });
    ctx.listen(grid, "focus", () => {
      const { name: from, row, col } = desk.place();
      if (from !== name) desk.hold({ name, row: Math.min(row, shown.rows - 1), col: Math.min(col, shown.cols - 1) });
    });
  }

  function input(row, col) {
    const place = { name, row, col };
    const at = row * shown.cols + col;
    const cell = numberCell(ctx, {
      name: () => shown.cells[at]?.name ?? "", least: -LARGEST, most: LARGEST, step: 1, shift: 0.1,
      short, keep: true, className: "ax-cell",
      value: () => valueAt(desk.given(), place), onValue: (value) => desk.change(place, value), onWrong: desk.wrong,
    });
    ctx.listen(cell.node, "focus", () => desk.hold(place));
    ctx.listen(cell.node, "mouseenter", () => desk.hover(place));
    ctx.listen(cell.node, "mouseleave", () => desk.hover(null));
    ctx.listen(cell.node, "keydown", (event) => {
      if (event.key === "Enter") cells[(at + 1) % cells.length].node.focus();
    });
    return cell;
  }

  function names(box, texts) {
    const now = texts.join("\n");
    if (box.dataset.shown === now) return;
    box.dataset.shown = now;
    box.replaceChildren(...texts.map((text) => h("span", { title: text }, text)));
  }

  function showCell({ node: cell, show: refresh }, { text, name: called, share, tint, barred, target, source }) {
    if (!editable && cell.textContent !== text) cell.textContent = text;
    if (editable) {
      cell.setAttribute("aria-label", called);
      refresh();
    }
    cell.classList.toggle("ax-barred", barred);
    cell.classList.toggle("ax-target", target);
    cell.classList.toggle("ax-source", source !== null);
    cell.style.setProperty("--mark", source === null ? "transparent" : COLORS[source] ?? `var(--ax-${source})`);
    cell.style.setProperty("--share", `${share}%`);
    cell.style.setProperty("--sign", TINTS[tint]);
  }

  function show(matrix, words) {
    const reshaped = shown.rows !== matrix.rows || shown.cols !== matrix.cols;
    shown = matrix;
    if (reshaped) {
      if (editable) for (const cell of cells) desk.wrong("", cell.node);
      node.style.setProperty("--rows", matrix.rows);
      node.style.setProperty("--cols", matrix.cols);
      cells = matrix.cells.map((_, i) => (editable
        ? input(Math.floor(i / matrix.cols), i % matrix.cols) : { node: h("span", { class: "ax-cell" }) }));
      grid.replaceChildren(...cells.map((cell) => cell.node));
    }
    note.textContent = matrix.note;
    node.classList.toggle("ax-same", matrix.same);
    grid.setAttribute("aria-label", matrix.label);
    names(heads, matrix.heads);
    if (name !== "x") names(labels, matrix.labels); // X's words can be typed over
    if (MARKS_QUERY.includes(name)) {
      words.forEach(({ chosen }, i) => labels.children[i].classList.toggle("ax-chosen", chosen));
    }
    cells.forEach((cell, i) => showCell(cell, matrix.cells[i]));
  }
  return {
    node, labels, show,
    /** The numbers as they count, whatever is being typed: all, or one. */
    restore: (place) => (place ? [cells[place.row * shown.cols + place.col]] : cells).forEach((cell) => cell.restore()),
  };
}
