// What GenerationView shows, as plain data: the text, the next token's bars, where heads look.
//
// `state` is {desk: writing_model.js says what lies on it; outputs: what the model says after each
// token, {scores, look} of generation_model.js, before it is there perhaps of the last one alone;
// partsOf(id): a token's text, of tokenParts; loaded; playing}. `given` holds the traits temperature,
// top_k, top_p, greedy, layer and head; `config` is the model's.
import { lookOf } from "../engine/generation_model.js";
import { nextTokens } from "../engine/sampling.js";
import { t } from "../kit/language.js";
import { probability } from "../kit/numbers.js";

const BARS = 10;
export const TEMPERATURES = Array.from({ length: 20 }, (_, i) => (i + 1) / 10);
export const TOP_K = [1, 2, 3, 5, 10, 20, 40, 80, 160, 320, 640, null];
export const TOP_P = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];

/** Where a value stands among a slider's: the nearest one, null only at null. */
export function nearest(values, value) {
  const far = values.map((v) => (v === value ? 0 : v === null || value === null ? Infinity : Math.abs(v - value)));
  return far.indexOf(Math.min(...far));
}

/** The settings of a draw. */
export const settingsOf = ({ temperature, top_k: topK, top_p: topP, greedy }) => ({ temperature, topK, topP, greedy });

/** The place that is shown: under the mouse, else the chosen one, else the next token's. */
const shownAt = ({ text, hover, spot }) => Math.min(hover ?? spot ?? text.ids.length, text.ids.length);

const largestOf = (row) => row.reduce((a, b) => Math.max(a, b), 0);

/** Everything that is drawn; `said`, for a screen reader, after an act: "token", "place" or "". */
export function generationView(config, given, state, act = "") {
  const { desk: { text, spot, hover, past }, outputs } = state;
  const { ids, start } = text;
  const at = shownAt({ text, hover, spot });
  const nameOf = (id) => state.partsOf(id).map(([, part]) => part).join("");
  const seen = {
    config, state, text, at, nameOf, output: outputs[at - 1] ?? null,
    settings: text.chosen[at]?.settings ?? settingsOf(given), // as they were then, or are now
  };
  seen.options = seen.output && nextTokens(seen.output.scores, seen.settings);
  const bars = barsOf(seen, spot);
  return {
    at, bars,
    chosen: Math.min(spot ?? ids.length, ids.length),
    tokens: ids.map((id, i) => ({
      key: `${id} ${i < start}`, kind: i < start ? "in" : "out", parts: state.partsOf(id),
      ends: nameOf(id).endsWith("⏎"),
    })),
    attention: attentionOf(seen, given),
    buttons: buttonsOf(config, state),
    said: saidOf(seen, given, act, bars.title),
  };
}

function buttonsOf({ n_positions: N }, { desk: { text: { ids, start }, past }, playing }) {
  const full = ids.length >= N;
  return {
    playing, full,
    off: { step: full, play: full, undo: !past.length, reset: ids.length === start },
    count: !ids.length ? "" : full ? t(`${N} of ${N} tokens: the model can read no more`, `${N} / ${N} 个词元：模型读不下更多了`)
      : t(`${ids.length} of ${N} tokens`, `${ids.length} / ${N} 个词元`),
  };
}

/** The most probable tokens at the place that is shown, and the one that stands there. */
function barsOf(seen, spot) {
  const { config: { n_positions: N, vocab_size: V }, text: { ids, start }, at, nameOf, options, state } = seen;
  const title = titleOf(seen);
  if (!options) return { title, rows: null };
  const { order, kept, said, drawn } = options;
  const list = order.slice(0, BARS);
  if (at < ids.length && !list.includes(ids[at])) list[BARS - 1] = ids[at];
  const fixed = at < start || at >= N;
  const rest = probability(Math.max(0, list.reduce((sum, id) => sum - drawn[id], 1)));
  return {
    title,
    changed: order.some((id) => said[id] !== drawn[id]), // the model's own probabilities are others
    rows: list.map((id) => {
      const cut = !kept.has(id);
      return {
        id, parts: state.partsOf(id), drawn: drawn[id], said: said[id], cut, was: id === ids[at], fixed,
        text: probability(drawn[id]),
        label: `${nameOf(id)} ${probability(drawn[id])}${cut ? t(", cut", "，已截去") : ""}`,
      };
    }),
    others: spot === at && !fixed && at < ids.length
      ? t("press another token to go on from there", "按另一个，从那里继续")
      : kept.size < V ? t(`${kept.size} of ${V} tokens can be drawn`, `${V} 个词元中可抽取 ${kept.size} 个`)
        : t(`the other ${V - BARS} tokens: ${rest}`, `其余 ${V - BARS} 个词元：${rest}`),
  };
}

