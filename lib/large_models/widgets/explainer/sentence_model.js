// The Explainer's sentence as data: what each token adds, by four methods, and what the answer loses
// without the strongest. The BERT's weights come on first use.
import { bertBackward, bertFromEmbeddings } from "../engine/bert_gradients.js";
import { attentionRollout, integratedGradients, seededRandom, strongestFirst } from "../engine/explanation.js";
import { softmax, tensor } from "../engine/nn.js";
import { unpack } from "../engine/packed.js";
import { wordpieceTokenizer } from "../engine/wordpiece.js";
import { paint } from "../kit/colors.js";
import { t } from "../kit/language.js";
import { probability } from "../kit/numbers.js";
import { answerRows, fall, shuffled, sumText } from "./words.js";

export const COLUMNS = ["hide", "rollout", "times", "integrated"];
const STEPS = 16; // of integrated gradients
const DRAWS = 10; // of random tokens
const GAP_TOKEN = "[MASK]";

const signed = (value, text) => (value > 0 ? `+${text}` : text).replace("-", "−");
const visible = (token) => token.replaceAll(" ", "␣") || "∅";

/** A method's number for a token, as the table says it. */
function valueText(name, value) {
  if (name === "rollout") return probability(value);
  return signed(value, name === "hide" ? `${(100 * value).toFixed(1)}%` : value.toFixed(2));
}

/** The sentence's state, what changes it, and what follows from it. get(key) gives a trait. What takes
 *  long is a generator: it yields after each piece of work, true where there is something new to show.
 *  @param {(key: string) => any} get */
