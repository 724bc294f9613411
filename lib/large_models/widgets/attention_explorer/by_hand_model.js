// Attention on a few words, by hand: all that is shown, as plain data.
//
// `given` holds AttentionExplorer's traits: tokens, features, vectors, w_q, w_k, w_v, scale, causal,
// double_softmax, temperature, query. `looking` is what the reader is doing: {held, the cell that was
// chosen, and hover, the one under the mouse: {name, row, col} or null; active, the input that the
// buttons change; tried, the example that the advice is about}.
import { attentionByHand, explainStep, plainText, stepColumns, stepSources } from "./steps.js";
import { t } from "../kit/language.js";
import { number } from "../kit/numbers.js";

export const LARGEST = 100; // of a number that the reader may type
export const EDITABLE = { x: "vectors", wq: "w_q", wk: "w_k", wv: "w_v" }; // matrix -> trait
export const TRAITS = [
  "tokens", "features", "vectors", "w_q", "w_k", "w_v", "scale", "causal", "double_softmax", "temperature", "query",
];
export const NAMES = ["x", "wq", "wk", "wv", "q", "k", "v", "scores", "scaled", "masked", "weights", "output"];
export const TEMPERATURES = Array.from({ length: 41 }, (_, i) => Number((10 ** (i / 20 - 1)).toPrecision(2)));
export const FIRST = { name: "x", row: 0, col: 0 };
const SQUARE = ["scores", "scaled", "masked", "weights"];
const QUERY_ROWS = ["x", "q", ...SQUARE, "output"]; // a row of these is a word that looks

// The examples' words in Chinese: shown so until the reader changes them.
const CHINESE = {
  ball: "球", she: "她", it: "它", person: "人", thing: "物", young: "年轻", round: "圆", the: "这", river: "河",
  bank: "岸/行", floods: "泛滥", water: "水", money: "钱", one: "一", two: "二", three: "三", four: "四",
};
const word = (name) => t(name, CHINESE[name] ?? name);
const wordsOf = ({ tokens }) => tokens.map(word);
const featuresOf = ({ features, vectors }) => (features.length === vectors[0].length
  ? features.map(word) : vectors[0].map((_, i) => `${i + 1}`));
const clamp = (n, most) => Math.max(0, Math.min(n, most - 1));
const largestOf = (rows) => Math.max(...rows.flat().map((v) => (Number.isFinite(v) ? Math.abs(v) : 0)));

/** The word that looks. */
export const queryOf = ({ query, tokens }) => clamp(query, tokens.length);

/** A matrix's heading: [title, note, colour, index of the title]. */
export function titleOf(name) {
  return {
    x: ["X", t("the words", "各个词"), "in"],
    wq: ["W", t("asks", "询问"), "learned", "Q"],
    wk: ["W", t("offers", "提供"), "learned", "K"],
    wv: ["W", t("gives", "交出"), "learned", "V"],
    q: ["Q", t("query", "查询"), "query"],
    k: ["K", t("key", "键"), "key"],
    v: ["V", t("value", "值"), "value"],
    scores: [t("Scores", "得分"), "Q Kᵀ"],
    scaled: [t("Scaled", "缩放"), ""],
    masked: [t("Masked", "掩码"), ""],
    weights: [t("Weights", "权重"), ""],
    output: [t("Output", "输出"), "× V", "out"],
  }[name];
}

/** A number for a narrow cell: two significant digits after a small integer, −∞ as such. */
export function short(value) {
  if (value === -Infinity) return "−∞";
  const size = Math.abs(value);
  if (size >= 10000) return value.toExponential(0).replace("e+", "e").replace("-", "−");
  return number(value, size < 1 ? 3 : 2).replace(/^(−?)0\./, "$1.");
}

/** A weight: two digits after the point. */
export function shortWeight(value) {
  if (value === 0 || value === 1) return `${value}`;
  return value < 0.005 ? "<.01" : value >= 0.995 && value < 1 ? ">.99" : value.toFixed(2).replace(/^0\./, ".");
}

/** What an input stands for: "ball, round" or "W_Q: thing, column 2". */
function nameOf(given, { name, row, col }) {
  const features = featuresOf(given);
  if (name === "x") return `${wordsOf(given)[row]}, ${features[col]}`;
  const letter = name[1].toUpperCase();
  return t(`W_${letter}: ${features[row]}, column ${col + 1}`, `W_${letter}：${features[row]}，第 ${col + 1} 列`);
}

