// A cell in which a number can be typed; the arrow keys change it by a step.
import { h } from "./elements.js";
import { t } from "./language.js";
import { number, parseNumber } from "./numbers.js";

/** A text input for one number: {node, show()}.
 *
 *  name(): what it is called; least, most: what may be typed; step: of the arrow keys, ten with
 *  Shift; value(): the number now; onValue(number); onWrong(text, node): "" once it is right again;
 *  short(number): how it is written while nobody types there. A wrong number never counts: the
 *  last good one stays, and Escape or leaving the cell shows it again. */
export function numberCell(ctx, { name, least, most, step = 0.1, value, onValue, onWrong, short = number, className = "" }) {
  const node = h("input", { type: "text", class: `lw-cell ${className}`, autocomplete: "off", spellcheck: "false", inputmode: "text", "aria-label": name() });
  const exact = (v) => String(Number(v.toFixed(6))).replace("-", "−");
  const typing = () => node.ownerDocument.activeElement === node;

  function judge(fits) {
    node.setAttribute("aria-invalid", String(!fits));
    onWrong(fits ? "" : t(
      `${name()}: “${node.value.slice(0, 12)}” is not a number from ${number(least)} to ${number(most)}; ${number(value())} still counts.`,
      `${name()}：“${node.value.slice(0, 12)}”不是 ${number(least)} 到 ${number(most)} 之间的数；仍使用 ${number(value())}。`), node);
  }
  function show() {
    const text = typing() ? exact(value()) : short(value());
    if (node.value !== text) node.value = text;
    judge(true);
  }
  ctx.listen(node, "input", () => {
    const typed = parseNumber(node.value);
    const fits = typed >= least && typed <= most;
    if (fits) onValue(typed);
    judge(fits);
  });
  ctx.listen(node, "keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape" || event.key === "Enter") show();
    const way = { ArrowUp: step, ArrowDown: -step }[event.key];
    if (way === undefined) return;
    event.preventDefault();
    const next = Number((value() + way * (event.shiftKey ? 10 : 1)).toFixed(6));
    if (next < least || next > most) return;
    onValue(next);
    show();
  });
  ctx.listen(node, "focus", () => { show(); node.select(); });
  ctx.listen(node, "blur", show);
  return { node, show };
}
