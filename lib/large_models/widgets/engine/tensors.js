// What a tensor is, and how operations read shapes and options.

/** @typedef {{ data: Float32Array, shape: number[] }} Tensor */

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

/**
 * @param {string} name
 * @param {Tensor} x
 */
export function imageShape(name, x) {
  if (x.shape.length !== 3 && x.shape.length !== 4) {
    throw new Error(`${name}: x must be (B, C, H, W) or (C, H, W), got ${show(x.shape)}`);
  }
  return x.shape.length === 4 ? x.shape : [1, ...x.shape];
}

/**
 * @param {Tensor} x
 * @param {number[]} shape
 */
export function batched(x, shape) {
  return x.shape.length === 4 ? shape : shape.slice(1);
}

/**
 * @template {Record<string, any>} D
 * @param {string} name
 * @param {Record<string, any> | null | undefined} options
 * @param {D} defaults
 * @returns {{ [K in keyof D]: any }}
 */
export function withDefaults(name, options, defaults) {
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
export function pair(name, what, value, least) {
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
export function whole(name, what, value, least) {
  if (!Number.isInteger(value) || value < least) {
    throw new Error(`${name}: ${what} must be a whole number of at least ${least}, got ${value}`);
  }
}

/**
 * @param {any} shape
 */
export function show(shape) {
  return `(${[].concat(shape).join(", ")})`;
}
