// Attention by hand, step by step, and how each number of each step is made.
//
// What is written is plain data: a list of texts and of parts {tag, kind, content}, where kind names
// the colour (in, learned, out, query, key, value, text) or is "term", and content is a list again.
import { attentionSoftmaxRow } from "../engine/attention.js";
import { t } from "../kit/language.js";
import { number } from "../kit/numbers.js";

/** Every step of attention by hand, in double precision: rows of numbers each.
 *  settings: AttentionExplorer's traits vectors, w_q, w_k, w_v, scale, causal, double_softmax,
 *  temperature. Besides the matrices: `once`, the weights before a second softmax, `entropy` of
 *  each row of weights in bits, and the settings. */
export function attentionByHand(settings) {
  const times = (a, b) => a.map((row) => b[0].map((_, c) => row.reduce((sum, v, i) => sum + v * b[i][c], 0)));
  const { vectors: x, w_q: wq, w_k: wk, w_v: wv } = settings;
  const [q, k, v] = [wq, wk, wv].map((weights) => times(x, weights));
  const scores = q.map((a) => k.map((b) => a.reduce((sum, n, i) => sum + n * b[i], 0)));
  const divisor = (settings.scale ? Math.sqrt(q[0].length) : 1) * settings.temperature;
  const scaled = scores.map((row) => row.map((s) => s / divisor));
  const masked = scaled.map((row, i) => row.map((s, j) => (settings.causal && j > i ? -Infinity : s)));
  const once = masked.map((row) => attentionSoftmaxRow([...row]));
  const weights = settings.double_softmax ? once.map((row) => attentionSoftmaxRow([...row])) : once;
  const entropy = weights.map((row) => row.reduce((sum, p) => sum - (p > 0 ? p * Math.log2(p) : 0), 0));
  return {
    x, wq, wk, wv, q, k, v, scores, scaled, masked, weights, output: times(weights, v), once, entropy, settings,
  };
}

/** [matrix, row or null for all, column or null for all, colour]: what a number is made of; for
 *  what can be edited, what it goes into. */
export function stepSources({ name, row, col }) {
  const pair = [["q", row, null, "query"], ["k", col, null, "key"]];
  const step = (...names) => names.map((n) => [n, row, col, "text"]);
  const product = (weights) => [["x", row, null, "in"], [weights, null, col, "learned"]];
  return {
    x: [["q", row, null, "query"], ["k", row, null, "key"], ["v", row, null, "value"]],
    wq: [["q", null, col, "query"], ["x", null, row, "in"]],
    wk: [["k", null, col, "key"], ["x", null, row, "in"]],
    wv: [["v", null, col, "value"], ["x", null, row, "in"]],
    q: product("wq"), k: product("wk"), v: product("wv"),
    scores: pair,
    scaled: [...pair, ...step("scores")],
    masked: [...pair, ...step("scores", "scaled")],
    weights: [...pair, ...step("scores", "scaled"), ["masked", row, null, "text"]],
    output: [["weights", row, null, "text"], ["v", null, col, "value"]],
  }[name];
}

/** Names of a product's columns: one that a single feature goes into is called by it. */
export function stepColumns(weights, features, otherwise = []) {
  return weights[0].map((_, c) => {
    const used = weights.flatMap((row, f) => (row[c] ? [f] : []));
    return used.length === 1 ? features[used[0]] : otherwise[c] ?? `${c + 1}`;
  });
}

const part = (tag, kind, ...content) => ({ tag, kind, content });
const bold = (kind, text) => part("b", kind, text);
const colored = (kind, text) => part("span", kind, text);

/** What parts say, without their colours. */
export function plainText(parts) {
  return parts.map((each) => (typeof each === "string" ? each : plainText(each.content))).join("");
}

/** How the number at a place is made: {title, lines: [{label, content, on, stage}]}; `on` are the
 *  lines about the number itself. words, features: names; query: the chosen word. */
