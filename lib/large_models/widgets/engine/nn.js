// The network's arithmetic on typed arrays: what the widgets compute in the page.
//
// A tensor is {data: Float32Array, shape: [...]}, rows last ("C order"). Functions, arguments,
// defaults and shapes are torch.nn.functional's, in camelCase: images are (B, C, H, W) or
// (C, H, W), options come in an object, an int stands for a pair. Sums run in double precision and
// are stored as float32, so results agree with NumPy and torch to 1e-5 (tests/js/test_nn.py).
// The same operations to read: formulas/cnn.py.

/** @typedef {{ data: Float32Array, shape: number[] }} Tensor */
/** Cells of a pooled axis. @typedef {{ from: number, to: number, by: number, padded: number }} Span */

/**
 * @param {ArrayLike<number>} data
 * @param {number[]} shape
 * @returns {Tensor}
 */
export function tensor(data, shape) {
  const size = shape.reduce((product, n) => product * n, 1);
  if (shape.some((n) => !Number.isInteger(n) || n < 0) || data.length !== size) {
    throw new Error(`tensor: shape (${shape.join(", ")}) needs ${size} values, got ${data.length}`);
  }
  return { data: data instanceof Float32Array ? data : Float32Array.from(data), shape: [...shape] };
}

/**
 * @param {Tensor} x
 * @param {number[]} shape
 */
export function reshape(x, shape) {
  return tensor(x.data, shape);
}

/** Cross-correlation. x (B, C, H, W) or (C, H, W); weight (O, C / groups, K, L); bias (O) or null.
 *  Options: stride, dilation (int or pair), padding (int, pair, "same" or "valid"), groups.
 * @param {Tensor} x
 * @param {Tensor} weight
 * @param {Tensor | null} [bias]
 * @param {Record<string, any>} [options]
 */
export function conv2d(x, weight, bias = null, options = {}) {
  const { stride, padding, dilation, groups } = withDefaults("conv2d", options, {
    stride: 1,
    padding: 0,
    dilation: 1,
    groups: 1,
  });
  const [B, C, H, W] = imageShape("conv2d", x);
  if (weight.shape.length !== 4) {
    throw new Error(`conv2d: weight must be (O, C / groups, K, L), got ${show(weight.shape)}`);
  }
  const [O, Cg, K, L] = weight.shape;
  whole("conv2d", "groups", groups, 1);
  if (C % groups || O % groups) {
    throw new Error(
      `conv2d: ${C} input and ${O} output channels must both divide by groups=${groups}`,
    );
  }
  if (Cg * groups !== C) {
    throw new Error(
      `conv2d: weight ${show(weight.shape)} with groups=${groups} needs ` +
        `${Cg * groups} input channels, x has ${C}`,
    );
  }
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== O)) {
    throw new Error(`conv2d: bias must be (${O}), got ${show(bias.shape)}`);
  }
  const [sy, sx] = pair("conv2d", "stride", stride, 1);
  const [dy, dx] = pair("conv2d", "dilation", dilation, 1);
  const [[top, bottom], [left, right]] = convPadding(padding, [sy, sx], [
    dy * (K - 1),
    dx * (L - 1),
  ]);
  const outH = outputLength("conv2d", H + top + bottom, K, sy, dy);
  const outW = outputLength("conv2d", W + left + right, L, sx, dx);

  // A tap is one weight and where its pixel lies, counted from the window's first corner.
  const [padH, padW] = [H + top + bottom, W + left + right];
  const T = Cg * K * L;
  const offsets = Int32Array.from({ length: T }, (_, tap) => {
    const [c, k, l] = [Math.floor(tap / (K * L)), Math.floor(tap / L) % K, tap % L];
    return (c * padH + k * dy) * padW + l * dx;
  });
  const padded = new Float64Array(C * padH * padW);
  const sums = new Float64Array(outW);
  const out = new Float32Array(B * O * outH * outW);
  for (let b = 0; b < B; b++) {
    for (let row = 0; row < C * H; row++) {
      const [c, y] = [Math.floor(row / H), row % H];
      const from = (b * C * H + row) * W;
      padded.set(x.data.subarray(from, from + W), (c * padH + top + y) * padW + left);
    }
    for (let o = 0; o < O; o++) {
      const weights = Float64Array.from(weight.data.subarray(o * T, (o + 1) * T));
      const group = Math.floor((o * groups) / O) * Cg * padH * padW;
      for (let i = 0; i < outH; i++) {
        sums.fill(bias ? bias.data[o] : 0);
        const corner = group + i * sy * padW;
        let tap = 0;
        for (; tap + 4 <= T; tap += 4) addFourTaps(sums, padded, corner, sx, offsets, weights, tap);
        for (; tap < T; tap++) addTap(sums, padded, corner + offsets[tap], sx, weights[tap]);
        out.set(sums, ((b * O + o) * outH + i) * outW);
      }
    }
  }
  return tensor(out, batched(x, [B, O, outH, outW]));
}