/** What is known of the token at the place: {name, kind: "in", "out" or null, about}. */
function titleOf({ text: { ids, start, chosen }, at, nameOf, options, state }) {
  if (at === ids.length) return { name: "", kind: null, about: t("Which token comes next", "下一个词元是什么") };
  const id = ids[at];
  const its = { name: nameOf(id), kind: at < start ? "in" : "out" };
  if (!options) return { ...its, about: state.loaded ? t(" is the first token", " 是第一个词元") : t(" …", " ……") };
  const [said, drawn] = [options.said[id], options.drawn[id]].map(probability);
  const rank = options.order.indexOf(id) + 1;
  const about = at < start ? t(` is yours; the model gave it ${said}`, ` 是您写的；模型给它 ${said}`) : {
    hand: t(` was picked by you, at ${drawn}`, ` 是您选的，概率 ${drawn}`),
    greedy: t(` was the most probable, at ${said}`, ` 最可能，概率 ${said}`),
    draw: t(` was drawn at ${drawn}`, ` 以 ${drawn} 抽中`),
  }[chosen[at]?.by] ?? t(` has ${drawn}`, ` 的概率是 ${drawn}`); // Python's text
  return { ...its, about: about + t(`, rank ${rank}`, `，第 ${rank} 名`) };
}

/** What is read out; null while it is not known. */
function saidOf({ text: { ids, start, chosen }, at, nameOf, output, state }, given, act, title) {
  if (!act || !(output || state.loaded)) return null;
  if (act === "place") return title.name + title.about;
  if (at !== ids.length || ids.length === start) return "";
  const before = state.outputs[at - 2] ?? output;
  const { drawn } = nextTokens(before.scores, chosen[at - 1]?.settings ?? settingsOf(given));
  return `${nameOf(ids[at - 1])} ${probability(drawn[ids[at - 1]])}`;
}

/** The heads in rows of layers, each row's mean at its end; the last row has the mean of all, under
 *  the means, and gaps (null). {layer, head, name}, null for means. */
export function headsOf({ n_layer: L, n_head: H }) {
  return Array.from({ length: (L + 1) * (H + 1) }, (_, i) => {
    const [row, column] = [Math.floor(i / (H + 1)), i % (H + 1)];
    if (row === L && column < H) return null;
    const [layer, head] = [row === L ? null : row, column === H ? null : column];
    return { layer, head, name: headName(layer, head) };
  });
}

function headName(layer, head) {
  if (layer === null) return t("mean of all heads", "所有头的平均");
  return head === null ? t(`layer ${layer + 1}, mean of its heads`, `第 ${layer + 1} 层，各头平均`)
    : t(`layer ${layer + 1}, head ${head + 1}`, `第 ${layer + 1} 层，第 ${head + 1} 头`);
}

/** Where the token before the shown place looks. */
function attentionOf({ config, text: { ids }, at, nameOf, output }, { layer, head }) {
  const all = headsOf(config);
  const sizes = [config.n_layer, config.n_head];
  // Where the layer is null, all count: there is no mean of one head over the layers.
  const found = all.findIndex((one) => one && one.layer === layer && one.head === head);
  const picked = found < 0 ? all.length - 1 : found;
  const rows = all.map((one) => one && (output ? lookOf(output, sizes, one.layer, one.head) : new Float64Array(1)));
  const row = output ? rows[picked] : [];
  const largest = largestOf(row);
  const best = row.indexOf(largest);
  return {
    from: at - 1, picked,
    // Percent of the colour of weights, for each token and the next one.
    shares: [...ids, null].map((_, i) => (i < row.length ? Math.round((50 * row[i]) / largest) : 0)),
    looked: output ? { from: nameOf(ids[at - 1]), to: nameOf(ids[best]), weight: largest.toFixed(2) } : null,
    waits: at || !ids.length ? t("Loading …", "正在加载……") : t("Nothing comes before the first token.", "第一个词元之前什么也没有。"),
    // Of 255, the largest weight of a head the darkest.
    heads: rows.map((weights) => {
      const most = weights && (largestOf(weights) || 1);
      return weights && Uint8Array.from(weights, (w) => Math.round((255 * w) / most));
    }),
  };
}

/** What is said of a beginning that is too long. */
export function tooLong(length, most) {
  return t(
    `This beginning has ${length} tokens, but the model reads at most ${most}. The previous beginning still counts.`,
    `这个开头有 ${length} 个词元，模型最多读 ${most} 个。仍以之前的开头为准。`);
}

/** What the model is. */
export function honesty({ parameters }) {
  return t(
    `A GPT of ${(parameters / 1e6).toFixed(2)} million parameters that has read the documentation of Python `
    + "libraries and nothing else. It has learned how such sentences sound; what they say is invented.",
    `一个有 ${Math.round(parameters / 1e4)} 万参数的 GPT，只读过 Python 库的文档。它学会了这类句子听起来是什么样，内容却是编造的。`);
}