export function explainStep(steps, { words, features, query }, place) {
  const { name, row, col } = place;
  const line = (label, ...content) => ({ label, content, on: true });
  const most = steps.weights[query].indexOf(Math.max(...steps.weights[query]));
  const looks = line(t("now", "现在"), bold("query", words[query]), t(" looks most at ", " 最多看 "),
    bold("key", words[most]), ": ", bold(null, number(steps.weights[query][most])));
  const of = (kind, letter, column) => [colored(kind, letter), t(" of ", "："), bold(null, words[row]), `: ${column}`];
  const kinds = { q: ["query", t("query", "查询")], k: ["key", t("key", "键")], v: ["value", t("value", "值")] };

  if (["scores", "scaled", "masked", "weights"].includes(name)) return explainPair(steps, words, place);
  if (name === "output") {
    return {
      title: of("out", t("Output", "输出"), stepColumns(steps.wv, features)[col]),
      lines: [line(t("its weights times this column of V", "它的权重乘以 V 的这一列"),
        ...dot(steps.weights[row], steps.v.map((r) => r[col]), "text", "value", steps.output[row][col], "out"))],
    };
  }
  if (kinds[name]) {
    const what = {
      q: t("what it looks for", "它寻找什么"), k: t("what it offers", "它提供什么"), v: t("what it hands over", "它交出什么"),
    }[name];
    const weights = steps[`w${name}`];
    const matrix = `W${name.toUpperCase()}`;
    return {
      title: of(kinds[name][0], name.toUpperCase(), stepColumns(weights, features)[col]),
      lines: [line(t(`${what}: its vector times this column of ${matrix}`, `${what}：它的向量乘以 ${matrix} 的这一列`),
        ...dot(steps.x[row], weights.map((r) => r[col]), "in", "learned", steps[name][row][col], kinds[name][0]))],
    };
  }
  if (name === "x") {
    return {
      title: [bold("in", words[row]), `: ${features[col]} = ${number(steps.x[row][col])}`],
      lines: [line(t("It goes into this word's query, key and value.", "它进入这个词的查询、键和值。")), looks],
    };
  }
  const [kind, called] = kinds[name[1]];
  const letter = name[1].toUpperCase();
  return {
    title: [colored("learned", `W${letter}`), `: ${features[row]} → `, colored(kind, `${letter}${col + 1}`)],
    lines: [line(t(`How much of “${features[row]}” goes into number ${col + 1} of every ${called}. A model learns this.`,
      `“${features[row]}”有多少进入每个${called}的第 ${col + 1} 个数。模型会学到它。`)), looks],
  };
}

/** From a query and a key to the weight, all steps. */
function explainPair(steps, words, { row: i, col: j, name }) {
  const { scale, temperature, causal, double_softmax: twice } = steps.settings;
  const strong = (value) => bold(null, number(value));
  const divisors = [scale ? `√${steps.q[0].length}` : "", temperature !== 1 ? number(temperature) : ""].filter(Boolean);
  const divided = divisors.length > 1 ? `(${divisors.join(" × ")})` : divisors[0];
  const scaled = divisors.length ? `${number(steps.scores[i][j])} / ${divided} = ` : t("not scaled: ", "未缩放：");
  const masked = steps.masked[i][j] === -Infinity
    ? [bold(null, "−∞"), t(` as “${words[j]}” comes later`, `：“${words[j]}”在后面`)]
    : [strong(steps.masked[i][j]), causal ? t(": not later, so it may look", "：不在后面，可以看") : t(": no mask", "：无掩码")];
  const share = (row, result) => {
    const largest = Math.max(...row);
    const shift = Math.abs(largest) > 9 ? largest : 0; // e^9 is 8103: more would be no number to read
    const powers = row.map((s) => Math.exp(s - shift));
    const exponent = row[j] === -Infinity ? "−∞" : number(row[j] - shift);
    return [part("span", "term", "e", part("sup", null, exponent), ` / (${powers.map((p) => number(p)).join(" + ")})`),
      ` = ${number(powers[j])} / ${number(powers.reduce((a, b) => a + b, 0))} = `, strong(result)];
  };
  const rows = [
    ["scores", t("score", "得分"), [colored("query", "q"), " · ", colored("key", "k"), " = ",
      ...dot(steps.q[i], steps.k[j], "query", "key", steps.scores[i][j], "text")]],
    ["scaled", t("scaled", "缩放"), [scaled, strong(steps.scaled[i][j])]],
    ["masked", t("masked", "掩码"), masked],
    ["weights", t("weight", "权重"), share(steps.masked[i], steps.once[i][j])],
  ];
  if (twice) rows.push(["weights", t("twice", "两次"), share(steps.once[i], steps.weights[i][j])]);
  return {
    title: [bold("query", words[i]), t(" looks at ", " 看 "), bold("key", words[j])],
    lines: rows.map(([stage, label, content]) => ({ stage, label, content, on: stage === name })),
  };
}

/** "2 × 3 + 0 × 0 = 6" as parts. */
function dot(as, bs, kindA, kindB, total, kindTotal) {
  const terms = as.flatMap((a, i) => [
    i ? " + " : "", part("span", "term", colored(kindA, number(a)), " × ", colored(kindB, number(bs[i])))]);
  return [...terms, " = ", bold(kindTotal, number(total))];
}
