// The two pictures, and the window drawn over them.
import { MARGIN } from "./model.js";
import { drawMap, h, legend, steer, t } from "../kit/mod.js";

/** One picture: {node, frame, below, show(picture), mark(marks, style)}; `below` takes controls. */
function picturePart(side) {
  const canvas = h("canvas", { class: "ke-map", "aria-hidden": "true" });
  const marks = h("canvas", { class: "ke-marks", "aria-hidden": "true" });
  const frame = h("div", {
    class: "ke-frame", tabindex: "0", role: "application",
    "aria-roledescription": t("picture with a window to move", "可移动窗口的图像"),
  }, canvas, marks);
  const title = h("span", { class: `lw-${side}` });
  const size = h("span", { class: "lw-quiet" });
  const scale = legend();
  const below = h("div", { class: "ke-below" });
  let drawn = {};
  return {
    frame, below,
    node: h("div", { class: `ke-picture ke-${side}` },
      h("div", { class: "ke-title" }, title, size), frame, scale.node, below),
    show({ title: text, size: told, label, values, shape, colors, blocks }) {
      title.textContent = text;
      size.textContent = ` ${told}`;
      frame.setAttribute("aria-label", label);
      scale.update(colors);
      if (drawn.values === values && drawn.scale === colors.scale && drawn.max === colors.max) return;
      drawn = { values, ...colors };
      drawMap(canvas, values, shape, colors);
      canvas.classList.toggle("ke-blocks", blocks);
    },
    /** Draws a window {box, veil}, in CSS pixels of a picture with such a side. */
    mark({ box, veil }, { side: length, page, color }) {
      const ratio = globalThis.devicePixelRatio || 1;
      const pixels = Math.round((length + 2 * MARGIN) * ratio);
      if (marks.width !== pixels) Object.assign(marks, { width: pixels, height: pixels });
      const pen = marks.getContext("2d");
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.clearRect(0, 0, pixels, pixels);
      pen.setTransform(ratio, 0, 0, ratio, MARGIN * ratio, MARGIN * ratio);
      pen.globalAlpha = 0.8;
      pen.fillStyle = page;
      for (const part of veil) pen.fillRect(...part);
      pen.globalAlpha = 1;
      for (const [width, style] of [[5, page], [2.5, color]]) {
        pen.lineWidth = width;
        pen.strokeStyle = style;
        pen.strokeRect(...box);
      }
    },
  };
}

/** Both pictures: {input, output: {node, frame, below}, side(), measure(), show(pictures), mark(marks)}.
 *  The window follows mouse, finger and keys: `placeUnder(side, u, v)` is the place under a point,
 *  preview(place), leave(), hold(place) and step(rows, columns) are told (see steer.js). */
export function picturesPart(ctx, { placeUnder, ...moves }) {
  const [input, output] = ["in", "out"].map(picturePart);
  for (const [side, { frame }] of [["in", input], ["out", output]]) {
    steer(ctx, frame, { place: (u, v) => placeUnder(side, u, v), ...moves });
  }
  // Sizes and colours, measured when they change: asking while drawing makes the page lay itself out.
  let look = null;
  return {
    input, output,
    side: () => look.side,
    measure() {
      const [page, colorIn, colorOut] = ["--lw-page", "--lw-in", "--lw-out"].map(ctx.color);
      look = { side: input.frame.clientWidth, page, in: colorIn, out: colorOut };
    },
    show(pictures) {
      input.show(pictures.in);
      output.show(pictures.out);
    },
    mark(marks) {
      input.mark(marks.in, { ...look, color: look.in });
      output.mark(marks.out, { ...look, color: look.out });
    },
  };
}
