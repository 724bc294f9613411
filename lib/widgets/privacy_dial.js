// Turn the noise, move the threshold: two histograms and their ROC. Python's side: privacy_dial.py.
import { areaUnder, histogram, mostFound, rates, roc } from "./privacy.js";
import { h, mount, number, segmented, t, uniqueId } from "./ui.js";

const LOW = -5; // of log10 of a loss: the left edge
const HIGH = 2;
const BINS = 28;
const HISTOGRAM_HEIGHT = 190;
const HISTOGRAM_EDGE = { left: 10, right: 10, top: 18, bottom: 22 };
const ROC_SIDE = 230;
const ROC_EDGE = { left: 34, right: 8, top: 8, bottom: 34 };

function build(ctx) {
  const { root, get } = ctx;
  const ways = get("_ways");
  let spoken = false;
  const told = (way) => {
    if (way === "overfitted") return t("as usual, until it overfits", "照常训练，直到过拟合");
    if (way === "stopped early") return t("as usual, stopped early", "照常训练，提前停止");
    const sigma = way.split(" ")[1];
    if (sigma === "0") return t("gradients clipped, no noise", "梯度裁剪，无噪声");
    return t(`clipped, noise σ = ${sigma}`, `裁剪，噪声 σ = ${sigma}`);
  };
  const summary = () => get("_summaries")[get("way")];
  const side = (name) => {
    const losses = get("_losses")[get("way")][name];
    return get("whose") === "all" ? losses : get("_odd")[name].map((row) => losses[row]);
  };
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const spread = ([mean, deviation]) => `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;

  // --- controls -----------------------------------------------------------------------------------
  const range = (settings, onInput) => h("input", { type: "range", ...settings, oninput: ctx.guard(() => { spoken = true; onInput(); }) });
  const ids = [uniqueId(), uniqueId()];
  const way = range({ id: ids[0], min: 0, max: ways.length - 1, step: 1 }, () => ctx.sync({ way: ways[Number(way.value)] }));
  const wayShown = h("output", { class: "pd-shown", for: ids[0] });
  const threshold = range({ id: ids[1], min: LOW, max: HIGH, step: 0.05 },
    () => ctx.sync({ threshold: Number((10 ** Number(threshold.value)).toPrecision(3)) }));
  const thresholdShown = h("output", { class: "pd-shown", for: ids[1] });
  const whose = segmented(t("Whose losses", "谁的损失"), [["all", t("all", "全部")], ["odd", t("those who stand out", "与众不同者")]],
    (value) => { spoken = true; ctx.sync({ whose: value }); });

  // --- two histograms -----------------------------------------------------------------------------
  const bars = h("svg:svg", { class: "pd-bars", "aria-hidden": "true" });

  function drawBars(members, others) {
    const width = Math.round(bars.getBoundingClientRect().width) || 400;
    bars.setAttribute("viewBox", `0 0 ${width} ${HISTOGRAM_HEIGHT}`);
    const inner = width - HISTOGRAM_EDGE.left - HISTOGRAM_EDGE.right;
    const x = (log) => HISTOGRAM_EDGE.left + (inner * (log - LOW)) / (HIGH - LOW);
    const middle = HISTOGRAM_EDGE.top + (HISTOGRAM_HEIGHT - HISTOGRAM_EDGE.top - HISTOGRAM_EDGE.bottom) / 2;
    const most = middle - HISTOGRAM_EDGE.top;
    const cut = Math.log10(get("threshold"));
    const shares = [members, others].map((losses) => histogram(losses, LOW, HIGH, BINS).map((n) => n / losses.length));
    const top = Math.max(...shares.flat());
    const parts = shares.flatMap((row, down) => row.map((share, i) => {
      const height = (most * share) / top;
      return h("svg:rect", {
        class: `pd-bar ${down ? "pd-others" : "pd-members"}`, x: x(LOW + ((HIGH - LOW) * i) / BINS) + 0.5, width: inner / BINS - 1,
        y: down ? middle : middle - height, height,
      });
    }));
    for (let log = LOW; log <= HIGH; log += width < 420 ? 2 : 1) {
      const label = log >= -2 ? String(10 ** log) : `10${"⁻"}${"⁰¹²³⁴⁵"[-log]}`;
      parts.push(h("svg:text", { class: "pd-tick", x: x(log), y: HISTOGRAM_HEIGHT - 6, "text-anchor": log === LOW ? "start" : log === HIGH ? "end" : "middle" }, log === LOW ? `≤ ${label}` : label));
    }
    parts.push(h("svg:path", { class: "pd-axis", d: `M${HISTOGRAM_EDGE.left} ${middle}H${width - HISTOGRAM_EDGE.right}` }),
      h("svg:path", { class: "pd-cut", d: `M${x(cut)} 4V${HISTOGRAM_HEIGHT - HISTOGRAM_EDGE.bottom}` }),
      h("svg:text", { class: "pd-tick", x: HISTOGRAM_EDGE.left, y: 12 }, t("← called members", "← 判为成员")));
    bars.replaceChildren(...parts);
  }

  // --- the ROC ------------------------------------------------------------------------------------
  const square = h("svg:svg", { class: "pd-roc", viewBox: `0 0 ${ROC_SIDE} ${ROC_SIDE}`, "aria-hidden": "true" });
  const px = (share) => ROC_EDGE.left + (ROC_SIDE - ROC_EDGE.left - ROC_EDGE.right) * share;
  const py = (share) => ROC_SIDE - ROC_EDGE.bottom - (ROC_SIDE - ROC_EDGE.top - ROC_EDGE.bottom) * share;
  const line = (points) => points.map(([x, y]) => `${px(x).toFixed(2)} ${py(y).toFixed(2)}`).join("L");

  function drawRoc(points, now) {
    const { epsilon } = summary();
    const parts = [];
    if (epsilon !== null) {
      const edge = Array.from({ length: 101 }, (_, i) => [i / 100, mostFound(i / 100, epsilon, get("_delta"))]);
      parts.push(h("svg:path", { class: "pd-ruled-out", d: `M${line([[0, 1], ...edge])}Z` }));
    }
    for (const share of [0, 0.5, 1]) {
      parts.push(h("svg:text", { class: "pd-tick", x: ROC_EDGE.left - 5, y: py(share) + 4, "text-anchor": "end" }, share),
        h("svg:text", { class: "pd-tick", x: px(share), y: ROC_SIDE - ROC_EDGE.bottom + 14, "text-anchor": "middle" }, share));
    }
    parts.push(h("svg:path", { class: "pd-axis", d: `M${px(0)} ${py(1)}V${py(0)}H${px(1)}` }),
      h("svg:path", { class: "pd-chance", d: `M${line([[0, 0], [1, 1]])}` }),
      h("svg:path", { class: "pd-curve", d: `M${line(points)}` }),
      h("svg:circle", { class: "pd-now", cx: px(now[1]), cy: py(now[0]), r: 5 }),
      h("svg:text", { class: "pd-tick", x: px(0.5), y: ROC_SIDE - 4, "text-anchor": "middle" }, t("false alarms", "误报率")));
    square.replaceChildren(...parts);
  }

  // --- numbers ------------------------------------------------------------------------------------
  const values = {};
  const row = (key, label, kind = "") => {
    values[key] = h("span", { class: "pd-value" });
    return h("div", { class: "pd-row" }, h("span", { class: kind }, label), values[key]);
  };
  const rows = h("div", { class: "pd-rows" },
    row("found", t("members found", "找出的成员"), "pd-key pd-key-members"),
    row("wrong", t("others called members", "误判为成员的他人"), "pd-key pd-key-others"),
    row("most", t("the promise allows at most", "承诺允许的上限")),
    row("area", t("area under the curve, this run", "曲线下面积，本次")),
    row("areas", t("the same, ten runs", "同上，十次")),
    row("accuracy", t("accuracy on held-out digits", "留出数字上的准确率")),
    row("epsilon", t("ε, with δ = 0.0001", "ε，δ = 0.0001")));

  // --- everything together ------------------------------------------------------------------------
  const draw = ctx.redraw(() => {
    const [members, others] = [side("members"), side("others")];
    const now = rates(members, others, get("threshold"));
    const points = roc(members, others);
    const { epsilon, accuracy, auc, auc_odd: odd } = summary();
    way.value = ways.indexOf(get("way"));
    way.setAttribute("aria-valuetext", told(get("way")));
    wayShown.textContent = told(get("way"));
    threshold.value = Math.log10(get("threshold"));
    threshold.setAttribute("aria-valuetext", number(get("threshold")));
    thresholdShown.textContent = number(get("threshold"));
    whose.set(get("whose"));
    drawBars(members, others);
    drawRoc(points, now);
    const shown = {
      found: percent(now[0]), wrong: percent(now[1]),
      most: epsilon === null ? t("no promise", "没有承诺") : percent(mostFound(now[1], epsilon, get("_delta"))),
      area: areaUnder(points).toFixed(3), areas: spread(get("whose") === "all" ? auc : odd), accuracy: spread(accuracy),
      epsilon: epsilon === null ? "∞" : epsilon.toFixed(2),
    };
    for (const [key, text] of Object.entries(shown)) values[key].textContent = text;
    if (spoken) {
      ctx.say(t(`${told(get("way"))}: ${shown.found} of members found, ${shown.wrong} false alarms, area ${shown.area}, accuracy ${shown.accuracy}`,
        `${told(get("way"))}：找出成员 ${shown.found}，误报 ${shown.wrong}，面积 ${shown.area}，准确率 ${shown.accuracy}`));
    }
    spoken = false;
  });

  const slider = (label, id, shown, input) => h("div", { class: "pd-slider" }, h("label", { class: "lw-label", for: id }, label), shown, input);
  root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("move the threshold, then look at those who stand out. Then turn on the noise.", "移动阈值，再看看与众不同者。然后加上噪声。")),
    h("div", { class: "pd-top" }, slider(t("Training", "训练方式"), ids[0], wayShown, way), whose.node),
    h("div", { class: "pd-views" },
      h("div", { class: "pd-left" },
        h("p", { class: "pd-legend" }, h("span", { class: "pd-key pd-key-members" }, t("members, up", "成员（向上）")),
          h("span", { class: "pd-key pd-key-others" }, t("others, down", "他人（向下）")), h("span", { class: "lw-quiet" }, t("loss of each digit", "每个数字的损失"))),
        bars, slider(t("Threshold", "阈值"), ids[1], thresholdShown, threshold), rows),
      h("div", { class: "pd-right" },
        h("p", { class: "pd-legend lw-quiet" }, t("members found, against false alarms", "找出的成员比例，对误报率")), square,
        h("p", { class: "pd-note lw-quiet" }, t("Dotted: guessing. Grey: what ε rules out for every attack.", "点线：瞎猜。阴影：ε 对任何攻击都排除的区域。")))));
  ctx.watch(["way", "whose", "threshold"], draw);
  ctx.onTheme(draw);
  ctx.onResize(bars, draw);
  draw();
}

export default { render: (host) => mount(host, "privacy-dial", build) };