/** False while Python changes several settings one after the other. */
function consistent({ tokens, vectors, w_q: wq, w_k: wk, w_v: wv }) {
  return tokens.length === vectors.length && [wq, wk, wv].every((w) => w.length === vectors[0].length)
    && wq[0].length === wk[0].length;
}

/** Everything that is drawn and said; null while the settings do not fit each other. */
export function handView(given, examples, looking) {
  if (!consistent(given)) return null;
  const made = attentionByHand(given);
  const inside = (place) => place && place.row < made[place.name].length && place.col < made[place.name][0].length;
  const query = queryOf(given);
  const words = wordsOf(given);
  const strongest = made.weights[query].indexOf(Math.max(...made.weights[query]));
  // Unless the reader chose another cell, where the query looks most.
  const place = [looking.hover, looking.held].find(inside) ?? { name: "weights", row: query, col: strongest };
  const active = inside(looking.active) ? looking.active : FIRST;
  const how = explainStep(made, { words, features: featuresOf(given), query }, place);
  const about = how.lines.filter((line) => line.on).map((line) => plainText(line.content));
  return {
    place, active, query, how,
    matrices: matricesOf(given, made, place),
    broad: 2 * made.q[0].length + made.v[0].length > 8, // more numbers than fit side by side
    long: 4 * words.length + made.v[0].length > 20,
    entropy: entropyOf(made, words),
    found: {
      asks: words[query],
      words: made.weights[query].map((weight, i) => ({
        text: words[i], weight: shortWeight(weight), share: Math.round(40 * weight),
      })),
    },
    said: `${plainText(how.title)}: ${about.join("; ")}`,
    words: words.map((text, i) => ({ text, chosen: i === query })),
    nudges: { name: nameOf(given, active), labels: nudgeNames(nameOf(given, active)) },
    example: exampleOf(given, examples),
    advice: adviceOf(given, looking.tried),
  };
}

const nudgeNames = (name) => [`${name}: −1`, `${name}: +1`, t(`${name}: change the sign`, `${name}：变号`)];

function matricesOf(given, made, place) {
  const [words, features] = [wordsOf(given), featuresOf(given)];
  const [asked, handed] = [stepColumns(made.wq, features), stepColumns(made.wv, features)];
  const offered = stepColumns(made.wk, features, asked);
  const heads = { x: features, q: asked, wq: asked, k: offered, wk: offered, v: handed, wv: handed, output: handed };
  const tau = given.temperature;
  const divisor = [given.scale ? `÷ √${made.q[0].length}` : "", tau !== 1 ? `÷ ${number(tau)}` : ""]
    .filter(Boolean).join(" ");
  const off = t("off", "关");
  const notes = {
    scaled: divisor || off, masked: given.causal ? t("causal", "因果") : off,
    weights: given.double_softmax ? t("softmax twice", "两次 softmax") : "softmax",
  };
  const same = { scaled: !divisor, masked: !given.causal }; // as the matrix before
  return Object.fromEntries(NAMES.map((name) => [name, {
    rows: made[name].length, cols: made[name][0].length,
    heads: heads[name] ?? words, labels: ["wq", "wk", "wv"].includes(name) ? features : words,
    note: notes[name] ?? titleOf(name)[1], same: same[name] ?? false,
    label: labelOf(name, made[name]), cells: cellsOf(given, made, name, place),
  }]));
}

function labelOf(name, rows) {
  const [title, note, , index] = titleOf(name);
  const size = `${title}${index ?? ""} ${note} ${rows.length} × ${rows[0].length}`;
  return EDITABLE[name] ? size
    : `${size}. ${t("The arrow keys choose a number and say how it is made.", "用方向键选择一个数，并说明它的由来。")}`;
}