/** The largest value of each window. x (B, C, H, W) or (C, H, W); padding counts as -infinity.
 *  Options: kernelSize, stride (default: kernelSize), padding, dilation (int or pair), ceilMode.
 * @param {Tensor} x
 * @param {Record<string, any>} options
 */
export function maxPool2d(x, options) {
  const o = withDefaults("maxPool2d", options, {
    kernelSize: undefined,
    stride: null,
    padding: 0,
    dilation: 1,
    ceilMode: false,
  });
  return pool("maxPool2d", x, o, (plane, W, ys, xs) => {
    let best = -Infinity;
    for (let y = ys.from; y < ys.to; y += ys.by) {
      for (let col = xs.from; col < xs.to; col += xs.by) {
        const value = plane[y * W + col];
        if (value > best || Number.isNaN(value)) best = value;
      }
    }
    return best;
  });
}

/** The mean of each window. x (B, C, H, W) or (C, H, W); padding counts as 0, or, with
 *  countIncludePad: false, not at all. Options: kernelSize, stride, padding, ceilMode.
 * @param {Tensor} x
 * @param {Record<string, any>} options
 */
export function avgPool2d(x, options) {
  const o = withDefaults("avgPool2d", options, {
    kernelSize: undefined,
    stride: null,
    padding: 0,
    ceilMode: false,
    countIncludePad: true,
  });
  return pool("avgPool2d", x, { ...o, dilation: 1 }, (plane, W, ys, xs) => {
    let sum = 0;
    for (let y = ys.from; y < ys.to; y++) {
      for (let col = xs.from; col < xs.to; col++) sum += plane[y * W + col];
    }
    const inside = (ys.to - ys.from) * (xs.to - xs.from);
    return sum / (o.countIncludePad ? ys.padded * xs.padded : inside);
  });
}

/**
 * @param {Tensor} x
 */
export function relu(x) {
  return tensor(x.data.map((v) => (v < 0 ? 0 : v)), x.shape);
}

/** x (..., I) times weight (O, I) transposed, plus bias (O) or null: (..., O).
 * @param {Tensor} x
 * @param {Tensor} weight
 * @param {Tensor | null} [bias]
 */
export function linear(x, weight, bias = null) {
  const I = x.shape.at(-1);
  if (weight.shape.length !== 2 || weight.shape[1] !== I) {
    throw new Error(
      `linear: weight must be (O, ${I}) for x ${show(x.shape)}, got ${show(weight.shape)}`,
    );
  }
  const O = weight.shape[0];
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== O)) {
    throw new Error(`linear: bias must be (${O}), got ${show(bias.shape)}`);
  }
  const rows = I ? x.data.length / I : 0;
  const out = new Float32Array(rows * O);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < O; o++) {
      let sum = bias ? bias.data[o] : 0;
      for (let i = 0; i < I; i++) sum += x.data[r * I + i] * weight.data[o * I + i];
      out[r * O + o] = sum;
    }
  }
  return tensor(out, [...x.shape.slice(0, -1), O]);
}

