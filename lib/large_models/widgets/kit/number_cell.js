// A cell in which a number can be typed; the arrow keys change it by a step.
import { h } from "./elements.js";
import { t } from "./language.js";
import { number, parseNumber } from "./numbers.js";

/** A text input for one number: {node, show(), restore()}.
 *
 *  name(): what it is called; least, most: what may be typed; step: of the arrow keys, `shift` times
 *  as far with Shift; value(): the number now; onValue(number); onWrong(text, node): "" once it is
 *  right again; short(number): how it is written while nobody types there. A wrong number never
 *  counts: the last good one stays, and Escape or leaving the cell shows it again; with `keep`,
 *  Escape alone. show() leaves alone what the reader is typing, restore() does not. */
export function numberCell(ctx, {
  name, least, most, step = 0.1, shift = 10, value, onValue, onWrong, short = number, keep = false, className = "",
}) {
  const node = h("input", {
    type: "text", class: `lw-cell ${className}`, autocomplete: "off", spellcheck: "false", inputmode: "text",
    "aria-label": name(),
  });
  const exact = (v) => String(Number(v.toFixed(6))).replace("-", "−");
  const typing = () => node.ownerDocument.activeElement === node;
  let wrong = false;

  function judge(fits) {
    wrong = !fits;
    node.setAttribute("aria-invalid", String(wrong));
    const [typed, from, to, now] = [node.value.slice(0, 12), number(least), number(most), number(value())];
    onWrong(fits ? "" : t(
      `${name()}: “${typed}” is not a number from ${from} to ${to}; ${now} still counts.`,
      `${name()}：“${typed}”不是 ${from} 到 ${to} 之间的数；仍使用 ${now}。`), node);
  }
  function restore() {
    const text = typing() ? exact(value()) : short(value());
    if (node.value !== text) node.value = text;
    judge(true);
  }
  const show = () => { if (!typing() && !wrong) restore(); };
  ctx.listen(node, "input", () => {
    const typed = parseNumber(node.value);
    const fits = typed >= least && typed <= most;
    if (fits) onValue(typed);
    judge(fits);
  });
  ctx.listen(node, "keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape" || (event.key === "Enter" && !keep)) restore();
    const way = { ArrowUp: step, ArrowDown: -step }[event.key];
    if (way === undefined) return;
    event.preventDefault();
    const next = Number((value() + way * (event.shiftKey ? shift : 1)).toFixed(6));
    onValue(Math.max(least, Math.min(most, next)));
    restore();
  });
  ctx.listen(node, "focus", () => {
    if (!wrong) restore();
    node.select();
  });
  ctx.listen(node, "blur", () => { if (!wrong || !keep) restore(); });
  return { node, show, restore };
}
