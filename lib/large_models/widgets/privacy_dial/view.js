// Two attacks, false alarms held fixed: histograms of what an attack sees, and its ROC.
// Python's side: __init__.py.
import { mostFound, nearest } from "../engine/privacy.js";
import { h, mount, number, probability, segmented, t, uniqueId } from "../kit/mod.js";

const HISTOGRAM_HEIGHT = 190;
const HISTOGRAM_EDGE = { left: 10, right: 10, top: 18, bottom: 22 };
const ROC_SIDE = 230;
const ROC_EDGE = { left: 42, right: 10, top: 8, bottom: 34 };
const SUPERSCRIPTS = "⁰¹²³⁴⁵";

function build(ctx) {
  const { root, get } = ctx;
  const [ways, shares] = [get("_ways"), get("_false")];
  let spoken = false;
  const told = (way) => {
    if (way === "overfitted") return t("as usual, until it overfits", "照常训练，直到过拟合");
    if (way === "stopped early") return t("as usual, stopped early", "照常训练，提前停止");
    if (way === "not clipped") return t("100 plain steps, not clipped", "100 步普通下降，不裁剪");
    const sigma = way.split(" ")[1];
    if (sigma === "0") return t("100 steps, gradients clipped", "100 步，梯度裁剪");
    return t(`clipped, noise σ = ${sigma}`, `裁剪，噪声 σ = ${sigma}`);
  };
  const summary = () => get("_summaries")[get("way")];
  const now = () => get("_attacks")[get("way")][get("attack")][get("whose")];
  const step = () => nearest(shares, get("false_alarms"));
  const spread = ([mean, deviation]) => `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;

  // --- controls -----------------------------------------------------------------------------------
  const range = (settings, onInput) => h("input", { type: "range", step: 1, min: 0, ...settings, oninput: ctx.guard(() => { spoken = true; onInput(); }) });
  const ids = [uniqueId(), uniqueId()];
  const way = range({ id: ids[0], max: ways.length - 1 }, () => ctx.sync({ way: ways[Number(way.value)] }));
  const wayShown = h("output", { class: "pd-shown", for: ids[0] });
  const alarms = range({ id: ids[1], max: shares.length - 1 }, () => ctx.sync({ false_alarms: shares[Number(alarms.value)] }));
  const alarmsShown = h("output", { class: "pd-shown", for: ids[1] });
  const attack = segmented(t("Attack", "攻击"), [["loss", t("loss", "损失")], ["lira", t("LiRA", "LiRA")]],
    (value) => { spoken = true; ctx.sync({ attack: value }); });
  const whose = segmented(t("Among", "对谁"), [["all", t("all", "全部")], ["odd", t("those who stand out", "与众不同者")]],
    (value) => { spoken = true; ctx.sync({ whose: value }); });

  // --- two histograms -----------------------------------------------------------------------------
  const bars = h("svg:svg", { class: "pd-bars", "aria-hidden": "true" });
  const axis = h("span", { class: "lw-quiet" });

  /** A place on the histogram's axis, in words: a loss, or the log of a ratio. */
  function tick(value) {
    if (get("attack") === "lira") return String(value).replace("-", "−");
    return value <= 2 ? String(10 ** -value) : `10⁻${SUPERSCRIPTS[value]}`;
  }

  function drawBars() {
    const [low, high] = get("_range")[get("attack")];
    const width = Math.round(bars.getBoundingClientRect().width) || 400;
    bars.setAttribute("viewBox", `0 0 ${width} ${HISTOGRAM_HEIGHT}`);
    const inner = width - HISTOGRAM_EDGE.left - HISTOGRAM_EDGE.right;
    const x = (value) => HISTOGRAM_EDGE.left + (inner * (Math.max(low, Math.min(high, value)) - low)) / (high - low);
    const middle = HISTOGRAM_EDGE.top + (HISTOGRAM_HEIGHT - HISTOGRAM_EDGE.top - HISTOGRAM_EDGE.bottom) / 2;
    const most = middle - HISTOGRAM_EDGE.top;
    const sides = [now().members, now().others].map((counts) => {
      const all = counts.reduce((a, b) => a + b, 0);
      return counts.map((count) => count / all);
    });
    const top = Math.max(...sides.flat());
    const bins = sides[0].length;
    const parts = sides.flatMap((row, down) => row.map((share, i) => {
      const height = (most * share) / top;
      return h("svg:rect", {
        class: `pd-bar ${down ? "pd-others" : "pd-members"}`, x: x(low + ((high - low) * i) / bins) + 0.5, width: inner / bins - 1,
        y: down ? middle : middle - height, height,
      });
    }));
    const every = get("attack") === "lira" ? 5 : width < 420 ? 2 : 1;
    for (let value = low; value <= high; value += every) {
      const anchor = value === low ? "start" : value + every > high ? "end" : "middle";
      parts.push(h("svg:text", { class: "pd-tick", x: x(value), y: HISTOGRAM_HEIGHT - 6, "text-anchor": anchor }, tick(value)));
    }
    const cut = x(now().cut[step()]);
    const left = cut > width / 2;
    parts.push(h("svg:path", { class: "pd-axis", d: `M${HISTOGRAM_EDGE.left} ${middle}H${width - HISTOGRAM_EDGE.right}` }),
      h("svg:path", { class: "pd-cut", d: `M${cut} 4V${HISTOGRAM_HEIGHT - HISTOGRAM_EDGE.bottom}` }),
      h("svg:text", { class: "pd-tick", x: cut + (left ? -5 : 5), y: 12, "text-anchor": left ? "end" : "start" }, t("called members →", "判为成员 →")));
    bars.replaceChildren(...parts);
    axis.textContent = get("attack") === "lira" ? t("log ratio Λ", "似然比的对数") : t("loss, falling", "损失（向右递减）");
  }

  // --- the ROC, both axes logarithmic ---------------------------------------------------------------
  const square = h("svg:svg", { class: "pd-roc", viewBox: `0 0 ${ROC_SIDE} ${ROC_SIDE}`, "aria-hidden": "true" });
  const least = shares[0];
  const along = (share) => 1 - Math.log10(Math.max(share, least)) / Math.log10(least);
  const px = (share) => ROC_EDGE.left + (ROC_SIDE - ROC_EDGE.left - ROC_EDGE.right) * along(share);
  const py = (share) => ROC_SIDE - ROC_EDGE.bottom - (ROC_SIDE - ROC_EDGE.top - ROC_EDGE.bottom) * along(share);
  const line = (points) => points.map(([x, y]) => `${px(x).toFixed(2)} ${py(y).toFixed(2)}`).join("L");

  function drawRoc() {
    const { epsilon } = summary();
    const parts = [];
    if (epsilon !== null) {
      const edge = shares.map((share) => [share, mostFound(share, epsilon, get("_delta"))]);
      parts.push(h("svg:path", { class: "pd-ruled-out", d: `M${line([[least, 1], ...edge])}Z` }));
    }
    for (const share of [0.001, 0.01, 0.1, 1]) {
      const text = `${100 * share}%`;
      parts.push(h("svg:text", { class: "pd-tick", x: ROC_EDGE.left - 5, y: py(share) + 4, "text-anchor": "end" }, text),
        h("svg:text", { class: "pd-tick", x: px(share), y: ROC_SIDE - ROC_EDGE.bottom + 14, "text-anchor": share === 1 ? "end" : "middle" }, text));
    }
    parts.push(h("svg:path", { class: "pd-axis", d: `M${px(least)} ${py(1)}V${py(least)}H${px(1)}` }),
      h("svg:path", { class: "pd-chance", d: `M${line([[least, least], [1, 1]])}` }),
      h("svg:path", { class: "pd-curve", d: `M${line(shares.map((share, i) => [share, now().found[i]]))}` }),
      h("svg:circle", { class: "pd-now", cx: px(shares[step()]), cy: py(now().found[step()]), r: 5 }),
      h("svg:text", { class: "pd-tick", x: px(Math.sqrt(least)), y: ROC_SIDE - 4, "text-anchor": "middle" }, t("false alarms", "误报率")));
    square.replaceChildren(...parts);
  }

  // --- numbers ------------------------------------------------------------------------------------
  const values = {};
  const row = (key, label, kind = "") => {
    values[key] = h("span", { class: "pd-value" });
    return h("div", { class: "pd-row" }, h("span", { class: kind }, label), values[key]);
  };
  const first = h("div", { class: "pd-rows pd-first" },
    row("found", t("members found", "找出的成员"), "pd-key pd-key-members"),
    row("wrong", t("others called members (guessing finds as many)", "误判为成员的他人（瞎猜也能找出这么多）"), "pd-key pd-key-others"),
    row("most", t("the promise allows at most", "承诺允许的上限")));
  const rows = h("div", { class: "pd-rows" },
    row("area", t("AUC, 48 networks", "AUC，48 个网络")),
    row("accuracy", t("accuracy on held-out digits", "留出数字上的准确率")),
    row("epsilon", t("ε, with δ = 0.0001", "ε，δ = 0.0001")));

  // --- everything together ------------------------------------------------------------------------
  const draw = ctx.redraw(() => {
    const { epsilon, accuracy } = summary();
    const wrong = shares[step()];
    way.value = ways.indexOf(get("way"));
    way.setAttribute("aria-valuetext", told(get("way")));
    wayShown.textContent = told(get("way"));
    alarms.value = step();
    alarms.setAttribute("aria-valuetext", probability(wrong));
    alarmsShown.textContent = probability(wrong);
    attack.set(get("attack"));
    whose.set(get("whose"));
    drawBars();
    drawRoc();
    const shown = {
      found: probability(now().found[step()]), wrong: probability(wrong),
      most: epsilon === null ? t("no promise", "没有承诺") : probability(mostFound(wrong, epsilon, get("_delta"))),
      area: spread(now().auc), accuracy: spread(accuracy), epsilon: epsilon === null ? "∞" : number(epsilon),
    };
    for (const [key, text] of Object.entries(shown)) values[key].textContent = text;
    if (spoken) {
      ctx.say(t(`${told(get("way"))}: ${shown.found} of members found at ${shown.wrong} false alarms, accuracy ${shown.accuracy}`,
        `${told(get("way"))}：误报 ${shown.wrong} 时找出成员 ${shown.found}，准确率 ${shown.accuracy}`));
    }
    spoken = false;
  });

  const slider = (label, id, shown, input) => h("div", { class: "pd-slider" }, h("label", { class: "lw-label", for: id }, label), shown, input);
  root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("change the attack from loss to LiRA, and watch the members found.", "把攻击从“损失”换成 LiRA，看找出的成员比例。")),
    h("div", { class: "pd-top" }, attack.node, whose.node),
    h("div", { class: "pd-top" }, slider(t("Training", "训练方式"), ids[0], wayShown, way), slider(t("False alarms", "误报"), ids[1], alarmsShown, alarms)),
    first,
    h("div", { class: "pd-views" },
      h("div", { class: "pd-left" },
        h("p", { class: "pd-legend" }, h("span", { class: "pd-key pd-key-members" }, t("members, up", "成员（向上）")),
          h("span", { class: "pd-key pd-key-others" }, t("others, down", "他人（向下）")), axis),
        bars, rows),
      h("div", { class: "pd-right" },
        h("p", { class: "pd-legend lw-quiet" }, t("members found, against false alarms", "找出的成员比例，对误报率")), square,
        h("p", { class: "pd-note lw-quiet" }, t("Dotted: guessing. Grey: what ε rules out for every attack.", "点线：瞎猜。阴影：ε 对任何攻击都排除的区域。")))));
  ctx.watch(["way", "attack", "whose", "false_alarms"], draw);
  ctx.onTheme(draw);
  ctx.onResize(bars, draw);
  draw();
}

export default { render: (host) => mount(host, "privacy-dial", build) };