/** Probabilities along the last axis; the largest logit is subtracted first, so nothing overflows.
 * @param {Tensor} x
 */
export function softmax(x) {
  const [K] = x.shape.slice(-1);
  const out = new Float32Array(x.data.length);
  for (let start = 0; start < out.length; start += K) {
    const logits = x.data.subarray(start, start + K);
    const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
    const powers = Float64Array.from(logits, (v) => Math.exp(v - largest));
    const total = powers.reduce((a, b) => a + b, 0);
    for (let k = 0; k < K; k++) out[start + k] = powers[k] / total;
  }
  return tensor(out, x.shape);
}

/** Length of one axis after a window of K cells, `dilation` apart, moved over `length` cells.
 * @param {string} name
 * @param {number} length
 * @param {number} K
 * @param {number} stride
 * @param {number} dilation
 */
export function outputLength(name, length, K, stride, dilation) {
  const span = dilation * (K - 1) + 1;
  if (span > length) {
    throw new Error(`${name}: a window of ${span} does not fit into ${length} (padding included)`);
  }
  return Math.floor((length - span) / stride) + 1;
}

/** Adds one tap's products to a row of sums, one per window.
 * @param {Float64Array} sums
 * @param {Float64Array} data
 * @param {number} at
 * @param {number} stride
 * @param {number} weight
 */
function addTap(sums, data, at, stride, weight) {
  for (let j = 0; j < sums.length; j++, at += stride) sums[j] += weight * data[at];
}

/** Four taps at once: a third of the time, since each sum is loaded and stored once for all.
 * @param {Float64Array} sums
 * @param {Float64Array} data
 * @param {number} corner
 * @param {number} stride
 * @param {Int32Array} offsets
 * @param {Float64Array} weights
 * @param {number} tap
 */
function addFourTaps(sums, data, corner, stride, offsets, weights, tap) {
  const w0 = weights[tap], w1 = weights[tap + 1], w2 = weights[tap + 2], w3 = weights[tap + 3];
  let a0 = corner + offsets[tap], a1 = corner + offsets[tap + 1];
  let a2 = corner + offsets[tap + 2], a3 = corner + offsets[tap + 3];
  for (let j = 0; j < sums.length; j++) {
    sums[j] += w0 * data[a0] + w1 * data[a1] + w2 * data[a2] + w3 * data[a3];
    a0 += stride;
    a1 += stride;
    a2 += stride;
    a3 += stride;
  }
}

/**
 * @param {string} name
 * @param {Tensor} x
 * @param {Record<string, any>} o
 * @param {(plane: Float32Array, W: number, ys: Span, xs: Span) => number} reduce
 */
function pool(name, x, o, reduce) {
  const [B, C, H, W] = imageShape(name, x);
  const kernel = pair(name, "kernelSize", o.kernelSize, 1);
  const stride = o.stride === null ? kernel : pair(name, "stride", o.stride, 1);
  const padding = pair(name, "padding", o.padding, 0);
  const dilation = pair(name, "dilation", o.dilation, 1);
  if (padding.some((p, axis) => 2 * p > kernel[axis])) {
    throw new Error(
      `${name}: padding ${show(padding)} must be at most half of kernelSize ${show(kernel)}`,
    );
  }
  const [ys, xs] = [H, W].map((length, axis) => (
    windows(name, length, kernel[axis], stride[axis], padding[axis], dilation[axis], o.ceilMode)
  ));
  const out = new Float32Array(B * C * ys.length * xs.length);
  let at = 0;
  for (let p = 0; p < B * C; p++) {
    const plane = x.data.subarray(p * H * W, (p + 1) * H * W);
    for (const y of ys) for (const col of xs) out[at++] = reduce(plane, W, y, col);
  }
  return tensor(out, batched(x, [B, C, ys.length, xs.length]));
}

