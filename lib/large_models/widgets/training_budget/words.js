// TrainingBudget's numbers as a reader types them and as they are shown. No DOM.
import { t } from "../kit/language.js";
import { count } from "../kit/numbers.js";

const UNITS = { k: 1e3, m: 1e6, g: 1e9, b: 1e9, t: 1e12 };
const SIZES = [["T", 1e12, 1e12], ["B", 1e9, 1e9], ["M", 1e6, 1e6], ["k", 1e3, 1e4]]; // letter, size, from where on
const YEAR = 365.25;
const TIMES = [[YEAR, "years", "年"], [1, "days", "天"], [1 / 24, "hours", "小时"], [1 / 1440, "minutes", "分钟"]];

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

/** A number with four digits and k, M, B or T. */
export function amount(value) {
  const rounded = Number(value.toPrecision(4));
  if (rounded >= 1e15) return value.toExponential(2);
  const [letter, size] = SIZES.find(([, , from]) => rounded >= from) ?? ["", 1];
  return `${Number((rounded / size).toPrecision(4))}${letter}`;
}

/** A number in full from a thousand on, with three digits below; short again from ten thousand million on. */
export function whole(value) {
  if (value >= 1e10) return amount(value);
  return value >= 999.5 ? count(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** Bytes in GB. */
export function gigabytes(bytes) {
  const value = bytes / 1e9;
  return value >= 100 ? whole(value) : value.toFixed(value >= 1 ? 1 : 2);
}

/** Days in the unit that suits them: "124 days". */
export function duration(days) {
  const [size, en, zh] = TIMES.find(([unit]) => days >= unit) ?? TIMES.at(-1);
  const value = days / size;
  return `${value >= 1e5 ? amount(value) : whole(value)} ${t(en, zh)}`;
}

/** A number as [mantissa, exponent] of a power of ten: ["3.14", "23"]. */
export function power(value) {
  const [mantissa, exponent] = value.toExponential(2).split("e");
  return [mantissa, String(Number(exponent))];
}
