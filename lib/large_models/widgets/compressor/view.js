// Drag bits and sparsity: the held-out digits are read anew. Python's side: __init__.py.
import { argmax, compressed, scoresOf, smallestFirst, storedBits } from "../engine/compression.js";
import { toInput } from "../engine/digits.js";
import { lenetWeights } from "../engine/lenet.js";
import { bytesOf, drawMap, float32Of, h, mount, number, probability, segmented, t, uniqueId } from "../kit/mod.js";

const BITS = [32, 8, 7, 6, 5, 4, 3, 2];
const LAYERS = ["conv1", "conv2", "hidden", "output"];
const AT_ONCE = 100;   // digits read before the first answer is shown
const SLICE = 12;      // milliseconds of reading in each further frame
const SHOWN_WRONG = 18;
const GOAL = 0.98;
const BINS = 61;
const PLOT = { height: 190, left: 40, right: 10, top: 10, bottom: 34 };
const KILOBYTES = [2, 100]; // of the plot, on a logarithmic axis
const withArticle = (digit) => `${digit === 8 ? "an" : "a"} ${digit}`;

function build(ctx) {
  const { root, get } = ctx;
  const shapes = JSON.parse(get("_shapes"));
  const trained = lenetWeights(float32Of(get("_weights")), shapes);
  const weightOf = (w, layer) => w[`${layer}.weight`];
  const order = Object.fromEntries(LAYERS.map((layer) => [layer, smallestFirst(weightOf(trained, layer))]));
  const largest = Object.fromEntries(LAYERS.map((layer) => (
    [layer, weightOf(trained, layer).data.reduce((a, b) => Math.max(a, Math.abs(b)), 0)])));
  const labels = bytesOf(get("_labels"));
  const N = labels.length;
  const counts = Array.from(labels, (_, n) => bytesOf(get("_digits")).subarray(64 * n, 64 * n + 64));
  const inputs = counts.map(toInput);

  const settings = () => Object.fromEntries(["bits", "per", "sparsity", "clip", "layer"].map((key) => [key, get(key)]));
  const chosen = (layer) => get("layer") === "all" || get("layer") === layer;
  const how = () => ({ bits: get("bits"), per: get("per"), share: get("sparsity") / 100, limit: get("clip") / 100 });
  let touched = false;
  const put = (changes) => { touched = true; ctx.sync(changes); };

  // --- controls -----------------------------------------------------------------------------------
  const layerNames = { all: t("all", "全部"), conv1: t("conv 1", "卷积1"), conv2: t("conv 2", "卷积2"), hidden: t("hidden", "隐藏层"), output: t("output", "输出层") };
  const layers = segmented(t("Layer", "哪一层"), Object.entries(layerNames), (layer) => put({ layer }));
  const per = segmented(t("One scale for each", "比例尺按"), [["tensor", t("layer", "整层")], ["row", t("row", "每行")]], (value) => put({ per: value }));

  function slider(key, label, { min, max, show, read = Number, write = (v) => v }) {
    const id = uniqueId();
    const shown = h("output", { class: "cp-shown", for: id });
    const range = h("input", { type: "range", id, min, max, step: 1, oninput: ctx.guard(() => put({ [key]: read(Number(range.value)) })) });
    return {
      node: h("div", { class: "cp-slider" }, h("label", { class: "lw-label", for: id }, label), shown, range),
      set() {
        range.value = write(get(key));
        range.setAttribute("aria-valuetext", show(get(key)));
        shown.textContent = show(get(key));
      },
    };
  }
  const sliders = [
    slider("bits", t("Bits per weight", "每个权重的位数"), {
      min: 0, max: BITS.length - 1, read: (i) => BITS[i], write: (bits) => BITS.indexOf(bits),
      show: (bits) => (bits === 32 ? t("32, as trained", "32，训练时的") : t(`${bits} bits`, `${bits} 位`)),
    }),
    slider("sparsity", t("Pruned", "剪枝"), { min: 0, max: 95, show: (share) => (share ? `${share}%` : t("none", "无")) }),
    slider("clip", t("Clipped at", "裁剪到"), {
      min: 0, max: 95, read: (i) => 100 - i, write: (limit) => 100 - limit,
      show: (limit) => (limit === 100 ? t("off", "关") : t(`${limit}% of the largest`, `最大值的 ${limit}%`)),
    }),
  ];
  const reset = h("button", { type: "button", class: "lw-button", onclick: ctx.guard(() => put({ bits: 32, sparsity: 0, clip: 100, layer: "all" })) }, t("As trained", "恢复原样"));

  // --- what comes out -----------------------------------------------------------------------------
  const fact = (label, name) => {
    const value = h("b", { class: `cp-value ${name}` });
    const more = h("span", { class: "cp-more lw-quiet" });
    return { value, more, node: h("div", { class: "cp-fact" }, h("span", { class: "lw-label" }, label), value, more) };
  };
  const facts = {
    size: fact(t("Size", "大小"), "cp-size"), right: fact(t("Read right", "读对"), "cp-right"), zeros: fact(t("Zeros", "零"), "cp-zeros"),
  };
  const kb = (bits) => bits / 8000;
  const sizeOf = (w) => Object.entries(w).reduce((sum, [name, each]) => {
    if (each.shape.length < 2) return sum + 32 * each.data.length;
    return sum + (chosen(name.split(".")[0]) ? storedBits(each, get("bits"), get("per")) : 32 * each.data.length);
  }, 0);
  const plainSize = Object.values(trained).reduce((sum, each) => sum + 32 * each.data.length, 0);
  const zerosOf = (w) => {
    const [none, all] = LAYERS.reduce(([z, n], layer) => {
      const { data } = weightOf(w, layer);
      return [z + data.reduce((k, v) => k + (v === 0), 0), n + data.length];
    }, [0, 0]);
    return none / all;
  };

  // --- reading the digits, some in each frame -----------------------------------------------------
  const known = counts.map(() => ({ pool1: null, pool2: null }));
  let keys = ["", ""];
  let frame = 0;
  let wrong = [];
  ctx.onCleanup(() => cancelAnimationFrame(frame));

  function forget() {
    const key = (layer) => (chosen(layer) ? JSON.stringify(how()) : "");
    const now = [key("conv1"), key("conv1") + key("conv2")];
    for (const digit of known) {
      if (now[0] !== keys[0]) digit.pool1 = null;
      if (now[1] !== keys[1]) digit.pool2 = null;
    }
    keys = now;
  }

  function readAll(w, size) {
    cancelAnimationFrame(frame);
    forget();
    wrong = [];
    let done = 0;
    const more = ctx.guard((least) => {
      const end = performance.now() + SLICE;
      while (done < N && (done < least || performance.now() < end)) {
        const { pool1, pool2, scores } = scoresOf(w, inputs[done], known[done]);
        known[done] = { pool1, pool2 };
        const answer = argmax(scores);
        if (answer !== labels[done]) wrong.push([done, answer]);
        done += 1;
      }
      tellRight(done);
      drawWrong(done);
      if (done < N) frame = requestAnimationFrame(() => more(0));
      else remember(size, 1 - wrong.length / N);
    });
    more(AT_ONCE);
  }

  function tellRight(done) {
    const share = 1 - wrong.length / done;
    facts.right.value.textContent = probability(share);
    facts.right.value.dataset.done = done;
    facts.right.more.textContent = done < N ? t(`first ${done} of ${N}`, `前 ${done} 个（共 ${N} 个）`)
      : t(`${N - wrong.length} of ${N} digits`, `${N} 个数字中的 ${N - wrong.length} 个`);
  }

  // --- the digits now read wrong ------------------------------------------------------------------
  const wrongTitle = h("p", { class: "cp-title" });
  const tiles = Array.from({ length: SHOWN_WRONG }, () => {
    const canvas = h("canvas", { "aria-hidden": "true" });
    const text = h("span", { "aria-hidden": "true" });
    return { canvas, text, node: h("li", { class: "cp-wrong", hidden: true }, h("span", { role: "img" }, canvas, text)) };
  });
  const wrongList = h("ul", { class: "cp-wrongs" }, tiles.map((tile) => tile.node));
  let lightInk = false;

  function drawWrong(done) {
    const shown = Math.min(wrong.length, SHOWN_WRONG);
    const first = shown < wrong.length ? t(`, the first ${shown} shown`, `，下面是前 ${shown} 个`) : "";
    wrongTitle.textContent = wrong.length ? t(`Read wrong: ${wrong.length}${first}`, `读错：${wrong.length}${first}`)
      : done < N ? t("Read wrong: none yet", "读错：暂无") : t("Read wrong: none", "读错：无");
    tiles.forEach((tile, i) => {
      tile.node.hidden = i >= shown;
      if (i >= shown) return;
      const [n, answer] = wrong[i];
      drawMap(tile.canvas, lightInk ? counts[n] : counts[n].map((v) => 16 - v), [8, 8], { max: 16 });
      tile.text.textContent = `${labels[n]} → ${answer}`;
      tile.node.firstChild.setAttribute("aria-label", t(`${withArticle(labels[n])}, read as ${withArticle(answer)}`, `${labels[n]}，读成 ${answer}`));
    });
  }

  // --- what has been tried: size against accuracy --------------------------------------------------
  const tried = new Map(); // settings as text -> [kilobytes, accuracy]
  const plot = h("svg:svg", { class: "cp-plot", role: "img", "aria-label": t("size against accuracy", "大小与正确率") });
  const best = h("p", { class: "cp-note lw-quiet" });
  let latest = "";

  function remember(size, accuracy) {
    latest = JSON.stringify(settings());
    tried.set(latest, [kb(size), accuracy]);
    drawPlot();
    if (touched) ctx.say(t(`${number(kb(size))} kilobytes, ${(100 * accuracy).toFixed(1)} percent read right`, `${number(kb(size))} KB，读对 ${(100 * accuracy).toFixed(1)}%`));
    touched = false;
  }

  function axes(svg, height, title) {
    const width = Math.round(svg.getBoundingClientRect().width) || 340;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const [left, right, bottom] = [PLOT.left, width - PLOT.right, height - PLOT.bottom];
    const text = (x, y, words, anchor = "middle") => h("svg:text", { class: "cp-tick", x, y, "text-anchor": anchor }, words);
    return { left, right, bottom, text, name: text((left + right) / 2, height - 4, title) };
  }

  function drawPlot() {
    const { left, right, bottom, text, name } = axes(plot, PLOT.height, t("kilobytes", "KB"));
    const [low, high] = KILOBYTES.map(Math.log);
    const x = (size) => left + ((right - left) * (Math.log(size) - low)) / (high - low);
    const y = (share) => bottom - (bottom - PLOT.top) * share;
    const parts = [name];
    for (const share of [0, 0.5, 1]) {
      parts.push(h("svg:path", { class: "cp-grid", d: `M${left} ${y(share)}H${right}` }), text(left - 6, y(share) + 4, `${100 * share}%`, "end"));
    }
    for (const size of [2, 5, 10, 20, 50, 100]) parts.push(text(Math.min(x(size), right - 8), bottom + 16, size));
    parts.push(h("svg:path", { class: "cp-goal", d: `M${left} ${y(GOAL)}H${right}` }));
    for (const [key, [size, share]] of tried) {
      const now = key === latest;
      parts.push(h("svg:circle", { class: now ? "cp-now" : "cp-dot", cx: x(size).toFixed(1), cy: y(share).toFixed(1), r: now ? 6 : 3.5 }));
    }
    plot.replaceChildren(...parts);
    const good = [...tried.values()].filter(([, share]) => share >= GOAL).map(([size]) => size);
    best.textContent = good.length ? t(`Your smallest above 98%: ${Math.min(...good).toFixed(1)} KB`, `98% 以上的最小值：${Math.min(...good).toFixed(1)} KB`)
      : t("None above 98% yet", "还没有 98% 以上的");
    plot.setAttribute("aria-label", t(`size against accuracy of ${tried.size} settings. ${best.textContent}`, `${tried.size} 个设置的大小与正确率。${best.textContent}`));
  }

  // --- the weights --------------------------------------------------------------------------------
  const bars = h("svg:svg", { class: "cp-plot", role: "img", "aria-label": t("histogram of the weights", "权重的直方图") });
  const barsTitle = h("p", { class: "cp-note cp-distinct lw-quiet" });

  function drawBars(w) {
    const { left, right, bottom, text, name } = axes(bars, PLOT.height, t("weight", "权重"));
    const seen = LAYERS.filter(chosen);
    const end = Math.max(...seen.map((layer) => largest[layer]));
    const count = (from) => {
      const found = new Array(BINS).fill(0);
      for (const layer of seen) for (const v of weightOf(from, layer).data) found[Math.min(BINS - 1, Math.floor(((v / end + 1) / 2) * BINS))] += 1;
      return found;
    };
    const total = seen.reduce((n, layer) => n + weightOf(w, layer).data.length, 0);
    const x = (bin) => left + ((right - left) * bin) / BINS;
    const y = (n) => bottom - ((bottom - PLOT.top) * Math.log1p(n)) / Math.log1p(total);
    const parts = [name];
    for (const n of [0, 10, 100, 1000, 10000].filter((each) => each <= total)) {
      parts.push(h("svg:path", { class: "cp-grid", d: `M${left} ${y(n)}H${right}` }), text(left - 6, y(n) + 4, n >= 1000 ? `${n / 1000}k` : n, "end"));
    }
    const before = count(trained).map((n, bin) => `${bin ? "L" : "M"}${x(bin).toFixed(1)} ${y(n).toFixed(1)}H${x(bin + 1).toFixed(1)}`).join("");
    const after = count(w).map((n, bin) => (n ? `M${(x(bin) + 0.5).toFixed(1)} ${bottom}V${y(n).toFixed(1)}H${(x(bin + 1) - 0.5).toFixed(1)}V${bottom}Z` : "")).join("");
    parts.push(h("svg:path", { class: "cp-after", d: after }), h("svg:path", { class: "cp-before", d: before }),
      text(left, bottom + 16, number(-end, 2), "start"), text((left + right) / 2, bottom + 16, "0"), text(right, bottom + 16, number(end, 2), "end"));
    bars.replaceChildren(...parts);
    const distinct = seen.map((layer) => new Set(weightOf(w, layer).data).size);
    barsTitle.textContent = t(`Different values${seen.length > 1 ? ", layer by layer" : ""}: ${distinct.join(", ")}`, `不同的取值${seen.length > 1 ? "（逐层）" : ""}：${distinct.join("、")}`);
  }

  const pictures = LAYERS.map((layer) => {
    const canvas = h("canvas", { class: "cp-picture", role: "img", "aria-label": t(`weights of ${layerNames[layer]}`, `${layerNames[layer]}的权重`) });
    const shape = shapes[`${layer}.weight`];
    return { layer, canvas, node: h("figure", { class: "cp-figure" }, h("figcaption", {}, `${layerNames[layer]}, ${shape.join(" × ")}`), canvas) };
  });

  /** Kernels as tiles, one column for each that comes out; a dense layer as its matrix. 0 is left blank. */
  function drawPicture({ layer, canvas }, w) {
    const { data, shape: [O, I, K] } = weightOf(w, layer);
    const max = largest[layer];
    const at0 = (v) => (v === 0 ? NaN : v);
    if (!K) return drawMap(canvas, data.map(at0), [O, I], { scale: "diverging", max });
    const [H, W] = [I * (K + 1) - 1, O * (K + 1) - 1];
    const out = new Float32Array(H * W).fill(NaN);
    data.forEach((v, n) => {
      const [o, i, r, c] = [Math.floor(n / (I * K * K)), Math.floor(n / (K * K)) % I, Math.floor(n / K) % K, n % K];
      out[(i * (K + 1) + r) * W + o * (K + 1) + c] = at0(v);
    });
    return drawMap(canvas, out, [H, W], { scale: "diverging", max });
  }

  // --- everything together ------------------------------------------------------------------------
  const draw = ctx.redraw(() => {
    const w = { ...trained };
    for (const layer of LAYERS.filter(chosen)) w[`${layer}.weight`] = compressed(weightOf(trained, layer), how(), order[layer]);
    layers.set(get("layer"));
    per.set(get("per"));
    for (const each of sliders) each.set();
    const size = sizeOf(w);
    facts.size.value.textContent = `${kb(size).toFixed(1)} KB`;
    facts.size.more.textContent = t(`${((100 * size) / plainSize).toFixed(0)}% of ${kb(plainSize).toFixed(1)} KB`, `${kb(plainSize).toFixed(1)} KB 的 ${((100 * size) / plainSize).toFixed(0)}%`);
    facts.zeros.value.textContent = probability(zerosOf(w));
    facts.zeros.more.textContent = t("of all weights", "占全部权重");
    lightInk = parseInt(ctx.color("--lw-text").slice(1, 3), 16) > 127;
    drawBars(w);
    for (const picture of pictures) drawPicture(picture, w);
    readAll(w, size);
  });
  root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("drag the bits down to 2, and watch the share that is read right. Then give each row a scale of its own. In how few kilobytes does the network still read 98%?", "把位数拖到 2，看读对的比例。再改为每行一个比例尺。最少用多少 KB 还能读对 98%？")),
    h("div", { class: "cp-bar" }, layers.node, per.node, reset),
    h("div", { class: "cp-sliders" }, sliders.map((each) => each.node)),
    h("div", { class: "cp-facts" }, Object.values(facts).map((each) => each.node)),
    h("div", { class: "cp-plots" },
      h("div", {}, h("p", { class: "cp-title" }, t("What you have tried", "试过的设置")), plot, best),
      h("div", {}, h("p", { class: "cp-title" }, t("The weights: as trained (line), now (bars)", "权重：训练时（线），现在（柱）")), bars, barsTitle)),
    h("div", { class: "cp-pictures" }, ...["conv2", null].map((only) => (
      h("div", {}, pictures.filter(({ layer }) => (layer === "conv2") === (only === "conv2")).map((each) => each.node))))),
    h("p", { class: "cp-note lw-quiet" }, t("Blue below 0, red above, each layer on its own scale; grey: exactly 0.", "蓝色小于 0，红色大于 0，每层自有比例；灰色：正好为 0。")),
    wrongTitle, wrongList);
  ctx.watch(["bits", "per", "sparsity", "clip", "layer"], draw);
  ctx.onTheme(draw);
  ctx.onResize(plot, draw);
  draw();
}

export default { render: (host) => mount(host, "compressor", build) };
