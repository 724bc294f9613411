// What Compressor shows: the weights that are left, what they cost, and what is read with them.
import { argmax, compressed, scoresOf, smallestFirst, storedBits } from "../engine/compression.js";
import { toInput } from "../engine/digits.js";
import { lenetWeights } from "../engine/lenet.js";
import { t } from "../kit/language.js";
import { number, probability } from "../kit/numbers.js";

export const SETTINGS = ["bits", "per", "sparsity", "clip", "layer"];
export const BITS = [32, 8, 7, 6, 5, 4, 3, 2];
export const AS_TRAINED = { bits: 32, sparsity: 0, clip: 100, layer: "all" };
export const SHOWN_WRONG = 18;
const LAYERS = ["conv1", "conv2", "hidden", "output"];
const GOAL = 0.98;
const BINS = 61;
const KILOBYTES = [2, 100]; // of the plot, on a logarithmic axis

const kilobytes = (bits) => bits / 8000;
const withArticle = (digit) => `${digit === 8 ? "an" : "a"} ${digit}`;
const weightOf = (w, layer) => w[`${layer}.weight`];
const sumOf = (list) => list.reduce((a, b) => a + b, 0);

/** What the layers are called, "all" among them: {layer: name}. */
export function layerNames() {
  return {
    all: t("all", "全部"), conv1: t("conv 1", "卷积1"), conv2: t("conv 2", "卷积2"),
    hidden: t("hidden", "隐藏层"), output: t("output", "输出层"),
  };
}

/** What a slider stands at: {setting: (value) => text}. */
export const told = {
  bits: (bits) => (bits === 32 ? t("32, as trained", "32，训练时的") : t(`${bits} bits`, `${bits} 位`)),
  sparsity: (share) => (share ? `${share}%` : t("none", "无")),
  clip: (limit) => (limit === 100 ? t("off", "关") : t(`${limit}% of the largest`, `最大值的 ${limit}%`)),
};

/** Values as a picture, zeros left blank (NaN): {values, size: [H, W]}. Kernels are tiles, one column
 *  for each map that comes out; a dense layer is its matrix. */
function pictureOf({ data, shape: [O, I, K] }) {
  const blank = (v) => (v === 0 ? NaN : v);
  if (!K) return { values: data.map(blank), size: [O, I] };
  const [H, W] = [I * (K + 1) - 1, O * (K + 1) - 1];
  const values = new Float32Array(H * W).fill(NaN);
  data.forEach((v, n) => {
    const [o, i, r, c] = [Math.floor(n / (I * K * K)), Math.floor(n / (K * K)) % I, Math.floor(n / K) % K, n % K];
    values[(i * (K + 1) + r) * W + o * (K + 1) + c] = blank(v);
  });
  return { values, size: [H, W] };
}

/** weights: the LeNet's numbers, layer after layer as `shapes` {name: shape} says; digits: 64 counts
 *  (0 to 16) each; labels.
 *
 *  `choose(settings)` takes the settings over and says whether they are new; then `weights()` is what
 *  follows from them at once. The digits are read one by one: `readOne()` until `finished()`, with
 *  `progress()` at any time; what was read to the end is in `tried()`, and `said()` tells it. */
