// Drag the number of labels: curves and confusion. Python's side: __init__.py.
import { h, mount, paint, segmented, t, uniqueId } from "../kit/mod.js";

const CURVES_HEIGHT = 260;
const CURVES_TOP = 0.8; // of the vertical axis
const CURVES_EDGE = { left: 34, right: 12, top: 8, bottom: 22 };

function build(ctx) {
  const { root, get } = ctx;
  const counts = get("_counts");
  const ways = get("_ways");
  const names = {
    "bag of words": t("bag of words", "词袋"), "from scratch": t("from scratch", "从头训练"),
    frozen: t("frozen", "冻结"), "fine-tuned": t("fine-tuned", "微调"),
    "zero-shot": t("zero-shot", "零样本"), "zero-shot, calibrated": t("zero-shot, calibrated", "零样本，校准后"),
  };
  const keyOf = (way) => ways.indexOf(way);
  const at = () => String(get("count"));
  const task = () => get("_tasks")[get("task")];
  const there = () => ways.filter((way) => at() in (task().curves[way] ?? {}));
  const shownWay = () => (there().includes(get("way")) ? get("way") : there().at(-1));
  let spoken = false;

  // --- controls -----------------------------------------------------------------------------------
  const tasks = segmented(t("Task", "任务"), [["packages", t("which library", "哪个库")], ["sections", t("which section", "哪一节")]],
    (value) => { spoken = true; ctx.sync({ task: value }); });
  const id = uniqueId();
  const shown = h("output", { class: "lc-count", for: id });
  const range = h("input", {
    type: "range", id, min: 0, max: counts.length - 1, step: 1,
    oninput: ctx.guard(() => {
      const value = counts[Number(range.value)];
      spoken = true;
      ctx.sync({ count: value === "all" ? value : Number(value) });
    }),
  });
  const told = (count) => (count === "all" ? t("all labels", "全部标注") : t(`${count} labels per class`, `每类 ${count} 个标注`));

  // --- the curves ---------------------------------------------------------------------------------
  const svg = h("svg:svg", { class: "lc-plot", "aria-hidden": "true" });
  const x = (i, width) => CURVES_EDGE.left + 8 + ((width - CURVES_EDGE.left - CURVES_EDGE.right - 16) * i) / (counts.length - 1);
  const y = (share) => CURVES_EDGE.top + (CURVES_HEIGHT - CURVES_EDGE.top - CURVES_EDGE.bottom) * (1 - share / CURVES_TOP);

  function drawPlot() {
    const width = Math.round(svg.getBoundingClientRect().width) || 600;
    const now = counts.indexOf(at());
    svg.setAttribute("viewBox", `0 0 ${width} ${CURVES_HEIGHT}`);
    const parts = [];
    for (const share of [0, 0.2, 0.4, 0.6, 0.8]) {
      parts.push(h("svg:path", { class: "lc-grid", d: `M${CURVES_EDGE.left} ${y(share)}H${width - CURVES_EDGE.right}` }),
        h("svg:text", { class: "lc-tick", x: CURVES_EDGE.left - 6, y: y(share) + 4, "text-anchor": "end" }, share ? share.toFixed(1) : "0"));
    }
    counts.forEach((count, i) => parts.push(h("svg:text", {
      class: "lc-tick", x: x(i, width), y: CURVES_HEIGHT - 6, "text-anchor": i === counts.length - 1 ? "end" : "middle",
    }, count === "all" ? t("all", "全部") : count)));
    const chance = 1 / task().names.length;
    parts.push(h("svg:path", { class: "lc-chance", d: `M${CURVES_EDGE.left} ${y(chance)}H${width - CURVES_EDGE.right}` }),
      h("svg:path", { class: "lc-now", d: `M${x(now, width)} ${CURVES_EDGE.top}V${CURVES_HEIGHT - CURVES_EDGE.bottom}` }));
    for (const way of ways) {
      const points = counts.flatMap((count, i) => {
        const value = task().curves[way]?.[count];
        return value ? [[x(i, width), value]] : [];
      });
      const bold = way === shownWay() ? " lc-bold" : "";
      if (points.length > 1) {
        parts.push(h("svg:path", { class: `lc-line lc-way-${keyOf(way)}${bold}`, d: `M${points.map(([px, v]) => `${px} ${y(v.mean)}`).join("L")}` }));
      }
      for (const [px, v] of points) {
        parts.push(h("svg:path", { class: `lc-spread lc-way-${keyOf(way)}`, d: `M${px} ${y(v.mean - v.spread)}V${y(v.mean + v.spread)}` }),
          h("svg:circle", { class: `lc-dot lc-way-${keyOf(way)}`, cx: px, cy: y(v.mean), r: way === shownWay() ? 4.5 : 3 }));
      }
    }
    svg.replaceChildren(...parts);
  }

  // --- a row for each way -------------------------------------------------------------------------
  const group = uniqueId();
  const rows = ways.map((way) => {
    const radio = h("input", { type: "radio", name: group, value: way, onchange: ctx.guard(() => { spoken = true; ctx.sync({ way }); }) });
    const bar = h("span", { class: `lc-bar lc-way-${keyOf(way)}` });
    const value = h("span", { class: "lc-value" });
    const key = h("svg:svg", { class: "lc-key", viewBox: "0 0 28 10", "aria-hidden": "true" }, h("svg:path", { class: `lc-line lc-way-${keyOf(way)}`, d: "M0 5H28" }));
    const node = h("label", { class: "lc-row" }, radio, key, h("span", { class: "lc-name" }, names[way]), h("span", { class: "lc-scale", "aria-hidden": "true" }, bar), value);
    return { way, node, radio, bar, value };
  });
  const list = h("div", { class: "lc-rows", role: "radiogroup", "aria-label": t("whose confusion table is shown", "显示谁的混淆矩阵") }, rows.map((row) => row.node));

  function drawRows() {
    for (const { way, node, radio, bar, value } of rows) {
      const found = task().curves[way]?.[at()];
      node.hidden = !found;
      if (!found) continue;
      radio.checked = way === shownWay();
      radio.disabled = at() === "0";
      bar.style.setProperty("--share", `${(100 * found.mean) / CURVES_TOP}%`);
      value.textContent = found.spread > 0 ? `${found.mean.toFixed(3)} ± ${found.spread.toFixed(3)}` : found.mean.toFixed(3);
    }
  }

  // --- what is taken for what ---------------------------------------------------------------------
  const caption = h("caption", {});
  const table = h("table", { class: "lc-table" });

  function drawTable() {
    const { names: labels, curves } = task();
    const { confusion } = curves[shownWay()][at()];
    caption.replaceChildren(h("span", {}, t(`${names[shownWay()]}, ${told(at())}: each row is the true label, each column the answer, in per cent`,
      `${names[shownWay()]}，${told(at())}：行是真实标签，列是回答，百分比`)));
    const head = h("thead", {}, h("tr", {}, h("td", {}), labels.map((label) => h("th", { scope: "col" }, h("span", {}, label)))));
    const body = h("tbody", {}, confusion.map((row, i) => {
      const sum = row.reduce((a, b) => a + b, 0) || 1;
      return h("tr", {}, h("th", { scope: "row" }, labels[i]), row.map((count) => {
        const { background, ink } = paint("magnitude", count / sum);
        return h("td", { style: { background, color: ink } }, Math.round((100 * count) / sum));
      }));
    }));
    table.replaceChildren(caption, head, body);
  }

  // --- everything together ------------------------------------------------------------------------
  const draw = ctx.redraw(() => {
    tasks.set(get("task"));
    range.value = counts.indexOf(at());
    range.setAttribute("aria-valuetext", told(at()));
    shown.textContent = told(at());
    drawPlot();
    drawRows();
    drawTable();
    if (spoken) {
      ctx.say(`${told(at())}: ${there().map((way) => `${names[way]} ${task().curves[way][at()].mean.toFixed(2)}`).join(", ")}`);
    }
    spoken = false;
  });
  root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("drag the slider from 0 labels to all of them. Who is ahead, and when?", "把滑块从 0 个标注拖到全部。谁领先，在什么时候？")),
    h("div", { class: "lc-bar-top" }, tasks.node,
      h("div", { class: "lc-slider" }, h("label", { class: "lw-label", for: id }, t("Labels", "标注")), shown, range)),
    svg,
    h("p", { class: "lc-note lw-quiet" }, t("The share found for each label, averaged over the labels, on test files. Vertical bars: one standard deviation over five seeds. Dotted line: guessing.", "测试文件上各标签找回比例的平均；竖线：五个种子的一个标准差；点线：瞎猜。")),
    list, h("div", { class: "lc-scroll", tabindex: "0", role: "region", "aria-label": t("confusion table", "混淆矩阵") }, table));
  ctx.watch(["task", "count", "way"], draw);
  ctx.onTheme(draw);
  ctx.onResize(svg, draw);
  draw();
}

export default { render: (host) => mount(host, "label-curves", build) };
