// PrivacyDial's state: its traits in, texts and both pictures out. No DOM.
import { mostFound, nearest } from "../engine/privacy.js";
import { t } from "../kit/language.js";
import { axis, number, probability, spread } from "../kit/numbers.js";

export const HISTOGRAM_HEIGHT = 190;
const HISTOGRAM = { left: 10, right: 10, top: 18, bottom: HISTOGRAM_HEIGHT - 22 };
export const ROC_SIDE = 230;
const ROC = { left: 42, right: ROC_SIDE - 10, top: 8, bottom: ROC_SIDE - 34 };
const SUPERSCRIPTS = "⁰¹²³⁴⁵";

/** A way of training, in words. */
export function wayText(way) {
  if (way === "overfitted") return t("as usual, until it overfits", "照常训练，直到过拟合");
  if (way === "stopped early") return t("as usual, stopped early", "照常训练，提前停止");
  if (way === "not clipped") return t("100 plain steps, not clipped", "100 步普通下降，不裁剪");
  const sigma = way.split(" ")[1];
  if (sigma === "0") return t("100 steps, gradients clipped", "100 步，梯度裁剪");
  return t(`clipped, noise σ = ${sigma}`, `裁剪，噪声 σ = ${sigma}`);
}

/** `get(trait)` gives a trait. view(): choices and texts; histogram(width) and roc(): what is drawn, in pixels:
 *  lines of points, texts {at, text, anchor}. */
export function dialModel(get) {
  const shares = get("_false");
  const least = shares[0];
  const summary = () => get("_summaries")[get("way")];
  const now = () => get("_attacks")[get("way")][get("attack")][get("whose")];
  const step = () => nearest(shares, get("false_alarms"));
  const most = (share) => mostFound(share, summary().epsilon, get("_delta"));

  function view() {
    const { epsilon, accuracy } = summary();
    const wrong = shares[step()];
    const values = {
      found: probability(now().found[step()]), wrong: probability(wrong),
      most: epsilon === null ? t("no promise", "没有承诺") : probability(most(wrong)),
      area: spread(now().auc), accuracy: spread(accuracy), epsilon: epsilon === null ? "∞" : number(epsilon),
    };
    const way = wayText(get("way"));
    return {
      way: get("way"), attack: get("attack"), whose: get("whose"), false_alarms: wrong, values,
      axis: get("attack") === "lira" ? t("log ratio Λ", "似然比的对数") : t("loss, falling", "损失（向右递减）"),
      said: t(`${way}: ${values.found} of members found at ${values.wrong} false alarms, accuracy ${values.accuracy}`,
        `${way}：误报 ${values.wrong} 时找出成员 ${values.found}，准确率 ${values.accuracy}`),
    };
  }

  // --- two histograms: what the attack sees of members, up, and of others, down ---------------------
  /** A place on the axis, in words: a loss, or the log of a ratio. */
  function placeText(value) {
    if (get("attack") === "lira") return String(value).replace("-", "−");
    return value <= 2 ? String(10 ** -value) : `10⁻${SUPERSCRIPTS[value]}`;
  }

  function histogram(width) {
    const [low, high] = get("_range")[get("attack")];
    const { left, top, bottom } = HISTOGRAM;
    const right = width - HISTOGRAM.right;
    const x = axis([low, high], [left, right]);
    const middle = (top + bottom) / 2;
    const sides = ["members", "others"].map((side) => {
      const counts = now()[side];
      const all = counts.reduce((a, b) => a + b, 0);
      return { side, parts: counts.map((count) => count / all) };
    });
    const height = axis([0, Math.max(...sides.flatMap(({ parts }) => parts))], [0, middle - top]);
    const bars = sides.flatMap(({ side, parts }) => parts.map((part, i) => {
      const [from, to] = [i, i + 1].map(axis([0, parts.length], [left, right]));
      const y = side === "members" ? middle - height(part) : middle;
      return { side, x: from + 0.5, y, width: to - from - 1, height: height(part) };
    }));
    const every = get("attack") === "lira" ? 5 : width < 420 ? 2 : 1;
    const marked = Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, i) => low + every * i);
    const cut = x(Math.max(low, Math.min(high, now().cut[step()])));
    const end = cut > width / 2; // the words stand left of the cut
    return {
      bars, axis: [[left, middle], [right, middle]], cut: [[cut, 4], [cut, bottom]],
      texts: [...marked.map((value, i) => ({
        at: [x(value), HISTOGRAM_HEIGHT - 6], text: placeText(value),
        anchor: i === 0 ? "start" : i === marked.length - 1 ? "end" : "middle",
      })), { at: [cut + (end ? -5 : 5), 12], text: t("called members →", "判为成员 →"), anchor: end ? "end" : "start" }],
    };
  }

  // --- the ROC, both axes logarithmic ---------------------------------------------------------------
  function roc() {
    const ends = [least, 1].map(Math.log10);
    const log = (share) => Math.log10(Math.max(share, least));
    const [across, up] = [axis(ends, [ROC.left, ROC.right]), axis(ends, [ROC.bottom, ROC.top])];
    const at = (wrong, found) => [across(log(wrong)), up(log(found))];
    const texts = [0.001, 0.01, 0.1, 1].flatMap((share) => [
      { at: [ROC.left - 5, up(log(share)) + 4], text: `${100 * share}%`, anchor: "end" },
      { at: [across(log(share)), ROC.bottom + 14], text: `${100 * share}%`, anchor: share === 1 ? "end" : "middle" }]);
    return {
      ruledOut: summary().epsilon === null ? null : [at(least, 1), ...shares.map((share) => at(share, most(share)))],
      axis: [at(least, 1), at(least, least), at(1, least)], chance: [at(least, least), at(1, 1)],
      curve: shares.map((share, i) => at(share, now().found[i])),
      now: at(shares[step()], now().found[step()]),
      texts: [...texts, {
        at: [(ROC.left + ROC.right) / 2, ROC_SIDE - 4], text: t("false alarms", "误报率"), anchor: "middle",
      }],
    };
  }
  return { ways: get("_ways"), shares, view, histogram, roc };
}
