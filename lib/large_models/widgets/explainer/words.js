// What both sides of the Explainer say: names of the methods, and what an answer loses.
import { t } from "../kit/language.js";
import { number, probability } from "../kit/numbers.js";

/** The methods' names in the page's language. */
export const methodNames = () => ({
  saliency: t("saliency", "显著图"),
  times: t("gradient × input", "梯度×输入"),
  integrated: t("integrated gradients", "积分梯度"),
  occlusion: t("occlusion", "遮挡"),
  rollout: t("attention rollout", "注意力展开"),
  hide: t("lost if hidden", "藏起后失去"),
});

/** "99.2% → 12.0%". */
export function fall(before, after) {
  return `${probability(before)} → ${probability(after)}`;
}

/** What the parts of an explanation should sum to, and how far they are from it. */
export function sumText(span, gap) {
  const off = gap < 0.005 ? "<0.01" : number(gap, 2);
  return t(`should sum to ${number(span)}: off by ${off}`, `之和应为 ${number(span)}：相差 ${off}`);
}

/** The rows of an answer: probabilities, or null where there is none; chosen: which is explained. */
export function answerRows(p, chosen, length) {
  const best = p ? p.indexOf(Math.max(...p)) : -1;
  return Array.from({ length }, (_, i) => ({
    share: p ? p[i] : null, text: p ? probability(p[i]) : "", best: i === best, chosen: p !== null && i === chosen,
  }));
}

/** The numbers in an order that looks random, the same for the same draws of `random`. */
export function shuffled(numbers, random) {
  return numbers.map((n) => [random(), n]).sort((a, b) => a[0] - b[0]).map(([, n]) => n);
}
