// Numbers as pictures: a canvas of one pixel a value, and the legend of its scale.
import { pixelsOf } from "./colors.js";
import { h } from "./elements.js";
import { number } from "./numbers.js";

/** Draws values, one canvas pixel each; CSS sizes the canvas. values: H * W, rows last. */
export function drawMap(canvas, values, [H, W], options) {
  if (canvas.width !== W || canvas.height !== H) Object.assign(canvas, { width: W, height: H });
  const image = new ImageData(W, H);
  pixelsOf(values, options, new Uint32Array(image.data.buffer));
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** A legend that moves with its scale: {node, update({scale, max, labels})}; `labels` are
 *  placed from left to right. */
export function legend() {
  const bar = h("canvas", { class: "lw-legend-bar", "aria-hidden": "true" });
  const marks = h("div", { class: "lw-legend-marks" });
  const node = h("div", { class: "lw-legend" }, bar, marks);
  let drawn = "";
  return {
    node,
    update({ scale, max, labels }) {
      if (drawn !== scale) {
        const ramp = Float32Array.from({ length: 256 }, (_, i) => (i + 0.5) / 256);
        if (scale === "diverging") ramp.forEach((v, i) => { ramp[i] = 2 * v - 1; });
        drawMap(bar, ramp, [1, 256], { scale });
        drawn = scale;
      }
      const texts = labels ?? (scale === "diverging"
        ? [number(-max), "0", `+${number(max)}`] : ["0", number(max)]);
      if (marks.textContent !== texts.join("")) {
        marks.replaceChildren(...texts.map((text) => h("span", {}, text)));
      }
    },
  };
}
