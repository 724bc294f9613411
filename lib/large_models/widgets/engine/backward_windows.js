// Back through sliding windows: convolution and pooling. Exported by backward.js.
import { readConv } from "./nn.js";
import { AVG_POOL, MAX_POOL, pooledWindows } from "./pooling.js";
import { batched, show, tensor, withDefaults } from "./tensors.js";

/** @import { Tensor } from "./tensors.js" */

/** Gradients of `conv2d`: {x, weight, bias}. grad (B, O, H', W') or (O, H', W'); the rest as given
 *  to `conv2d`.
 * @param {Tensor} grad
 * @param {Tensor} x
 * @param {Tensor} weight
 * @param {Record<string, any>} [options]
 */
export function conv2dBackward(grad, x, weight, options = {}) {
  const c = readConv(x, weight, null, options);
  const { B, C, H, W, O, Cg, K, L, groups, sy, sx, dy, dx, top, left, padW, outH, outW } = c;
  sameShape("conv2dBackward", grad, batched(x, [B, O, outH, outW]));
  const size = C * c.padH * padW;
  const [padded, gradPadded] = [new Float64Array(size), new Float64Array(size)];
  const gradX = new Float32Array(x.data.length);
  const gradWeight = new Float64Array(weight.data.length);
  const gradBias = new Float64Array(O);
  const each = (/** @type {(inside: number, outside: number) => void} */ row) => {
    for (let line = 0; line < C * H; line++) {
      row(line * W, (Math.floor(line / H) * c.padH + top + (line % H)) * padW + left);
    }
  };
  for (let b = 0; b < B; b++) {
    const from = b * C * H * W;
    each((at, to) => padded.set(x.data.subarray(from + at, from + at + W), to));
    gradPadded.fill(0);
    for (let o = 0; o < O; o++) {
      const plane = (b * O + o) * outH * outW;
      for (let i = 0; i < outH * outW; i++) gradBias[o] += grad.data[plane + i];
      const first = Math.floor((o * groups) / O) * Cg;
      for (let tap = 0; tap < Cg * K * L; tap++) {
        const channel = first + Math.floor(tap / (K * L));
        const corner = (channel * c.padH + (Math.floor(tap / L) % K) * dy) * padW + (tap % L) * dx;
        const at = o * Cg * K * L + tap;
        const factor = weight.data[at];
        let sum = 0;
        for (let i = 0; i < outH; i++) {
          let pixel = corner + i * sy * padW;
          for (let j = 0, g = plane + i * outW; j < outW; j++, g++, pixel += sx) {
            sum += grad.data[g] * padded[pixel];
            gradPadded[pixel] += grad.data[g] * factor;
          }
        }
        gradWeight[at] += sum;
      }
    }
    each((at, to) => gradX.set(gradPadded.subarray(to, to + W), from + at));
  }
  return {
    x: tensor(gradX, x.shape),
    weight: tensor(gradWeight, weight.shape),
    bias: tensor(gradBias, [O]),
  };
}

/** The gradient of `maxPool2d` with respect to x: what a window is given goes to its largest value,
 *  to the first of equals.
 * @param {Tensor} grad
 * @param {Tensor} x
 * @param {Record<string, any>} options
 */
export function maxPool2dBackward(grad, x, options) {
  const o = withDefaults("maxPool2dBackward", options, MAX_POOL);
  return spread("maxPool2dBackward", grad, x, o, (plane, out, W, given, ys, xs) => {
    let [best, where] = [-Infinity, -1];
    for (let y = ys.from; y < ys.to; y += ys.by) {
      for (let at = xs.from; at < xs.to; at += xs.by) {
        const value = plane[y * W + at];
        if (where < 0 || value > best || Number.isNaN(value)) {
          [best, where] = [value, y * W + at];
        }
      }
    }
    if (where >= 0) out[where] += given;
  });
}

/** The gradient of `avgPool2d` with respect to x: each window shares what it is given equally.
 * @param {Tensor} grad
 * @param {Tensor} x
 * @param {Record<string, any>} options
 */
export function avgPool2dBackward(grad, x, options) {
  const o = withDefaults("avgPool2dBackward", options, AVG_POOL);
  const all = { ...o, dilation: 1 };
  return spread("avgPool2dBackward", grad, x, all, (_, out, W, given, ys, xs) => {
    const inside = (ys.to - ys.from) * (xs.to - xs.from);
    const share = given / (o.countIncludePad ? ys.padded * xs.padded : inside);
    for (let y = ys.from; y < ys.to; y++) {
      for (let at = xs.from; at < xs.to; at++) out[y * W + at] += share;
    }
  });
}

/** @typedef {import("./pooling.js").Span} Span */

/**
 * @param {string} name
 * @param {Tensor} grad
 * @param {Tensor} x
 * @param {Record<string, any>} o
 * @param {(plane: Float32Array, out: Float64Array, W: number, given: number, ys: Span, xs: Span) => void} hand
 */
function spread(name, grad, x, o, hand) {
  const { planes, H, W, ys, xs, shape } = pooledWindows(name, x, o);
  sameShape(name, grad, shape);
  const out = new Float64Array(x.data.length);
  let at = 0;
  for (let p = 0; p < planes; p++) {
    const plane = x.data.subarray(p * H * W, (p + 1) * H * W);
    const target = out.subarray(p * H * W, (p + 1) * H * W);
    for (const y of ys) for (const column of xs) hand(plane, target, W, grad.data[at++], y, column);
  }
  return tensor(out, x.shape);
}

/**
 * @param {string} name
 * @param {Tensor} grad
 * @param {number[]} shape
 */
export function sameShape(name, grad, shape) {
  if (grad.shape.join() !== shape.join()) {
    throw new Error(`${name}: expected a gradient of ${show(shape)}, got ${show(grad.shape)}`);
  }
}
