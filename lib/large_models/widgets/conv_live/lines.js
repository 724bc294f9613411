// Lines from what a number is made of, as thick as their share: a canvas behind the whole flow.
import { h } from "../kit/mod.js";

/** {node, measure(flow, places), show(lines)}. `places` are the ends' nodes: {input, canvas, one,
 *  two, bars}; measure them whenever the layout may have changed. */
export function linesPart(ctx, units) {
  const node = h("canvas", { class: "cl-lines", "aria-hidden": "true" });
  const pen = node.getContext("2d");
  let ports = {};

  function measure(flow, { input, canvas, one, two, bars }) {
    const box = flow.getBoundingClientRect();
    const scale = devicePixelRatio;
    Object.assign(node, { width: Math.round(box.width * scale), height: Math.round(box.height * scale) });
    const side = (which, out) => (part) => {
      const at = part.getBoundingClientRect();
      return [at[which] - box.left + out, (at.top + at.bottom) / 2 - box.top];
    };
    const [left, right] = [side("left", -1), side("right", 1)];
    const column = canvas.getBoundingClientRect();
    const along = (x) => Array.from({ length: units }, (_, u) => (
      [x - box.left, column.top - box.top + ((u + 0.5) / units) * column.height]));
    ports = {
      input: [right(input)],
      left1: one.map((tile) => left(tile.parentNode)), right1: one.map(right),
      left2: two.map(left), right2: two.map(right),
      units: along(column.left - 1), right3: along(column.right + 1),
      digits: bars.map(left),
    };
  }
  return {
    node, measure,
    show(lines) {
      const [above, below] = ["--cl-above", "--cl-below"].map(ctx.color);
      pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
      pen.clearRect(0, 0, node.width, node.height);
      for (const { from, to, share, width, alpha } of lines) {
        const [[x0, y0], [x1, y1]] = [from, to].map(([port, n]) => ports[port][n]);
        const bend = Math.min(40, (x1 - x0) / 2);
        pen.beginPath();
        pen.moveTo(x0, y0);
        pen.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
        Object.assign(pen, { strokeStyle: share < 0 ? below : above, globalAlpha: alpha, lineWidth: width });
        pen.stroke();
      }
    },
  };
}
