// The text, token by token: one of them is looked at, the last stands for the next token.
import { h, t } from "../kit/mod.js";
import { roving } from "../kit/roving.js";

export const nodesOf = (parts) => parts.map(([kind, text]) => h("span", { class: `gv-${kind}` }, text));

/** {node, show(view)}: choose(place) and hover(place or null) are told where the reader looks. */
export function textPart(ctx, { choose, hover }) {
  const node = h("div", {
    class: "gv-words", role: "radiogroup", "aria-label": t("the text, token by token", "文本，逐个词元"),
  });
  const chip = (kind, ...content) => (
    h("button", { type: "button", role: "radio", class: "gv-token", translate: "no", "data-kind": kind }, ...content));
  const next = chip("next", "?");
  node.append(next);
  let chips = [next];
  let chosen = 0;

  const indexOf = (target) => chips.indexOf(target.closest?.(".gv-token"));
  ctx.listen(node, "click", (event) => indexOf(event.target) >= 0 && choose(indexOf(event.target)));
  ctx.listen(node, "pointerover", (event) => {
    if (event.pointerType === "mouse") hover(indexOf(event.target) < 0 ? null : indexOf(event.target));
  });
  ctx.listen(node, "pointerleave", () => hover(null));
  roving(ctx, node, {
    buttons: () => chips, at: () => chosen, scrolls: false,
    pick(at) { choose(at); scrollTo(chips[at]); },
  });

  /** Scrolls the text, and never the page. */
  function scrollTo(target) {
    const [box, area] = [target, node].map((n) => n.getBoundingClientRect());
    if (box.top < area.top) node.scrollTop -= area.top - box.top + 4;
    if (box.bottom > area.bottom) node.scrollTop += box.bottom - area.bottom + 4;
  }

  function write(tokens) {
    const kept = chips.slice(0, -1);
    tokens.forEach(({ key, kind, parts, ends }, i) => {
      if (kept[i]?.dataset.key === key) return;
      const made = chip(kind, nodesOf(parts));
      made.dataset.key = key;
      // The slot takes the line break along that follows the end of a line.
      const slot = h("span", {}, made, ends ? h("br") : null);
      if (kept[i]) kept[i].parentNode.replaceWith(slot);
      else next.before(slot);
      kept[i] = made;
    });
    for (const gone of kept.splice(tokens.length)) gone.parentNode.remove();
    if (chips.length !== kept.length + 1) node.scrollTop = node.scrollHeight;
    chips = [...kept, next];
  }

  return {
    node,
    show(view) {
      write(view.tokens);
      chosen = view.chosen;
      chips.forEach((each, i) => {
        each.style.setProperty("--share", `${view.attention.shares[i]}%`);
        each.classList.toggle("gv-from", i === view.attention.from);
        each.classList.toggle("gv-shown", i === view.at);
        each.setAttribute("aria-checked", String(i === view.chosen));
        each.tabIndex = i === view.chosen ? 0 : -1;
      });
    },
  };
}
