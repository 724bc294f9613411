// Backward through the LeNet in the page: how its score changes with each pixel. The layers forward
// are lenet.js's (tests/js/test_gradients.py: torch's gradients within 1e-4). Chapter: 5_2_3_explanation.
import { softmax } from "./nn.js";
import { lenetLayers } from "./lenet.js";

/** The scores (10) of a picture, 28 x 28 numbers. w: the weights by name.
 * @param {Record<string, import("./nn.js").Tensor>} w
 * @param {ArrayLike<number>} pixels
 */
export function lenetScores(w, pixels) {
  return lenetLayers(w, pixels).scores;
}

/** How likely each digit is: (10) numbers.
 * @param {Record<string, import("./nn.js").Tensor>} w
 * @param {ArrayLike<number>} pixels
 */
export function lenetProbabilities(w, pixels) {
  return softmax(lenetScores(w, pixels)).data;
}

/** {scores (10), gradient (784): of the target's score, with respect to the pixels}.
 * @param {Record<string, import("./nn.js").Tensor>} w
 * @param {ArrayLike<number>} pixels
 * @param {number} target
 */
export function lenetGradient(w, pixels, target) {
  const { conv1, relu1, pool1, conv2, relu2, hidden, scores } = lenetLayers(w, pixels);
  if (!Number.isInteger(target) || target < 0 || target >= scores.data.length) {
    throw new Error(
      `lenetGradient: expected a target from 0 to ${scores.data.length - 1}, got ${target}`,
    );
  }
  const [outputs, weights] = [w["output.weight"], w["hidden.weight"]];
  const [HIDDEN, flat] = weights.shape;
  const atFlat = new Float64Array(flat);
  for (let unit = 0; unit < HIDDEN; unit++) {
    if (hidden.data[unit] <= 0) continue; // the ReLU lets nothing back
    const share = outputs.data[target * HIDDEN + unit];
    for (let i = 0; i < flat; i++) atFlat[i] += share * weights.data[unit * flat + i];
  }
  const atConv2 = throughPool(atFlat, relu2, conv2);
  const atPool1 = throughConv(atConv2, conv2.shape, w["conv2.weight"], pool1.shape);
  const atConv1 = throughPool(atPool1, relu1, conv1);
  return { scores, gradient: throughConv(atConv1, conv1.shape, w["conv1.weight"], [1, 28, 28]) };
}

/** Back through a maximum over 2 x 2 and the ReLU before it: what each window is given goes to its
 *  first largest value, if that is above zero.
 * @param {Float64Array} given
 * @param {import("./nn.js").Tensor} bent
 * @param {import("./nn.js").Tensor} before
 */
function throughPool(given, bent, before) {
  const [C, H, W] = before.shape;
  const out = new Float64Array(C * H * W);
  let window = 0;
  for (let c = 0; c < C; c++) {
    for (let y = 0; y < H; y += 2) {
      for (let x = 0; x < W; x += 2, window++) {
        const first = (c * H + y) * W + x;
        let best = first;
        for (const at of [first + 1, first + W, first + W + 1]) {
          if (bent.data[at] > bent.data[best]) best = at;
        }
        if (before.data[best] > 0) out[best] = given[window];
      }
    }
  }
  return out;
}

/** Back through a convolution of stride 1 without padding: each output hands what it is given to
 *  the pixels of its window, weighted as they came.
 * @param {Float64Array} given
 * @param {number[]} shape
 * @param {import("./nn.js").Tensor} weight
 * @param {number[]} inShape
 */
function throughConv(given, [O, H, W], weight, [C, inH, inW]) {
  const [, , K, L] = weight.shape;
  const out = new Float64Array(C * inH * inW);
  for (let o = 0; o < O; o++) {
    for (let y = 0; y < H; y++) {
      for (let x = 0; x < W; x++) {
        const value = given[(o * H + y) * W + x];
        if (value === 0) continue;
        for (let c = 0; c < C; c++) {
          for (let k = 0; k < K; k++) {
            const [to, from] = [(c * inH + y + k) * inW + x, ((o * C + c) * K + k) * L];
            for (let l = 0; l < L; l++) out[to + l] += value * weight.data[from + l];
          }
        }
      }
    }
  }
  return out;
}
