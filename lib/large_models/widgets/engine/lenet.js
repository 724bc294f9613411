// The LeNet of models/cnn.py in the page, on nn.js (tests/js/test_conv_live.py: NumPy and torch).
import { toInput } from "./digits.js";
import { conv2d, linear, maxPool2d, relu, reshape, softmax, tensor } from "./nn.js";

/** The weights by name. values: all their numbers, one after the other in the order of `shapes`.
 * @param {Float32Array} values
 * @param {Record<string, number[]>} shapes
 */
export function lenetWeights(values, shapes) {
  let at = 0;
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      at += size;
      return [name, tensor(values.slice(at - size, at), shape)];
    }),
  );
}

/** What every layer gives for a picture, 28 x 28 numbers. off: channels of the first convolution
 *  that give zero.
 * @param {Record<string, import("./nn.js").Tensor>} w
 * @param {ArrayLike<number>} pixels
 * @param {number[]} [off]
 */
export function lenetLayers(w, pixels, off = []) {
  const input = tensor(pixels, [1, 28, 28]);
  const conv1 = conv2d(input, w["conv1.weight"], w["conv1.bias"]);
  for (const channel of off) channelOf(conv1, channel).fill(0);
  const relu1 = relu(conv1);
  const pool1 = maxPool2d(relu1, { kernelSize: 2 });
  const conv2 = conv2d(pool1, w["conv2.weight"], w["conv2.bias"]);
  const relu2 = relu(conv2);
  const pool2 = maxPool2d(relu2, { kernelSize: 2 });
  const hidden = relu(
    linear(reshape(pool2, [pool2.data.length]), w["hidden.weight"], w["hidden.bias"]),
  );
  const scores = linear(hidden, w["output.weight"], w["output.bias"]);
  return { input, conv1, relu1, pool1, conv2, relu2, pool2, hidden, scores };
}

/** Every layer's output for 8 x 8 ink counts. w: the weights by name; kernels: the first layer's,
 *  [O][K][K], as the reader has them; off: its channels that give zero.
 * @param {Record<string, import("./nn.js").Tensor>} w
 * @param {ArrayLike<number>} counts
 * @param {number[][][]} kernels
 * @param {number[]} [off]
 */
export function lenetForward(w, counts, kernels, off = []) {
  const [O, , K] = w["conv1.weight"].shape;
  const edited = { ...w, "conv1.weight": tensor(kernels.flat(2), [O, 1, K, K]) };
  const layers = lenetLayers(edited, toInput(counts), off);
  return { ...layers, probabilities: softmax(layers.scores) };
}

/** The numbers of one channel of a (C, H, W) map, where they are.
 * @param {import("./nn.js").Tensor} map
 * @param {number} channel
 */
export function channelOf(map, channel) {
  const area = map.shape[1] * map.shape[2];
  return map.data.subarray(channel * area, (channel + 1) * area);
}
