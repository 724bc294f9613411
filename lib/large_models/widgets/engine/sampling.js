// From a model's scores to the next token: temperature, top-k, top-p, and a draw that can be
// repeated. The same in torch: models/gpt.py, `filter_logits` and `GPT.stream`.

/** What may be drawn. Options: temperature, topK, topP (null for all), greedy.
 *  Returns {order, kept, said, drawn}: token ids from the most probable on; the set of those that
 *  are not cut; and by id, the probabilities as the model has them, and as they are drawn.
 * @param {Float32Array | number[]} scores
 * @param {{ temperature?: number, topK?: number | null, topP?: number | null, greedy?: boolean }} [settings]
 */
export function nextTokens(
  scores,
  { temperature = 1, topK = null, topP = null, greedy = false } = {},
) {
  const order = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
  let kept = greedy ? order.slice(0, 1) : order;
  // Equals of the last one stay too.
  if (topK !== null && topK < kept.length) {
    kept = kept.filter((id) => scores[id] >= scores[order[topK - 1]]);
  }
  if (topP !== null && topP < 1) {
    const among = samplingSoftmax(scores, kept, temperature);
    let sum = 0;
    // As long as the sum before a token is below topP; so at least one stays.
    kept = kept.filter((id) => {
      sum += among[id];
      return sum - among[id] < topP;
    });
  }
  return {
    order,
    kept: new Set(kept),
    said: samplingSoftmax(scores, order, 1),
    drawn: samplingSoftmax(scores, kept, temperature),
  };
}

/** The token at `u`, 0 to 1, when those that may be drawn lie side by side, the most probable
 *  first, each as wide as its probability.
 * @param {{ order: number[], drawn: ArrayLike<number> }} drawing
 * @param {number} u
 */
export function pickToken({ order, drawn }, u) {
  let sum = 0;
  for (const id of order) {
    sum += drawn[id];
    if (u < sum) return id;
  }
  return order[0]; // rounding: the sum ended just below 1
}

/** The n-th number, 0 to 1, that the generator mulberry32 gives for a seed, from n = 0 on. It
 *  depends on nothing else, so going back and on again gives the same number.
 * @param {number} seed
 * @param {number} n
 */
export function drawAt(seed, n) {
  const state = (seed + Math.imul(n + 1, 0x6d2b79f5)) | 0;
  let x = Math.imul(state ^ (state >>> 15), 1 | state);
  x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
  return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
}

/** Probabilities by id of the ids in `kept`, whose first has the largest score; 0 for the others.
 * @param {ArrayLike<number>} scores
 * @param {number[]} kept
 * @param {number} temperature
 */
function samplingSoftmax(scores, kept, temperature) {
  const out = new Float64Array(scores.length);
  let total = 0;
  for (const id of kept) {
    out[id] = Math.exp((scores[id] - scores[kept[0]]) / temperature);
    total += out[id];
  }
  for (const id of kept) out[id] /= total;
  return out;
}
