// What comes out of a plan: its memory as a bar and a table, the time, and a published run beside it.
import { h, t } from "../kit/mod.js";
import { PARTS } from "./model.js";

const rich = (parts) => parts.map((part) => (part.strong ? h("b", {}, part.strong) : part));

/** What the plan means, the bar, and where the hours go: {node, tell(text), show(view)}. */
export function memoryPart() {
  const message = h("p", { class: "tb-message", role: "status" });
  const bars = PARTS.map((part) => h("span", { class: `tb-bar tb-${part}` }));
  const limit = h("span", { class: "tb-limit" });
  const verdict = h("p", { class: "tb-verdict" });
  const spends = h("p", { class: "tb-spends" });
  const tell = (text) => { message.textContent = text; };
  return {
    node: [message,
      h("div", { class: "tb-stay" }, h("div", { class: "tb-stack", "aria-hidden": "true" }, bars, limit), verdict), spends],
    tell,
    show(view) {
      tell(view.message);
      message.classList.toggle("tb-wrong", view.wrong);
      bars.forEach((bar, i) => { bar.style.inlineSize = `${100 * view.bars[i]}%`; });
      limit.style.insetInlineStart = `${100 * view.limit}%`;
      verdict.textContent = view.verdict;
      verdict.classList.toggle("tb-wrong", view.alarm);
      spends.replaceChildren(...rich(view.spends));
    },
  };
}

/** The table of the memory, and the figures beside it: {node, show(view)}. */
export function figuresPart() {
  const names = {
    weights: t("weights", "权重"), gradients: t("gradients", "梯度"),
    optimiser: t("optimiser", "优化器状态"), activations: t("activations", "激活"),
  };
  const cells = PARTS.map(() => [h("td", {}), h("td", {})]);
  const heads = [t("on each GPU", "每块 GPU"), "GB", t("split", "切分")].map((text) => h("th", { scope: "col" }, text));
  const rows = PARTS.map((part, i) => h("tr", {},
    h("th", { scope: "row" }, h("span", { class: `tb-key tb-${part}`, "aria-hidden": "true" }), names[part]), cells[i]));
  const table = h("table", { class: "tb-table" },
    h("caption", { class: "lw-hidden" }, t("Memory on the fullest GPU", "最满的一块 GPU 上的内存")),
    h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows));

  const labels = {
    operations: t("operations", "运算次数"), time: t("time", "时间"), hours: t("GPU hours", "GPU 小时"),
    cost: t("cost, in your currency", "费用（自填货币）"),
    used: t("utilisation, counting the model's operations", "利用率（按模型运算计）"),
  };
  const values = Object.fromEntries(Object.keys(labels).map((key) => [key, h("dd", {})]));
  const figures = Object.entries(labels).map(([key, label]) => (
    h("div", { class: "tb-figure" }, h("dt", {}, label), values[key])));
  return {
    node: h("div", { class: "tb-out" }, table, h("dl", { class: "tb-figures" }, figures)),
    show(view) {
      view.cells.forEach((texts, i) => texts.forEach((text, j) => { cells[i][j].textContent = text; }));
      const [mantissa, exponent] = view.operations;
      values.operations.replaceChildren(`${mantissa} × 10`, h("sup", {}, exponent));
      for (const key of ["time", "hours", "cost", "used"]) values[key].textContent = view[key];
    },
  };
}

/** The published run beside the plan: {node, show(view)}. */
export function comparePart() {
  const node = h("p", { class: "tb-compare" });
  return { node, show: (view) => node.replaceChildren(...rich(view.compare)) };
}