export function sentenceModel(get) {
  const config = get("_config");
  const { hidden_size: C, num_attention_heads: H, max_position_embeddings: N } = config;
  const labels = get("_labels");
  let parts = null;  // {tokenizer, body, head, gap}, once they have come
  let ids = [];      // of the tokens, [CLS] and [SEP] at the ends; none until there is a sentence
  let p = null;      // the answer to the whole sentence
  let own = null;    // with the reader's tokens hidden
  let label = 0;     // whose score is explained
  let maps = {};     // by method: a number for each token
  let worth = {};    // by method, and "random": what is left without the strongest
  let gap = null;    // of completeness: {off, span}

  /** Takes the model's files: tokenizer, body and head, as bytes. */
  function load([json, body, head]) {
    const tokenizer = wordpieceTokenizer(JSON.parse(new TextDecoder().decode(json)));
    parts = { tokenizer, body: unpack(body), head: unpack(head), gap: tokenizer.idOf(GAP_TOKEN) };
  }

  // --- one pass through the network ---------------------------------------------------------------
  const forward = (rows) => bertFromEmbeddings(parts.body, parts.head, config, rows);
  const chances = (scores) => [...softmax(tensor(scores, [scores.length])).data];
  function rowsOf(list) {
    const table = parts.body["bert.embeddings.word_embeddings.weight"].data;
    const rows = new Float32Array(list.length * C);
    list.forEach((id, i) => rows.set(table.subarray(id * C, (id + 1) * C), i * C));
    return rows;
  }
  const withGaps = (places) => ids.map((id, i) => (places.includes(i) ? parts.gap : id));
  const chancesWithout = (places) => chances(forward(rowsOf(withGaps(places))).scores);
  /** The sum over the features of each token. */
  const perToken = (values) => Float64Array.from({ length: values.length / C }, (_, i) => (
    values.subarray(i * C, (i + 1) * C).reduce((a, b) => a + b, 0)));

  const inner = () => [...ids.keys()].slice(1, -1);
  const hiddenPlaces = () => get("hidden").filter((at) => at > 0 && at < ids.length - 1);
  /** The tokens' places, a method's strongest first. */
  function ranked(name) {
    const numbers = maps[name].map((v, i) => (i === 0 || i === ids.length - 1 ? -Infinity : v));
    return strongestFirst(numbers).slice(0, inner().length);
  }

  // --- what the reader does -----------------------------------------------------------------------
  /** Reads the text, if the model is there: what is wrong with it, "" if it is read, null if it waits. */
  function read() {
    if (!parts) return null;
    const found = parts.tokenizer.encode(get("text"));
    if (found.length > N) {
      return t(`This text has ${found.length} tokens; the model reads ${N} at most. The previous text is still shown.`,
        `这段文字有 ${found.length} 个词元，模型最多读 ${N} 个。仍显示之前的文字。`);
    }
    ids = found;
    explain();
    return "";
  }
  const toggleToken = (at) => {
    const places = hiddenPlaces();
    return { hidden: places.includes(at) ? places.filter((other) => other !== at) : [...places, at].sort((a, b) => a - b) };
  };
  /** The reader has hidden a token, or shown one again. */
  function hide() {
    if (p) own = hiddenPlaces().length ? chancesWithout(hiddenPlaces()) : p;
  }

  // --- what is computed ---------------------------------------------------------------------------
  let found = null; // of the whole sentence: what every layer gave
  /** A new sentence, or another score to explain: all anew. The rest is `work`'s. */
  function explain() {
    if (!ids.length) return;
    found = forward(rowsOf(ids));
    p = chances(found.scores);
    label = get("label") === null ? p.indexOf(Math.max(...p)) : labels.indexOf(get("label"));
    [maps, worth, gap] = [{}, {}, null];
    maps.rollout = attentionRollout(found.attentions, H, ids.length).subarray(0, ids.length);
    hide();
  }

  function* work() {
    if (!p) return;
    const x = rowsOf(ids);
    const nothing = rowsOf(withGaps(inner()));
    maps.times = perToken(bertBackward(found, label).map((v, i) => v * (x[i] - nothing[i])));
    yield true;
    const lost = new Float64Array(ids.length);
    for (const at of inner()) {
      lost[at] = p[label] - chancesWithout([at])[label];
      yield;
    }
    maps.hide = lost;
    yield true;
    maps.integrated = perToken(
      yield* integratedGradients((rows) => bertBackward(forward(rows), label), x, nothing, STEPS));
    const span = found.scores[label] - forward(nothing).scores[label];
    gap = { off: Math.abs(maps.integrated.reduce((a, b) => a + b, 0) - span), span };
    yield true;
    yield* judge();
  }

  /** Whether only `judge` is left of the work, or less. */
  const explained = () => gap !== null;

  /** What is left without each method's strongest tokens, and without any at random. */
  function* judge() {
    const n = Math.min(get("gone"), inner().length);
    worth = {};
    for (const name of COLUMNS) {
      worth[name] = chancesWithout(ranked(name).slice(0, n))[label];
      yield true;
    }
    const random = seededRandom(1);
    let mean = 0;
    for (let i = 0; i < DRAWS; i++) {
      mean += chancesWithout(shuffled(inner(), random).slice(0, n))[label] / DRAWS;
      yield;
    }
    worth.random = mean;
    yield true;
  }

  // --- what is shown ------------------------------------------------------------------------------
  function cell(name, at, most) {
    const value = maps[name]?.[at];
    if (value === undefined) return { text: "…", background: "none", ink: "inherit" };
    return { text: valueText(name, value), ...paint(name === "rollout" ? "magnitude" : "diverging", value, most) };
  }

  /** The table, a row for each token: `sentence` is another one where the tokens are others. */
  function table() {
    const most = COLUMNS.map((name) => Math.max(1e-9, ...inner().map((at) => Math.abs(maps[name]?.[at] ?? 0))));
    return {
      sentence: ids.join(" "),
      rows: inner().map((at) => ({
        at, token: visible(parts.tokenizer.textOf(ids[at])), hidden: hiddenPlaces().includes(at),
        cells: COLUMNS.map((name, i) => cell(name, at, most[i])),
      })),
      head: t(`${probability(p[label])}, then`, `${probability(p[label])}，之后`),
      left: COLUMNS.map((name) => (worth[name] === undefined ? "…" : probability(worth[name]))),
    };
  }

  function note() {
    const random = worth.random;
    return [
      t("Red speaks for the library, blue against it. Rollout has no sign: yellow is more. ",
        "红色支持这个库，蓝色反对。注意力展开没有正负：越黄越多。"),
      random === undefined ? "…" : t(`With as many tokens hidden at random: ${fall(p[label], random)}. `,
        `随机藏同样多的词元：${fall(p[label], random)}。`),
      random === undefined ? "" : `${t("The integrated gradients ", "积分梯度")}${sumText(gap.span, gap.off)}${t(".", "。")}`,
    ].join("");
  }

  return {
    load, loaded: () => parts !== null, read, toggleToken, hide, explain, work, judge, explained,
    /** All of it, or null until there is a sentence that the model has read. */
    view: () => (p ? { rows: answerRows(own, label, labels.length), table: table(), note: note() } : null),
  };
}

/** How the slider says its value. */
export const tokensText = (n) => t(n > 1 ? `${n} tokens` : "1 token", `${n} 个词元`);
