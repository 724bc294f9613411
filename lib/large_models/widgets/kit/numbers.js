// How numbers are written, read and placed on an axis, one rule for every widget. Nothing of the DOM.

/** A number as a reader wants it: at most `digits` significant ones, a true minus sign. */
export function number(value, digits = 3) {
  if (Number.isNaN(value)) return "NaN";
  const decimals = Math.max(0, digits - Math.max(1, Math.floor(Math.log10(Math.abs(value) || 1)) + 1));
  const text = value.toFixed(decimals);
  const short = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  return (short === "-0" ? "0" : short).replace("-", "−");
}

/** A probability or a share, 0 to 1, as every widget shows it: "12.3%", "<0.1%", ">99.9%". */
export function probability(p) {
  if (Number.isNaN(p)) return "NaN";
  if (p === 0 || p === 1) return `${100 * p}%`;
  if (p < 0.0005) return "<0.1%";
  return p >= 0.9995 ? ">99.9%" : `${(100 * p).toFixed(1)}%`;
}

/** What a reader typed, as a number: "-1", "−1", "0,5", ".5", "1/9"; NaN if it is none. */
export function parseNumber(text) {
  const plain = text.trim().replace("−", "-").replace(",", ".");
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:\s*\/\s*(\d+\.?\d*))?$/.exec(plain);
  if (!match) return NaN;
  const value = Number(match[1]) / (match[2] === undefined ? 1 : Number(match[2]));
  return Number.isFinite(value) ? value : NaN;
}

/** A whole number with its thousands set apart: "12,345". */
export function count(value) {
  return value.toLocaleString("en-US");
}

/** A mean and its spread: "0.912 ± 0.004". */
export function spread([mean, deviation], digits = 3) {
  return `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}

/** An axis: a function from a value to its place. `from` lies at `start` and `to` at `end`. */
export function axis([from, to], [start, end]) {
  return (value) => start + ((end - start) * (value - from)) / (to - from);
}
