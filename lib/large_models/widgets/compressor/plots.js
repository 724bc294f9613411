// Compressor's two plots: what has been tried, and how many weights have which value.
import { axis, chart, h, mark, t } from "../kit/mod.js";

const HEIGHT = 190;
const [LEFT, RIGHT, TOP, BOTTOM] = [40, 10, 10, 34]; // what the axes need

/** A chart, and scales() of it as wide as it is now. */
function plot(ctx, label, name, redraw) {
  const { node, width, show } = chart(ctx, { height: HEIGHT, className: "cp-plot", label, redraw });
  return {
    node, show,
    scales() {
      const [right, bottom] = [width() - RIGHT, HEIGHT - BOTTOM];
      const [x, y] = [axis([0, 1], [LEFT, right]), axis([0, 1], [bottom, TOP])];
      const level = (className, share) => h("svg:path", { class: className, d: `M${LEFT} ${y(share)}H${right}` });
      const grid = (rows) => rows.map(({ at, text }) => (
        [level("lw-grid", at), mark([LEFT - 6, y(at) + 4], text, "end")])).flat();
      const under = (place, text, anchor) => mark([place, bottom + 16], text, anchor);
      return { right, bottom, x, y, level, grid, under, name: mark([x(0.5), HEIGHT - 4], name) };
    },
  };
}

/** Size against accuracy: {node, note, show(view)}. */
export function triedPlot(ctx, redraw) {
  const { node, show, scales } = plot(ctx, t("size against accuracy", "大小与正确率"), t("kilobytes", "KB"), redraw);
  const note = h("p", { class: "cp-note lw-quiet" });
  return {
    node, note,
    show({ points, rows, columns, goal, note: words, label }) {
      const { right, x, y, level, grid, under, name } = scales();
      show(name, grid(rows),
        columns.map(({ at, text }) => under(Math.min(x(at), right - 8), text)),
        level("cp-goal", goal),
        points.map((point) => h("svg:circle", {
          class: point.now ? "cp-now" : "cp-dot", cx: x(point.x).toFixed(1), cy: y(point.y).toFixed(1),
          r: point.now ? 6 : 3.5,
        })));
      note.textContent = words;
      node.setAttribute("aria-label", label);
    },
  };
}

/** The weights as trained, a line, and now, bars: {node, note, show(view)}. */
export function weightsPlot(ctx, redraw) {
  const { node, show, scales } = plot(ctx, t("histogram of the weights", "权重的直方图"), t("weight", "权重"), redraw);
  const note = h("p", { class: "cp-note cp-distinct lw-quiet" });
  return {
    node, note,
    show({ before, after, rows, columns: [least, zero, most], note: words }) {
      const { right, bottom, x, y, grid, under, name } = scales();
      const at = (bin, shift = 0) => (x(bin / before.length) + shift).toFixed(1);
      const top = (height) => y(height).toFixed(1);
      const outline = before.map((height, bin) => `${bin ? "L" : "M"}${at(bin)} ${top(height)}H${at(bin + 1)}`);
      const bars = after.map((height, bin) => (
        height ? `M${at(bin, 0.5)} ${bottom}V${top(height)}H${at(bin + 1, -0.5)}V${bottom}Z` : ""));
      show(name, grid(rows),
        h("svg:path", { class: "cp-after", d: bars.join("") }),
        h("svg:path", { class: "cp-before", d: outline.join("") }),
        under(LEFT, least, "start"), under(x(0.5), zero), under(right, most, "end"));
      note.textContent = words;
    },
  };
}
