// The kernel itself, as plain data: its cells, what its weights mean, how it can be changed.
import { t } from "../kit/language.js";
import { number } from "../kit/numbers.js";
import { tintOf } from "./model.js";

export const LARGEST_WEIGHT = 1000;
const PHOTO_EDITOR = ["identity", "blur", "sharpen", "emboss", "blur-5", "gauss-5"];
const LEARNED = "lenet-";

const kernelNames = () => ({
  identity: t("identity", "恒等"), blur: t("blur", "模糊"), sharpen: t("sharpen", "锐化"),
  "sobel-x": t("Sobel x (vertical)", "Sobel x（竖直）"),
  "sobel-y": t("Sobel y (horizontal)", "Sobel y（水平）"),
  outline: t("outline (Laplace)", "轮廓（拉普拉斯）"), emboss: t("emboss", "浮雕"),
  "blur-5": t("blur", "模糊"), "gauss-5": t("soft blur (Gauss)", "柔和模糊（高斯）"),
});

/** The kernels to choose from, {name: rows}, as the options of a menu. */
export function menuOf(kernels) {
  const names = kernelNames();
  const all = Object.keys(kernels);
  const ofSize = (K) => all.filter((name) => kernels[name].length === K && !name.startsWith(LEARNED))
    .map((name) => [name, names[name] ?? name]);
  const learned = all.filter((name) => name.startsWith(LEARNED)).map((name) => {
    const which = name.slice(LEARNED.length);
    return [name, t(`learned by LeNet, ${which}`, `LeNet 学到的 ${which}`)];
  });
  const group = { label: t("learned from digits, 5 × 5", "从数字学到的，5 × 5"), options: learned };
  return [
    { label: "3 × 3", options: ofSize(3) }, { label: "5 × 5", options: ofSize(5) },
    ...(learned.length ? [group] : []), ["own", t("your own", "自定义")],
  ];
}

/** A kernel's name among `kernels`, else "own". */
export function nameOf(kernels, kernel) {
  const same = (name) => JSON.stringify(kernels[name].flat()) === JSON.stringify(kernel.flat());
  return Object.keys(kernels).find(same) ?? "own";
}

/** The traits that choosing a kernel by its name changes: photo editors cut what such kernels make. */
export function picked(kernels, name) {
  return { kernel: kernels[name], clip: PHOTO_EDITOR.includes(name) };
}

/** The place of a cell in words. */
export function cellName(i, K) {
  const [r, c] = [Math.floor(i / K) + 1, (i % K) + 1];
  return t(`row ${r}, column ${c}`, `第 ${r} 行第 ${c} 列`);
}

/** What the buttons beside the kernel are called, which change cell i. */
export function buttonNames(i, K) {
  const name = cellName(i, K);
  return {
    cell: `${t("cell", "格")} ${Math.floor(i / K) + 1}, ${(i % K) + 1}`,
    less: `${name}: −1`, more: `${name}: +1`, flip: t(`${name}: change the sign`, `${name}：变号`),
  };
}

/** A kernel's cells and what its weights add up to: {K, tints, note}. */
export function kernelOf(kernel) {
  const weights = kernel.flat();
  const largest = Math.max(...weights.map(Math.abs));
  const sum = weights.reduce((a, b) => a + b, 0);
  const meaning = Math.abs(sum) < 1e-6 ? t(": flat areas become 0", "：平坦区域变为 0")
    : Math.abs(sum - 1) < 1e-6 ? t(": brightness stays", "：亮度不变") : "";
  return {
    K: kernel.length, tints: weights.map((weight) => tintOf(weight, largest)),
    note: `${t("weights add up to", "权重之和")} ${number(sum)}${meaning}`,
  };
}

/** The kernel with another weight in cell i. */
export function withWeight(kernel, i, weight) {
  const K = kernel.length;
  return kernel.map((row, r) => row.map((old, c) => (r * K + c === i ? weight : old)));
}

/** The kernel with cell i changed by so much, or as it was if that is too large. */
export function nudged(kernel, i, by) {
  const weight = Number((kernel.flat()[i] + by).toFixed(6));
  return Math.abs(weight) > LARGEST_WEIGHT ? kernel : withWeight(kernel, i, weight);
}

/** The kernel with the sign of cell i changed. */
export function flipped(kernel, i) {
  return nudged(kernel, i, -2 * kernel.flat()[i]);
}

/** The same weights K cells a side, with a ring of zeros put around or taken off. */
export function resized(kernel, K) {
  const shift = (kernel.length - K) / 2;
  const cells = Array.from({ length: K });
  return cells.map((_, r) => cells.map((__, c) => kernel[r + shift]?.[c + shift] ?? 0));
}

/** A weight in a narrow cell: two decimals, more if it is smaller, and no 0 before the point. */
export function shortWeight(weight) {
  const size = Math.abs(weight);
  if (size >= 1 || size < 1e-6) return number(weight);
  const decimals = Math.max(2, Math.ceil(-Math.log10(size)));
  return String(Number(weight.toFixed(decimals))).replace("-", "−").replace(/^(−?)0\./, "$1.");
}
