// The board: a grid of buttons, of which one takes the focus.
import { h, t } from "../kit/mod.js";
import { neighbour } from "./model.js";

/** {node, show(view)}; take(square) is called when the reader presses one. */
export function boardPart(ctx, take) {
  const squares = Array.from({ length: 9 }, (_, square) => {
    const mark = h("span", { class: "gb-mark" });
    const learned = h("span", { class: "lw-learned" });
    const exact = h("span", { class: "lw-out" });
    const worth = h("span", { class: "gb-worth" }, learned, exact);
    const button = h("button", { type: "button", class: "gb-square", tabindex: square ? -1 : 0 }, mark, worth);
    ctx.listen(button, "click", () => take(square));
    ctx.listen(button, "focus", () => squares.forEach((other, i) => { other.button.tabIndex = i === square ? 0 : -1; }));
    ctx.listen(button, "keydown", (event) => {
      if (!event.key.startsWith("Arrow") || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const next = neighbour(square, event.key);
      if (next !== null) squares[next].button.focus();
    });
    return { button, mark, learned, exact, worth };
  });
  return {
    node: h("div", { class: "gb-board", role: "grid", "aria-label": t("the board", "棋盘") },
      [0, 3, 6].map((from) => h("div", { class: "gb-row", role: "row" },
        squares.slice(from, from + 3).map(({ button }) => h("div", { role: "gridcell" }, button))))),
    show(view) {
      squares.forEach(({ button, mark, learned, exact, worth }, i) => {
        const square = view.squares[i];
        mark.textContent = square.mark;
        mark.classList.toggle("gb-reader", square.reader);
        button.classList.toggle("gb-won", square.won);
        button.setAttribute("aria-disabled", String(square.closed));
        button.setAttribute("aria-label", square.name);
        worth.hidden = !square.worth;
        [learned.textContent, exact.textContent] = square.worth ?? ["", ""];
      });
    },
  };
}