/** Cells of a matrix: coloured by size, and by sign unless they are weights. */
function cellsOf(given, made, name, place) {
  const marks = stepSources(place);
  const isWeight = name === "weights";
  const most = largestOf(SQUARE.includes(name) ? made.scores : made[name]) || 1;
  return made[name].flatMap((row, r) => row.map((value, c) => {
    const part = isWeight ? value : value / most;
    const mark = marks.find(([n, i, j]) => n === name && (i === null || i === r) && (j === null || j === c));
    return {
      value, text: isWeight ? shortWeight(value) : short(value),
      name: EDITABLE[name] ? nameOf(given, { name, row: r, col: c }) : null,
      share: Number.isFinite(part) ? Math.round(40 * Math.min(1, Math.abs(part))) : 0, // percent of its tint
      tint: isWeight ? "weight" : part < 0 ? "below" : "above",
      barred: value === -Infinity || (isWeight && made.masked[r][c] === -Infinity && value === 0),
      target: place.name === name && place.row === r && place.col === c,
      source: mark ? mark[3] : null,
    };
  }));
}

function entropyOf({ entropy }, words) {
  const most = Math.log2(entropy.length);
  return {
    note: t(`0–${number(most, 2)} bits`, `0–${number(most, 2)} 比特`),
    label: entropy.map((bits, i) => `${words[i]} ${number(bits)}`).join(", "),
    rows: entropy.map((bits) => ({
      text: shortWeight(bits), title: t(`${number(bits)} bits`, `${number(bits)} 比特`),
      share: Math.min(100, (100 * bits) / most),
    })),
  };
}

/** The example that the settings are, or "own". */
export function exampleOf(given, examples) {
  return Object.keys(examples).find((name) => ["tokens", "vectors", "w_q", "w_k", "w_v"].every(
    (key) => JSON.stringify(examples[name][key]) === JSON.stringify(given[key]))) ?? "own";
}

/** What to try is something that has not been done yet: it can be undone once it has. */
function adviceOf({ vectors, causal }, tried) {
  const begins = (row, ...numbers) => numbers.every((n, i) => vectors[row]?.[i] === n);
  if (tried === "pronoun") {
    return begins(3, 1, 0)
      ? t("turn “it” back into a thing: first number 0, second 1. What does it find?", "把“它”变回物：第一个数改为 0，第二个改为 1。它会找到谁？")
      : t("turn “it” into a person: first number 1, second 0. Whom does it find?", "把“它”变成人：第一个数改为 1，第二个改为 0。它会找到谁？");
  }
  if (tried === "meaning") {
    return begins(1, 0, 2) && begins(3, 0, 2)
      ? t("give “river” and “floods” the numbers 2 and 0 again. What is “bank” now?", "把“河”和“泛滥”的数改回 2 和 0。“岸/行”现在是什么意思？")
      : t("give “river” and “floods” the numbers 0 and 2. What is “bank” now?", "把“河”和“泛滥”的数改成 0 和 2。“岸/行”现在是什么意思？");
  }
  if (tried === "previous") {
    return causal ? t("switch the causal mask off. Where does “one” look now, and why?", "关掉因果掩码。“一”现在看哪里？为什么？")
      : t("switch the causal mask on. Where can “one” still look?", "打开因果掩码。“一”还能看哪里？");
  }
  return t("change a number and follow it to the output.", "改变一个数，看它怎样影响输出。");
}

/** The word that looks once a cell is chosen, that of its row; null where it stays the same. */
export function queryAt(given, { name, row }) {
  return QUERY_ROWS.includes(name) && row !== queryOf(given) ? row : null;
}

/** Whether a chosen cell still belongs to the word that looks. */
export function stillHeld(given, held) {
  return held && (!QUERY_ROWS.includes(held.name) || held.row === queryOf(given)) ? held : null;
}

/** Where arrows lead from the chosen cell of a matrix, or from its first. */
export function moved({ rows, cols }, name, held, down, right) {
  const { row, col } = held?.name === name ? held : { row: 0, col: 0 };
  return { name, row: clamp(row + down, rows), col: clamp(col + right, cols) };
}

/** The number of an input; 0 where the cell is gone. */
export function valueAt(given, { name, row, col }) {
  return given[EDITABLE[name]][row]?.[col] ?? 0;
}

/** The setting that changes with a number: {trait: rows}. */
export function edited(given, { name, row, col }, value) {
  const rows = given[EDITABLE[name]].map((each) => [...each]);
  rows[row][col] = value;
  return { [EDITABLE[name]]: rows };
}

/** The number after "−", "+" or "±" (0, 1, 2): null where it would be too large. */
export function nudged(given, place, button) {
  const old = valueAt(given, place);
  const value = Number([old - 1, old + 1, -old][button].toFixed(6));
  return Math.abs(value) > LARGEST ? null : value;
}