/** Each window of a pooled axis: the cells {from, to, by} inside the image, and how many cells
 *  of the padded image it covers.
 * @param {string} name
 * @param {number} length
 * @param {number} kernel
 * @param {number} stride
 * @param {number} padding
 * @param {number} dilation
 * @param {boolean} ceilMode
 * @returns {Span[]}
 */
function windows(name, length, kernel, stride, padding, dilation, ceilMode) {
  const room = length + 2 * padding;
  const span = dilation * (kernel - 1) + 1;
  let count = (ceilMode ? Math.ceil : Math.floor)((room - span) / stride) + 1;
  // A window that ceilMode adds must start inside the image or its left padding.
  if (ceilMode && (count - 1) * stride >= length + padding) count -= 1;
  if (count < 1) {
    throw new Error(`${name}: a window of ${span} does not fit into ${room} (padding included)`);
  }
  return Array.from({ length: count }, (_, i) => {
    const start = i * stride - padding;
    const from = start < 0 ? start + Math.ceil(-start / dilation) * dilation : start;
    const to = Math.min(start + span, length);
    return { from, to, by: dilation, padded: Math.min(start + span, length + padding) - start };
  });
}

/**
 * @param {any} padding
 * @param {number[]} strides
 * @param {number[]} spans
 * @returns {number[][]}
 */
function convPadding(padding, [sy, sx], spans) {
  if (padding === "valid") return [[0, 0], [0, 0]];
  if (padding === "same") {
    if (sy !== 1 || sx !== 1) {
      throw new Error(`conv2d: padding "same" needs stride 1, got (${sy}, ${sx})`);
    }
    return spans.map((span) => [Math.floor(span / 2), span - Math.floor(span / 2)]);
  }
  return pair("conv2d", "padding", padding, 0).map((p) => [p, p]);
}

/**
 * @param {string} name
 * @param {Tensor} x
 */
function imageShape(name, x) {
  if (x.shape.length !== 3 && x.shape.length !== 4) {
    throw new Error(`${name}: x must be (B, C, H, W) or (C, H, W), got ${show(x.shape)}`);
  }
  return x.shape.length === 4 ? x.shape : [1, ...x.shape];
}

/**
 * @param {Tensor} x
 * @param {number[]} shape
 */
function batched(x, shape) {
  return x.shape.length === 4 ? shape : shape.slice(1);
}

/**
 * @template {Record<string, any>} D
 * @param {string} name
 * @param {Record<string, any> | null | undefined} options
 * @param {D} defaults
 * @returns {{ [K in keyof D]: any }}
 */
function withDefaults(name, options, defaults) {
  for (const key of Object.keys(options ?? {})) {
    if (!(key in defaults)) {
      throw new Error(`${name}: no option "${key}", expected ${Object.keys(defaults).join(", ")}`);
    }
  }
  return { ...defaults, ...options };
}

/**
 * @param {string} name
 * @param {string} what
 * @param {any} value
 * @param {number} least
 * @returns {number[]}
 */
function pair(name, what, value, least) {
  const values = Array.isArray(value) ? value : [value, value];
  if (values.length !== 2) {
    throw new Error(`${name}: ${what} must be an int or a pair, got ${show(value)}`);
  }
  for (const v of values) whole(name, what, v, least);
  return values;
}

/**
 * @param {string} name
 * @param {string} what
 * @param {any} value
 * @param {number} least
 */
function whole(name, what, value, least) {
  if (!Number.isInteger(value) || value < least) {
    throw new Error(`${name}: ${what} must be a whole number of at least ${least}, got ${value}`);
  }
}

/**
 * @param {any} shape
 */
function show(shape) {
  return `(${[].concat(shape).join(", ")})`;
}
