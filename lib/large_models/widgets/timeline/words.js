// What the timeline says: numbers, durations, names, and the sentence about the line. No DOM.
import { isChinese, t } from "../kit/language.js";
import { count, number } from "../kit/numbers.js";

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** 10 to a whole power, as text. */
export function power(exponent) {
  return exponent === 0 ? "1" : `10${[...String(exponent)].map((digit) => RAISED[digit]).join("")}`;
}

/** A number as people say it: 60 million, 1.4 trillion; above a thousand trillion 3.1 × 10²³. */
export function amount(value) {
  if (value >= 1e15) {
    const [mantissa, exponent] = value.toExponential(1).split("e");
    return `${Number(mantissa)} × ${power(Number(exponent))}`;
  }
  const steps = isChinese() ? [[1e12, " 万亿"], [1e8, " 亿"], [1e4, " 万"]]
    : [[1e12, " trillion"], [1e9, " billion"], [1e6, " million"]];
  const step = steps.find(([size]) => Number(value.toPrecision(4)) >= size);
  return step ? `${number(value / step[0], 4)}${step[1]}` : count(value);
}

/** Years, one or an interval; as months where the longest is below three years. */
export function duration(...years) {
  const short = Math.abs(years.at(-1)) < 3;
  const value = years.map((one) => (short ? 12 * one : one).toFixed(1)).join(t(" to ", " 到 "));
  return short ? t(`${value} months`, `${value} 个月`) : t(`${value} years`, `${value} 年`);
}

export const quantityNames = () => ({
  parameters: t("parameters", "参数"), text: t("text", "文本"), images: t("pictures", "图像"), compute: t("compute", "计算量"),
});

export const fieldNames = () => ({
  vision: t("vision", "视觉"), language: t("language", "语言"), speech: t("speech", "语音"),
  games: t("games", "游戏"), multimodal: t("multimodal", "多模态"), other: t("other", "其他"),
});

export const unitNames = () => ({
  words: t("words", "词"), tokens: t("tokens", "词元"), images: t("images", "图像"),
  "image-text pairs": t("image-text pairs", "图文对"), "sentence pairs": t("sentence pairs", "句对"),
  hours: t("hours", "小时"), games: t("games", "局"), positions: t("positions", "局面"),
  relations: t("relations", "关系"), sequences: t("sequences", "序列"),
});

/** How a figure is known, before its source. */
export const originNames = () => ({
  stated: t("stated by", "来源给出："), computed: t("computed here from", "由此算出："), estimated: t("estimated by", "估计："),
});

/** The line in a sentence; null: there are too few models for one. */
export function fitText(line, quantity, since) {
  const what = quantityNames()[quantity];
  if (!line) {
    return t(`${what}, since ${since}: fewer than three models, so no line.`,
      `${what}，${since} 年起：不足三个模型，无法拟合。`);
  }
  const head = t(`${what}, since ${since}, ${line.n} models: `, `${what}，${since} 年起，${line.n} 个模型：`);
  const times = number(2 ** line.scatter, 2);
  const tail = t(` A typical model lies off the line by a factor of about ${times}.`, `一般的模型偏离直线约 ${times} 倍。`);
  if (!line.doublings) {
    return head + t("they may not have grown at all, as far as these models can tell (95 %).",
      "仅凭这些模型，不能排除没有增长（95 %）。") + tail;
  }
  const [every, within] = [duration(line.doubling), duration(...line.doublings)];
  return head + t(`they double every ${every} (95 %: ${within}).`, `每 ${every}翻一倍（95 %：${within}）。`) + tail;
}