export function compressorModel({ weights: numbers, shapes, digits, labels }) {
  const trained = lenetWeights(numbers, shapes);
  const order = Object.fromEntries(LAYERS.map((layer) => [layer, smallestFirst(weightOf(trained, layer))]));
  const largest = Object.fromEntries(LAYERS.map((layer) => (
    [layer, weightOf(trained, layer).data.reduce((a, b) => Math.max(a, Math.abs(b)), 0)])));
  const plainBits = sumOf(Object.values(trained).map(({ data }) => 32 * data.length));
  const N = labels.length;
  const counts = Array.from(labels, (_, n) => digits.subarray(64 * n, 64 * n + 64));
  const inputs = counts.map(toInput);

  let settings = {};
  let left = trained; // the weights as they are now
  let bits = plainBits;

  // --- the weights --------------------------------------------------------------------------------
  const how = () => ({
    bits: settings.bits, per: settings.per, share: settings.sparsity / 100, limit: settings.clip / 100,
  });
  const chosen = (layer) => settings.layer === "all" || settings.layer === layer;
  const storedOf = ([name, each]) => (each.shape.length > 1 && chosen(name.split(".")[0])
    ? storedBits(each, settings.bits, settings.per) : 32 * each.data.length);

  function choose(next) {
    if (SETTINGS.every((key) => settings[key] === next[key])) return false;
    settings = Object.fromEntries(SETTINGS.map((key) => [key, next[key]]));
    left = { ...trained };
    for (const layer of LAYERS.filter(chosen)) {
      left[`${layer}.weight`] = compressed(weightOf(trained, layer), how(), order[layer]);
    }
    bits = sumOf(Object.entries(left).map(storedOf));
    begin();
    return true;
  }

  function facts() {
    const matrices = LAYERS.map((layer) => weightOf(left, layer).data);
    const zeros = sumOf(matrices.map((data) => data.reduce((n, v) => n + (v === 0), 0)));
    const [percent, plain] = [((100 * bits) / plainBits).toFixed(0), kilobytes(plainBits).toFixed(1)];
    return {
      size: {
        value: `${kilobytes(bits).toFixed(1)} KB`,
        more: t(`${percent}% of ${plain} KB`, `${plain} KB 的 ${percent}%`),
      },
      zeros: {
        value: probability(zeros / sumOf(matrices.map((data) => data.length))),
        more: t("of all weights", "占全部权重"),
      },
    };
  }

  /** How many weights have which value, as heights 0 to 1 on a logarithmic scale. */
  function histogram() {
    const seen = LAYERS.filter(chosen);
    const end = Math.max(...seen.map((layer) => largest[layer]));
    const total = sumOf(seen.map((layer) => weightOf(left, layer).data.length));
    const height = (n) => Math.log1p(n) / Math.log1p(total);
    const heights = (w) => {
      const found = new Array(BINS).fill(0);
      for (const layer of seen) {
        for (const v of weightOf(w, layer).data) {
          found[Math.min(BINS - 1, Math.floor(((v / end + 1) / 2) * BINS))] += 1;
        }
      }
      return found.map(height);
    };
    const distinct = seen.map((layer) => new Set(weightOf(left, layer).data).size);
    const many = seen.length > 1;
    return {
      before: heights(trained), after: heights(left),
      rows: [0, 10, 100, 1000, 10000].filter((n) => n <= total)
        .map((n) => ({ at: height(n), text: n >= 1000 ? `${n / 1000}k` : String(n) })),
      columns: [number(-end, 2), "0", number(end, 2)],
      note: t(`Different values${many ? ", layer by layer" : ""}: ${distinct.join(", ")}`,
        `不同的取值${many ? "（逐层）" : ""}：${distinct.join("、")}`),
    };
  }

  /** What follows from the settings at once. A picture: {layer, values, size [H, W], max}. */
  function weights() {
    return {
      facts: facts(), histogram: histogram(),
      pictures: LAYERS.map((layer) => ({ layer, max: largest[layer], ...pictureOf(weightOf(left, layer)) })),
    };
  }

  /** What the pictures are called: [{layer, caption, label}]. */
  function captions() {
    const names = layerNames();
    return LAYERS.map((layer) => ({
      layer, caption: `${names[layer]}, ${shapes[`${layer}.weight`].join(" × ")}`,
      label: t(`weights of ${names[layer]}`, `${names[layer]}的权重`),
    }));
  }

  // --- reading ------------------------------------------------------------------------------------
  const known = counts.map(() => ({ pool1: null, pool2: null })); // what need not be computed again
  let keys = ["", ""];                                            // with which settings it was
  let done = 0;
  let wrong = []; // [digit, answer]
  const finished = () => done === N;

  function begin() {
    [done, wrong] = [0, []];
    const key = (layer) => (chosen(layer) ? JSON.stringify(how()) : "");
    const now = [key("conv1"), key("conv1") + key("conv2")];
    for (const digit of known) {
      if (now[0] !== keys[0]) digit.pool1 = null;
      if (now[1] !== keys[1]) digit.pool2 = null;
    }
    keys = now;
  }

  function readOne() {
    const { pool1, pool2, scores } = scoresOf(left, inputs[done], known[done]);
    known[done] = { pool1, pool2 };
    const answer = argmax(scores);
    if (answer !== labels[done]) wrong.push([done, answer]);
    done += 1;
    if (finished()) remember();
  }

  /** How far reading is. A digit read wrong is black on white, or white on black in `lightInk`. */
  function progress(lightInk = false) {
    const shown = wrong.slice(0, SHOWN_WRONG);
    const first = shown.length < wrong.length ? t(`, the first ${shown.length} shown`, `，下面是前 ${shown.length} 个`) : "";
    return {
      done, finished: finished(),
      right: {
        value: probability(1 - wrong.length / done),
        more: finished() ? t(`${N - wrong.length} of ${N} digits`, `${N} 个数字中的 ${N - wrong.length} 个`)
          : t(`first ${done} of ${N}`, `前 ${done} 个（共 ${N} 个）`),
      },
      title: wrong.length ? t(`Read wrong: ${wrong.length}${first}`, `读错：${wrong.length}${first}`)
        : finished() ? t("Read wrong: none", "读错：无") : t("Read wrong: none yet", "读错：暂无"),
      wrong: shown.map(([n, answer]) => ({
        values: lightInk ? counts[n] : counts[n].map((v) => 16 - v), max: 16,
        text: `${labels[n]} → ${answer}`,
        label: t(`${withArticle(labels[n])}, read as ${withArticle(answer)}`, `${labels[n]}，读成 ${answer}`),
      })),
    };
  }

  // --- what has been tried --------------------------------------------------------------------------
  const past = new Map(); // settings as text -> [kilobytes, share read right]
  let latest = "";

  function remember() {
    latest = JSON.stringify(settings);
    past.set(latest, [kilobytes(bits), 1 - wrong.length / N]);
  }

  /** Size against accuracy, places 0 to 1 from the left and from the bottom. */
  function tried() {
    const [low, high] = KILOBYTES.map(Math.log);
    const across = (size) => (Math.log(size) - low) / (high - low);
    const good = [...past.values()].filter(([, share]) => share >= GOAL).map(([size]) => size);
    const least = Math.min(...good).toFixed(1);
    const note = good.length ? t(`Your smallest above 98%: ${least} KB`, `98% 以上的最小值：${least} KB`)
      : t("None above 98% yet", "还没有 98% 以上的");
    return {
      points: [...past].map(([key, [size, share]]) => ({ x: across(size), y: share, now: key === latest })),
      rows: [0, 0.5, 1].map((share) => ({ at: share, text: `${100 * share}%` })),
      columns: [2, 5, 10, 20, 50, 100].map((size) => ({ at: across(size), text: String(size) })),
      goal: GOAL, note,
      label: t(`size against accuracy of ${past.size} settings. ${note}`, `${past.size} 个设置的大小与正确率。${note}`),
    };
  }

  /** The last setting that was read to the end, in words. */
  function said() {
    const [size, share] = past.get(latest);
    return t(`${number(size)} kilobytes, ${probability(share)} read right`, `${number(size)} KB，读对 ${probability(share)}`);
  }

  return { choose, weights, captions, readOne, finished, progress, tried, said };
}
