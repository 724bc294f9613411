// Weights of one byte a number: reads what widgets/packed.py packs, a safetensors file; and one
// of float16, two bytes a number, as the checkpoints are.

const PACKED_SHARE = 32; // numbers of a row that share a scale

/** The tensors by name, as {data: Float32Array, shape}; the same float32 numbers as Python's
 *  `unpack` gives. bytes: Uint8Array. Throws an Error if they are not such a file.
 * @param {Uint8Array} bytes
 * @returns {Record<string, import("./nn.js").Tensor>}
 */
export function unpack(bytes) {
  const { entries, start } = packedHeader(bytes);
  /**
   * @template {Int8Array | Uint16Array | Float32Array} V
   * @param {string} name
   * @param {{ new (buffer: ArrayBuffer): V, BYTES_PER_ELEMENT: number }} Values
   */
  const read = (name, Values) => {
    const { shape, data_offsets: [from, to] } = entries[name];
    const size = shape.reduce((a, b) => a * b, 1);
    if (to - from !== size * Values.BYTES_PER_ELEMENT || start + to > bytes.length) {
      throw new Error(`unpack: “${name}” of shape (${shape.join(", ")}) is incomplete`);
    }
    return new Values(new Uint8Array(bytes.subarray(start + from, start + to)).buffer); // aligned
  };
  /** @type {Record<string, import("./nn.js").Tensor>} */
  const tensors = {};
  for (const [name, { dtype, shape }] of Object.entries(entries)) {
    if (dtype === "I8") {
      if (entries[`${name}.scale`]?.dtype !== "F32") {
        throw new Error(`unpack: expected “${name}.scale”`);
      }
      const [whole, scale] = [read(name, Int8Array), read(`${name}.scale`, Float32Array)];
      const width = shape.slice(1).reduce((x, y) => x * y, 1);
      const groups = Math.ceil(width / PACKED_SHARE);
      if (scale.length !== shape[0] * groups) {
        throw new Error(`unpack: expected “${name}.scale” of shape (${shape[0]}, ${groups})`);
      }
      const data = new Float32Array(whole.length);
      for (let row = 0; row < shape[0]; row++) {
        for (let i = 0; i < width; i++) {
          data[row * width + i] = whole[row * width + i] *
            scale[row * groups + Math.floor(i / PACKED_SHARE)];
        }
      }
      tensors[name] = { data, shape };
    } else if (dtype === "F16") {
      tensors[name] = { data: Float32Array.from(read(name, Uint16Array), packedHalf), shape };
    } else if (dtype !== "F32") {
      throw new Error(`unpack: expected “${name}” to be I8, F16 or F32, got ${dtype}`);
    } else if (entries[name.replace(/\.scale$/, "")]?.dtype !== "I8") {
      tensors[name] = { data: read(name, Float32Array), shape };
    }
  }
  return tensors;
}

/** The number that sixteen bits stand for: sign, five bits of exponent, ten of fraction.
 * @param {number} bits
 */
function packedHalf(bits) {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 31
    ? (fraction ? NaN : Infinity)
    : exponent
    ? (1 + fraction / 1024) * 2 ** (exponent - 15)
    : fraction * 2 ** -24;
  return bits >> 15 ? -size : size;
}

/** The entries {name: {dtype, shape, data_offsets}}, and where the data starts.
 * @param {Uint8Array} bytes
 * @returns {{ entries: Record<string, { dtype: string, shape: number[], data_offsets: number[] }>, start: number }}
 */
function packedHeader(bytes) {
  try {
    const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
    const { __metadata__, ...entries } = JSON.parse(
      new TextDecoder().decode(bytes.subarray(8, 8 + length)),
    );
    return { entries, start: 8 + length };
  } catch (error) {
    throw new Error(
      `unpack: expected packed weights (${error instanceof Error ? error.message : error})`,
    );
  }
}
