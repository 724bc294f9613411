// LabelCurves' state: its traits in; curves in pixels, rows and the table out. No DOM.
import { paint } from "../kit/colors.js";
import { t } from "../kit/language.js";
import { axis, spread } from "../kit/numbers.js";

export const HEIGHT = 260;
const TOP = 0.8; // of the vertical axis
const EDGE = { left: 34, right: 12, top: 8, bottom: 22 };

const wayNames = () => ({
  "bag of words": t("bag of words", "词袋"), "from scratch": t("from scratch", "从头训练"),
  frozen: t("frozen", "冻结"), "fine-tuned": t("fine-tuned", "微调"),
  "zero-shot": t("zero-shot", "零样本"), "zero-shot, calibrated": t("zero-shot, calibrated", "零样本，校准后"),
});

/** How many labels, in words. */
export const countText = (count) => (count === "all" ? t("all labels", "全部标注")
  : t(`${count} labels per class`, `每类 ${count} 个标注`));

/** `get(trait)` gives a trait. counts: what the slider goes through; ways: [{way, name, kind}];
 *  view(): choices, rows, the table, what is said; plot(width): the curves. */
export function curvesModel(get) {
  const counts = get("_counts");
  const names = wayNames();
  const ways = get("_ways").map((way, kind) => ({ way, name: names[way], kind }));
  const at = () => String(get("count"));
  const task = () => get("_tasks")[get("task")];
  const found = (way, count = at()) => task().curves[way]?.[count];
  /** The way whose confusion is shown: the chosen one, or the last that has an answer here. */
  function shownWay() {
    const there = ways.filter(({ way }) => found(way));
    return there.find(({ way }) => way === get("way")) ?? there.at(-1);
  }

  function table() {
    const { way, name } = shownWay();
    const labels = task().names;
    const rows = found(way).confusion.map((row, i) => {
      const sum = row.reduce((a, b) => a + b, 0) || 1;
      const cells = row.map((count) => ({ text: String(Math.round((100 * count) / sum)), ...paint("magnitude", count / sum) }));
      return { label: labels[i], cells };
    });
    const told = countText(at());
    const caption = t(`${name}, ${told}: each row is the true label, each column the answer, in per cent`,
      `${name}，${told}：行是真实标签，列是回答，百分比`);
    return { caption, labels, rows };
  }

  function view() {
    const rows = ways.map(({ way, kind }) => {
      const value = found(way);
      return {
        way, kind, there: Boolean(value), chosen: way === shownWay().way, fixed: at() === "0",
        share: value ? value.mean / TOP : 0,
        text: value ? (value.spread > 0 ? spread([value.mean, value.spread]) : value.mean.toFixed(3)) : "",
      };
    });
    const means = ways.filter(({ way }) => found(way)).map(({ way, name }) => `${name} ${found(way).mean.toFixed(2)}`);
    return { task: get("task"), count: at(), rows, table: table(), said: `${countText(at())}: ${means.join(", ")}` };
  }

  /** Lines of points, texts {at, text, anchor}, dots, all in pixels; curves are drawn one after the other. */
  function plot(width) {
    const right = width - EDGE.right;
    const bottom = HEIGHT - EDGE.bottom;
    const x = axis([0, counts.length - 1], [EDGE.left + 8, right - 8]);
    const y = axis([0, TOP], [bottom, EDGE.top]);
    const level = (share) => [[EDGE.left, y(share)], [right, y(share)]];
    const shares = [0, 0.2, 0.4, 0.6, 0.8];
    const now = x(counts.indexOf(at()));
    return {
      grid: shares.map(level), chance: level(1 / task().names.length), now: [[now, EDGE.top], [now, bottom]],
      texts: [
        ...shares.map((share) => ({ at: [EDGE.left - 6, y(share) + 4], text: share ? share.toFixed(1) : "0", anchor: "end" })),
        ...counts.map((count, i) => ({
          at: [x(i), HEIGHT - 6], text: count === "all" ? t("all", "全部") : count,
          anchor: i === counts.length - 1 ? "end" : "middle",
        }))],
      curves: ways.map(({ way, kind }) => {
        const values = counts.map((count, i) => [x(i), found(way, count)]).filter(([, value]) => value);
        return {
          kind, bold: way === shownWay().way, points: values.map(([px, { mean }]) => [px, y(mean)]),
          spreads: values.map(([px, { mean, spread: away }]) => [[px, y(mean - away)], [px, y(mean + away)]]),
        };
      }),
    };
  }
  return { counts, ways, view, plot };
}
