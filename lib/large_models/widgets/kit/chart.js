// A chart as wide as its place, drawn in CSS pixels.
import { h } from "./elements.js";

/** An SVG: {node, width(), show(...parts)}; `redraw()` is called when its width has changed. With a
 *  label it is a picture that a screen reader names. */
export function chart(ctx, { height, className = "", label = null, redraw }) {
  const told = label === null ? { "aria-hidden": "true" } : { role: "img", "aria-label": label };
  const node = h("svg:svg", { class: `lw-chart ${className}`, height, ...told });
  const width = () => Math.round(node.getBoundingClientRect().width) || 600;
  ctx.onResize(node, redraw);
  return {
    node, width,
    show(...parts) {
      node.setAttribute("viewBox", `0 0 ${width()} ${height}`);
      node.replaceChildren(...parts.flat());
    },
  };
}

/** A line through points [x, y]. */
export function line(className, points) {
  return h("svg:path", { class: className, d: `M${points.map((point) => point.join(" ")).join("L")}` });
}

/** A word or a number of a chart, at a point; anchor: start, middle or end. */
export function mark([x, y], text, anchor = "middle", className = "lw-tick") {
  return h("svg:text", { class: className, x, y, "text-anchor": anchor }, text);
}
