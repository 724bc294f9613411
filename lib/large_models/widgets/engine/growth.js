// A straight line through logarithms, and how sure it is: formulas/growth.py in JavaScript.

/** The t with probability p below it, for a whole number of degrees of freedom; p above 0.5.
 *  Abramowitz and Stegun 26.7.3-4 give the probability as a finite sum; bisection turns it round.
 * @param {number} p
 * @param {number} degrees
 */
export function studentQuantile(p, degrees) {
  const within = (/** @type {number} */ t) => { // probability between -t and t
    const angle = Math.atan(t / Math.sqrt(degrees));
    const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
    let [term, sum] = degrees % 2 ? [cos, degrees > 1 ? cos : 0] : [1, 1];
    for (let k = degrees % 2 ? 3 : 2; k <= degrees - 2; k += 2) {
      term *= (cos * cos * (k - 1)) / k;
      sum += term;
    }
    return degrees % 2 ? (2 / Math.PI) * (angle + sin * sum) : sin * sum;
  };
  let [low, high] = [0, 1];
  while (within(high) < 2 * p - 1) high *= 2;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (within(middle) < 2 * p - 1) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

const mean = (/** @type {number[]} */ values) => values.reduce((a, b) => a + b, 0) / values.length;

/** The line through log2 of the values, or null for fewer than three points or one time only.
 *  slope in doublings a year; doublings is its interval in years, null where no growth is possible;
 *  line(t) and band(t) give values.
 * @param {number[]} times
 * @param {number[]} values
 * @param {number} [confidence]
 */
export function fitGrowth(times, values, confidence = 0.95) {
  const n = times.length;
  if (n < 3) return null;
  const logs = values.map(Math.log2);
  const [tMean, yMean] = [mean(times), mean(logs)];
  const spread = times.reduce((sum, t) => sum + (t - tMean) ** 2, 0);
  if (spread === 0) return null;
  const slope = times.reduce((sum, t, i) => sum + (t - tMean) * (logs[i] - yMean), 0) / spread;
  const rest = times.reduce((sum, t, i) => sum + (logs[i] - yMean - slope * (t - tMean)) ** 2, 0);
  const scatter = Math.sqrt(rest / (n - 2));
  const error = scatter / Math.sqrt(spread);
  const quantile = studentQuantile((1 + confidence) / 2, n - 2);
  const [low, high] = [slope - quantile * error, slope + quantile * error];
  const log = (/** @type {number} */ t) => yMean + slope * (t - tMean);
  const reach = (/** @type {number} */ t) =>
    quantile * scatter * Math.sqrt(1 / n + (t - tMean) ** 2 / spread);
  return {
    n,
    slope,
    error,
    quantile,
    scatter,
    slopes: [low, high],
    doubling: 1 / slope,
    doublings: low > 0 ? [1 / high, 1 / low] : null,
    line: (/** @type {number} */ t) => 2 ** log(t),
    band: (/** @type {number} */ t) => [2 ** (log(t) - reach(t)), 2 ** (log(t) + reach(t))],
  };
}
