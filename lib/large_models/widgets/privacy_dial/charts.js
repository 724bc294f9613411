// PrivacyDial's pictures, as model.js places them.
import { chart, h, line, mark, t } from "../kit/mod.js";
import { HISTOGRAM_HEIGHT, ROC_SIDE } from "./model.js";

const words = (texts) => texts.map(({ at, text, anchor }) => mark(at, text, anchor));
const key = (side, text) => h("span", { class: `pd-key pd-key-${side}` }, text);

/** Two histograms: {node, width(), show(view, picture)}. */
export function histogramPart(ctx, redraw) {
  const axis = h("span", { class: "lw-quiet" });
  const plot = chart(ctx, { className: "pd-bars", height: HISTOGRAM_HEIGHT, redraw });
  return {
    node: [h("p", { class: "pd-legend" },
      key("members", t("members, up", "成员（向上）")), key("others", t("others, down", "他人（向下）")), axis), plot.node],
    width: plot.width,
    show(view, picture) {
      plot.show(
        picture.bars.map(({ side, ...box }) => h("svg:rect", { class: `pd-bar pd-${side}`, ...box })),
        line("lw-axis", picture.axis), line("pd-cut", picture.cut), words(picture.texts));
      axis.textContent = view.axis;
    },
  };
}

/** The ROC: {node, show(picture)}. */
export function rocPart() {
  const square = h("svg:svg", { class: "pd-roc", viewBox: `0 0 ${ROC_SIDE} ${ROC_SIDE}`, "aria-hidden": "true" });
  const above = t("members found, against false alarms", "找出的成员比例，对误报率");
  const below = t("Dotted: guessing. Grey: what ε rules out for every attack.", "点线：瞎猜。阴影：ε 对任何攻击都排除的区域。");
  return {
    node: [h("p", { class: "pd-legend lw-quiet" }, above), square, h("p", { class: "pd-note lw-quiet" }, below)],
    show(picture) {
      square.replaceChildren(
        ...(picture.ruledOut ? [line("pd-ruled-out", picture.ruledOut)] : []), ...words(picture.texts),
        line("lw-axis", picture.axis), line("pd-chance", picture.chance), line("pd-curve", picture.curve),
        h("svg:circle", { class: "pd-now", cx: picture.now[0], cy: picture.now[1], r: 5 }));
    },
  };
}
