// What a promise allows: formulas/privacy.py, in JavaScript.

/** No attack on an (epsilon, delta)-private training finds a larger share; epsilon null: no promise.
 * @param {number} wrong
 * @param {number | null} epsilon
 * @param {number} delta
 */
export function mostFound(wrong, epsilon, delta) {
  if (epsilon === null) return 1;
  const most = Math.min(
    Math.exp(epsilon) * wrong + delta,
    1 - Math.exp(-epsilon) * (1 - delta - wrong),
  );
  return Math.max(0, Math.min(1, most));
}

/** The place of the share in `shares` (rising) that is nearest to `share`, by their ratio.
 * @param {number[]} shares
 * @param {number} share
 */
export function nearest(shares, share) {
  const away = (/** @type {number} */ other) => Math.abs(Math.log(other / share));
  return shares.reduce((best, other, i) => (away(other) < away(shares[best]) ? i : best), 0);
}
