// Completeness: how far integrated gradients are from their sum, a bar for each number of steps.
import { h } from "../kit/mod.js";

/** {nodes, show(completeness)}. */
export function gapsPart(steps) {
  const bars = steps.map((each) => {
    const fill = h("i");
    return { fill, node: h("span", { class: "xp-gap" }, fill, each) };
  });
  const text = h("p", { class: "xp-gap-text" });
  return {
    nodes: [h("div", { class: "xp-gaps", "aria-hidden": "true" }, bars.map(({ node }) => node)), text],
    show(view) {
      view.bars.forEach(({ now, height }, i) => {
        bars[i].fill.style.blockSize = height ? `${height}%` : "0";
        bars[i].node.classList.toggle("xp-now", now);
      });
      text.textContent = view.text;
    },
  };
}
