// How well losses tell members from others: lib/formulas/privacy.py, in JavaScript.

/** Shares of members and of others whose loss is at most the threshold: [found, false]. */
export function rates(members, others, threshold) {
  const below = (losses) => losses.reduce((n, loss) => n + (loss <= threshold), 0) / losses.length;
  return [below(members), below(others)];
}

/** [[false, found], ...] at every threshold that makes a difference, from [0, 0] to [1, 1]. */
export function roc(members, others) {
  const all = [...members.map((loss) => [loss, 1]), ...others.map((loss) => [loss, 0])].sort((a, b) => a[0] - b[0]);
  const points = [[0, 0]];
  let [found, wrong] = [0, 0];
  all.forEach(([loss, member], i) => {
    if (member) found += 1; else wrong += 1;
    if (i + 1 === all.length || all[i + 1][0] !== loss) points.push([wrong / others.length, found / members.length]);
  });
  return points;
}

/** The area under such points. */
export function areaUnder(points) {
  let area = 0;
  for (let i = 1; i < points.length; i++) {
    const [[x0, y0], [x1, y1]] = [points[i - 1], points[i]];
    area += ((x1 - x0) * (y0 + y1)) / 2;
  }
  return area;
}

/** No attack on an (epsilon, delta)-private training finds a larger share; epsilon null: no promise. */
export function mostFound(wrong, epsilon, delta) {
  if (epsilon === null) return 1;
  const most = Math.min(Math.exp(epsilon) * wrong + delta, 1 - Math.exp(-epsilon) * (1 - delta - wrong));
  return Math.max(0, Math.min(1, most));
}

/** How many losses fall into each of `bins` equal steps of log10 from `low` to `high`, ends included. */
export function histogram(losses, low, high, bins) {
  const counts = new Array(bins).fill(0);
  for (const loss of losses) {
    const place = Math.floor(((Math.log10(Math.max(loss, 1e-12)) - low) / (high - low)) * bins);
    counts[Math.max(0, Math.min(bins - 1, place))] += 1;
  }
  return counts;
}
