// What the timeline says: numbers, durations, sources, one model's card, and the table of all.
import { h, isChinese, number, t } from "../kit/mod.js";

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

const plain = (value) => value.toLocaleString("en-US");

/** 10 to a whole power, as text. */
export function power(exponent) {
  return exponent === 0 ? "1" : `10${[...String(exponent)].map((digit) => RAISED[digit]).join("")}`;
}

/** A number as people say it: 60 million, 1.4 trillion; above a thousand trillion 3.1 × 10²³. */
export function amount(value) {
  if (value >= 1e15) {
    const exponent = Math.floor(Math.log10(value) + 1e-9);
    return `${number(value / 10 ** exponent, 2)} × ${power(exponent)}`;
  }
  const steps = isChinese() ? [[1e12, " 万亿"], [1e8, " 亿"], [1e4, " 万"]] : [[1e12, " trillion"], [1e9, " billion"], [1e6, " million"]];
  const [unit, name] = steps.find(([size]) => value >= size) ?? [1, ""];
  return unit === 1 ? plain(value) : `${number(value / unit, 4)}${name}`;
}

/** Years, one or an interval; as months where the longest is below three years. */
export function duration(...years) {
  const short = Math.abs(years.at(-1)) < 3;
  const value = years.map((one) => (short ? 12 * one : one).toFixed(1)).join(t(" to ", " 到 "));
  return short ? t(`${value} months`, `${value} 个月`) : t(`${value} years`, `${value} 年`);
}

/** The words of the timeline in the page's language; sources: key -> [label, url]. */
export function timelineWords(sources) {
  const quantities = {
    parameters: t("parameters", "参数"), text: t("text", "文本"), images: t("pictures", "图像"), compute: t("compute", "计算量"),
  };
  const fields = {
    vision: t("vision", "视觉"), language: t("language", "语言"), speech: t("speech", "语音"),
    games: t("games", "游戏"), multimodal: t("multimodal", "多模态"), other: t("other", "其他"),
  };
  const units = {
    words: t("words", "词"), tokens: t("tokens", "词元"), images: t("images", "图像"), "image-text pairs": t("image-text pairs", "图文对"),
    "sentence pairs": t("sentence pairs", "句对"), hours: t("hours", "小时"), games: t("games", "局"), positions: t("positions", "局面"),
    relations: t("relations", "关系"), sequences: t("sequences", "序列"),
  };
  const how = { stated: t("stated by", "来源给出："), computed: t("computed here from", "由此算出："), estimated: t("estimated by", "估计：") };
  const link = (key) => {
    const [label, url] = sources[key];
    return h("a", { href: url, target: "_blank", rel: "noopener" }, label);
  };
  const value = (figure, unit) => (figure ? `${amount(figure[0])}${unit ? ` ${unit}` : ""}` : t("no figure found", "没有找到数据"));
  const three = (row) => [
    [t("Parameters", "参数"), row.parameters, ""],
    [t("Training data", "训练数据"), row.data, row.data && units[row.data[3]]],
    [t("Compute", "计算量"), row.compute, t("operations", "次运算")],
  ];

  const fit = (line, quantity, since) => {
    const what = quantities[quantity];
    if (!line) return t(`${what}, since ${since}: fewer than three models, so no line.`, `${what}，${since} 年起：不足三个模型，无法拟合。`);
    const head = t(`${what}, since ${since}, ${line.n} models: `, `${what}，${since} 年起，${line.n} 个模型：`);
    const times = number(2 ** line.scatter, 2);
    const tail = t(` A typical model lies off the line by a factor of about ${times}.`, `一般的模型偏离直线约 ${times} 倍。`);
    if (!line.doublings) {
      return head + t("they may not have grown at all, as far as these models can tell (95 %).", "仅凭这些模型，不能排除没有增长（95 %）。") + tail;
    }
    const [every, within] = [duration(line.doubling), duration(...line.doublings)];
    return head + t(`they double every ${every} (95 %: ${within}).`, `每 ${every}翻一倍（95 %：${within}）。`) + tail;
  };

  const card = (row) => [
    h("p", { class: "tl-title" }, h("b", {}, row.name), ` ${row.published}, ${fields[row.field]}. `, link(row.source)),
    h("dl", {}, three(row).map(([name, figure, unit]) => h("div", {}, h("dt", {}, name),
      h("dd", {}, value(figure, unit),
        name === t("Parameters", "参数") && row.active ? t(`, ${amount(row.active[0])} of them for each token`, `，每个词元用 ${amount(row.active[0])}`) : null,
        figure ? h("span", { class: "lw-quiet" }, ` ${how[figure[1]]} `, link(figure[2])) : null)))),
  ];
  return { quantities, fields, units, how, link, value, three, fit, card, power };
}

/** The table of these models. */
export function timelineTable(rows, words) {
  const heads = [t("Model", "模型"), t("Published", "发表"), t("Field", "领域"), ...words.three({}).map(([name]) => name)];
  return h("table", { class: "tl-table" },
    h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, rows.map((row) => h("tr", {},
      h("th", { scope: "row" }, row.name, h("br"), words.link(row.source)),
      h("td", {}, row.published), h("td", {}, words.fields[row.field]),
      words.three(row).map(([, figure, unit]) => h("td", {}, words.value(figure, unit),
        figure ? h("span", { class: "lw-quiet" }, h("br"), words.how[figure[1]], " ", words.link(figure[2])) : null))))));
}
