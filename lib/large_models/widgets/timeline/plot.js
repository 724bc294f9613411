// The timeline's picture: drawn as places.js has it, with pointer and keys over it.
import { chart, h, line, mark, t, uniqueId } from "../kit/mod.js";
import { HEIGHT, nearest } from "./places.js";

/** The shapes of the fields, around 0 0. */
export const SHAPES = {
  vision: "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z", language: "M-4 -4H4V4H-4z", speech: "M0 -5.4L5 3.8H-5z",
  games: "M0 -5.8L5.4 0L0 5.8L-5.4 0z", multimodal: "M-1.8 -5H1.8V-1.8H5V1.8H1.8V5H-1.8V1.8H-5V-1.8H-1.8z",
  other: "M0 5.4L5 -3.8H-5z",
};
const STROKE = "M0 -5V5"; // of a model without a figure

/** {node, width(), show(plot)}; point(name) is told where the mouse is, choose(name) what is pressed (a name,
 *  or null), and key(key) says whether a key led anywhere. */
export function plotPart(ctx, { redraw, point, choose, key }) {
  const clip = uniqueId();
  const svg = chart(ctx, { className: "tl-plot", height: HEIGHT, redraw });
  const node = h("div", {
    class: "tl-focus", tabindex: "0", role: "group",
    "aria-label": t("Models over time: the arrow keys go from one to the next, Home and End to the first and the last.",
      "按时间排列的模型：方向键移动，Home 和 End 到首尾。"),
  }, svg.node);
  let shown = null;
  const under = (event) => {
    const box = svg.node.getBoundingClientRect();
    return shown && nearest(shown, [event.clientX - box.left, event.clientY - box.top]);
  };
  ctx.listen(node, "pointermove", (event) => { if (event.pointerType === "mouse") point(under(event)); });
  ctx.listen(node, "pointerleave", () => point(null));
  ctx.listen(node, "click", (event) => choose(under(event)));
  ctx.listen(node, "keydown", (event) => {
    if (!event.altKey && !event.ctrlKey && !event.metaKey && key(event.key)) event.preventDefault();
  });

  const dotOf = ({ name, field, away, kind, at }) => h("svg:path", {
    class: `tl-mark tl-${field}${kind === "known" ? "" : ` tl-${kind}`}${away ? " tl-away" : ""}`, "data-name": name,
    d: kind === "gap" ? STROKE : SHAPES[field], transform: `translate(${at.join(" ")})`,
  });
  return {
    node, width: svg.width,
    show(plot) {
      shown = plot;
      svg.show(
        h("svg:clipPath", { id: clip }, h("svg:rect", plot.clip)),
        plot.grid.map((points) => line("lw-grid", points)),
        plot.ticks.map(({ at, text, anchor }) => mark(at, text, anchor)),
        line("lw-axis", plot.axis),
        plot.line ? h("svg:g", { "clip-path": `url(#${clip})` }, line("tl-band", plot.band), line("tl-line", plot.line)) : [],
        line("tl-since", plot.since),
        plot.dots.map(dotOf),
        plot.ring ? h("svg:circle", { class: "tl-ring", cx: plot.ring[0], cy: plot.ring[1], r: 9 }) : [],
        plot.names.map(({ text, at, anchor, here }) => mark(at, text, anchor, here ? "tl-name tl-here" : "tl-name")));
    },
  };
}
