// TrainingBudget's numbers as a reader types them and as they are shown.

const UNITS = { k: 1e3, m: 1e6, g: 1e9, b: 1e9, t: 1e12 };

/** What a reader typed: "176e9", "176B", "1.5 T", "40 %", "384"; NaN if it is no number. */
export function readAmount(text) {
  const match = /^\s*(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*([kmgbt%])?\s*$/i.exec(text.replace(/(\d),(?=\d{3})/g, "$1"));
  if (!match) return NaN;
  const unit = match[3] === "%" ? 0.01 : UNITS[match[3]?.toLowerCase()] ?? 1;
  return Number(match[1] + (match[2] ?? "")) * unit;
}

/** As `readAmount`; a bare number from 1 on is a percentage: "40" and "0.4" are both 0.4. */
export function readShare(text) {
  const value = readAmount(text);
  return value >= 1 && !text.includes("%") ? value / 100 : value;
}

/** A share with three digits: "40%". */
export const percent = (share) => `${Number((100 * share).toPrecision(3))}%`;

/** A number with three digits and k, M, B or T. */
export function amount(value) {
  if (value >= 1e15) return value.toExponential(2);
  for (const [unit, size] of [["T", 1e12], ["B", 1e9], ["M", 1e6], ["k", 1e4]]) {
    if (value >= size) return `${Number((value / (unit === "k" ? 1e3 : size)).toPrecision(4))}${unit}`;
  }
  return String(Number(value.toPrecision(4)));
}
