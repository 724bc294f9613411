// Rows of a name, a bar and a number.
import { h } from "./elements.js";
import { probability } from "./numbers.js";

/** One row: {parts, set(share, text)}. `parts` are the elements for the row's own node, which may be
 *  a button, a label or a list item; a share is 0 to 1, and null leaves the row empty. */
export function bar(name, { kind = "out" } = {}) {
  const fill = h("span", { class: `lw-bar-fill lw-bar-${kind}` });
  const value = h("span", { class: "lw-bar-value" });
  const label = h("span", { class: "lw-bar-name" }, name);
  return {
    label, value, fill,
    parts: [label, h("span", { class: "lw-bar-track", "aria-hidden": "true" }, fill), value],
    set(share, text = share === null ? "" : probability(share)) {
      fill.style.inlineSize = `${100 * (share ?? 0)}%`;
      value.textContent = text;
    },
  };
}
