// What GateExplorer shows, as plain data: runs of the networks, their maps, the answer, a unit's life.
//
// `traits` is an object with the traits `TRAITS`. A place is [unit, step]; both count from 0. Lines and
// bars along time are SVG paths in a box of 1000 by 100, as `BOX` says.
import {
  LETTERS, STEPS, chancesAt, oneHot, orderOf, rowsOf, runOver, unitOf,
} from "../engine/gate_network.js";
import { tensor } from "../engine/nn.js";
import { t } from "../kit/language.js";
import { number, probability } from "../kit/numbers.js";

/** The traits that the runs and what is told of them follow from. */
export const TRAITS = ["job", "values", "markers", "text", "clamps", "compare", "order"];
export const BOX = [1000, 100];
const MOST_UNITS = 128;   // of any network: what may be chosen while one is on its way
const LIKELIEST = 8;      // characters whose chances are shown
const LARGEST_SUM = 2;    // of two numbers from 0 to 1
const FEWEST_COLUMNS = 24; // of a text's width: a short one is not spread over the page

const clamped = (n, least, most) => Math.max(least, Math.min(most, n));
const share = (value) => clamped(value, 0, 1);
const isText = ({ job }) => job === "chars";
const isHeld = ({ clamps }) => Object.values(clamps).some((units) => Object.keys(units).length);
const truthOf = ({ values, markers }) => markers.reduce((sum, s) => sum + values[s], 0);

/** A character that can be seen. */
export function letter(character) {
  return { " ": "␣", "\n": "⏎" }[character] ?? character;
}

/** The names of the maps: [[key, name], ...]. */
export function mapNames() {
  return [
    ["i", t("input gate", "输入门")], ["f", t("forget gate", "遗忘门")], ["o", t("output gate", "输出门")],
    ["g", t("candidate", "候选值")], ["c", t("cell", "细胞状态")], ["h", t("state of the LSTM", "LSTM 的隐藏状态")],
  ];
}

// --- the runs -------------------------------------------------------------------------------------

/** Steps of the input, and units of the LSTM (as many as any has while there are no runs): {T, H}. */
export function sizeOf(traits, runs) {
  return { T: isText(traits) ? traits.text.length : STEPS, H: runs?.own.H ?? MOST_UNITS };
}

/** What the networks {lstm, rnn} make of the input: {own, held, plain: gates free, gates held, the plain
 *  RNN; order: the unit of each row of the maps}, null without networks. Nothing that `last` has is
 *  run again: of a text only what follows the first change. */
export function runsOf(traits, networks, last = null) {
  if (!networks) return null;
  const { job, values, markers, text, clamps } = traits;
  const read = isText(traits) ? text : JSON.stringify([values, markers]);
  const x = isText(traits) ? oneHot(read)
    : tensor(values.flatMap((v, s) => [v, markers.includes(s) ? 1 : 0]), [values.length, 2]);
  const past = last?.job === job ? last : null;
  let from = 0;
  while (isText(traits) && past && from < read.length - 1 && read[from] === past.read[from]) from += 1;
  const run = (network, before, holding) => (before && past.read === read ? before
    : runOver(network, x, holding, before, before ? from : 0));
  const own = run(networks.lstm, past?.own, {});
  const known = past && past.held !== past.own && past.clamps === JSON.stringify(clamps);
  return {
    job, read, clamps: JSON.stringify(clamps), own,
    held: isHeld(traits) ? run(networks.lstm, known ? past.held : null, clamps) : own,
    plain: traits.compare ? run(networks.rnn, past?.plain, null) : null,
    order: orderOf(own, traits.order),
  };
}

// --- places ---------------------------------------------------------------------------------------

/** A place that there is, the nearest. */
export function within({ T, H }, [unit, step]) {
  return [clamped(unit, 0, H - 1), clamped(step, 0, T - 1)];
}

/** The place n steps on; null beyond the ends. */
export function stepped({ T }, [unit, step], n) {
  return step + n < 0 || step + n >= T ? null : [unit, step + n];
}

/** The place under a point, 0 to 1 from left and top: of a map with a row for each unit, else of a step. */
export function placeUnder({ T, H }, runs, [unit], { u, v, rows }) {
  return [rows && runs ? runs.order[Math.floor(v * H)] : unit, Math.floor(u * T)];
}

/** The place so many rows of the map down and steps to the right. */
export function moved({ H }, runs, [unit, step], { down, right, rows }) {
  if (!rows || !runs) return [unit, step + right];
  return [runs.order[clamped(runs.order.indexOf(unit) + down, 0, H - 1)], step + right];
}

/** Where the chosen step and unit are marked, in shares of a plot: CSS variables. */
export function cursorOf({ T, H }, runs, [unit, step]) {
  const row = runs ? runs.order.indexOf(unit) : 0;
  return { "--now": step / T, "--tick": 1 / T, "--unit": row / H, "--units": 1 / H };
}

// --- the input ------------------------------------------------------------------------------------

/** The numbers to add up as bars, the marked ones apart: {plain, marked}, paths. */
export function numbersOf({ values, markers }) {
  const [width, height] = BOX;
  const one = width / STEPS;
  const bar = (s) => `M${s * one + 1} ${height}V${(98 - 96 * values[s]).toFixed(1)}h${one - 2}V${height}z`;
  return {
    plain: values.map((_, s) => (markers.includes(s) ? "" : bar(s))).join(""),
    marked: markers.map(bar).join(""),
  };
}

/** A text, a column for each character: {columns, cells: [{text, chosen}, ...]}. */
export function lettersOf({ text }, step) {
  return {
    columns: Math.max(FEWEST_COLUMNS, text.length),
    cells: Array.from(text, (c, s) => ({ text: letter(c), chosen: s === step })),
  };
}

// --- maps -----------------------------------------------------------------------------------------

/** The heat maps and their legends: {maps: [{key, values, shape, scale, max}, ...], legends: [{scale,
 *  max, labels}, ...]}; the plain RNN's map is "rnn", if it is compared. */
export function mapsOf({ own, held, plain, order }) {
  const { T, H } = own;
  // One number in 50 may lie beyond the cell's scale, so that one strong unit leaves the rest colour.
  const cell = own.maps.c.data.map(Math.abs).sort()[Math.floor(0.98 * T * H)];
  const signed = (key) => "gch".includes(key);
  const map = (key, run, what, rows) => ({
    key, values: rowsOf(run.maps[what], rows), shape: [run.H, T],
    scale: signed(what) ? "diverging" : "magnitude", max: what === "c" ? cell : 1,
  });
  return {
    maps: [
      ...mapNames().map(([key]) => map(key, held, key, order)),
      ...(plain ? [map("rnn", plain, "h", orderOf(plain, "number"))] : []),
    ],
    legends: [
      { scale: "magnitude", max: 1, labels: [t("0 shut", "0 关"), "i, f, o", t("1 open", "1 开")] },
      { scale: "diverging", max: 1, labels: ["−1", "g, h", "+1"] },
      { scale: "diverging", max: cell, labels: [`≤ ${number(-cell)}`, "c", `≥ ${number(cell)}`] },
    ],
  };
}

// --- lines along time -----------------------------------------------------------------------------

/** Lines along time from `low` to `high`: {top, bottom: texts; zero, paths: paths by name}. NaN leaves
 *  a gap; far beyond the axis is beyond: no number that SVG could choke on. */
export function linesOf(lines, { T, low, high }) {
  const [width, height] = BOX;
  const y = (value) => height - (height * (value - low)) / (high - low);
  const path = (values) => {
    let [d, drawing] = ["", false];
    for (let s = 0; values && s < T; s++) {
      const seen = Number.isFinite(values[s]);
      if (seen) {
        const at = clamped(y(values[s]), -10 * height, 11 * height);
        d += `${drawing ? "L" : "M"}${(((s + 0.5) * width) / T).toFixed(1)} ${at.toFixed(1)}`;
      }
      drawing = seen;
    }
    return d;
  };
  return {
    top: number(high, 2), bottom: number(low, 2), zero: low < 0 ? `M0 ${y(0)}H${width}` : "",
    paths: Object.fromEntries(Object.entries(lines).map(([name, values]) => [name, path(values)])),
  };
}

/** What a run says at each step: the sum if it ended here, or the chance it gave the character that did
 *  come next. */
function toldBy(run, traits) {
  if (!run || !isText(traits)) return run?.answers ?? null;
  const next = Array.from(traits.text, (c) => LETTERS.indexOf(c)).slice(1);
  return [...next.map((place, s) => chancesAt(run, s)[place]), NaN];
}

/** The answer along time: {title, lines, values: those of the LSTM as its gates are held}. */
export function courseOf(traits, { own, held, plain }) {
  const { T } = own;
  const values = toldBy(held, traits);
  const lines = {
    truth: isText(traits) ? null : Array(T).fill(truthOf(traits)), plain: toldBy(plain, traits),
    own: held === own ? null : toldBy(own, traits), held: values,
  };
  return {
    values, lines: linesOf(lines, { T, low: 0, high: isText(traits) ? 1 : LARGEST_SUM }),
    title: isText(traits) ? t("Chance of the character that came next", "给实际出现的下一个字符的概率")
      : t("The answer, if it ended at each step", "若序列在此步结束，网络的答案"),
  };
}

/** What is read at a step, and what was answered there. */
export function whereOf(traits, { values: answers }, step) {
  const value = answers[step];
  if (!isText(traits)) {
    const mark = traits.markers.includes(step) ? t(" (marked)", "（有标记）") : "";
    const read = `${number(traits.values[step])}${mark}`;
    return t(`step ${step}: ${read}; answer so far ${number(value)}`, `第 ${step} 步：${read}；此时的答案 ${number(value)}`);
  }
  const [now, next] = [step, step + 1].map((s) => letter(traits.text[s] ?? ""));
  if (!next) return t(`step ${step}: “${now}”, the last character`, `第 ${step} 步：“${now}”，最后一个字符`);
  const chance = probability(value);
  return t(
    `step ${step}: “${now}”; the next one, “${next}”, had ${chance}`,
    `第 ${step} 步：“${now}”；下一个字符“${next}”的概率为 ${chance}`);
}

// --- the answer -----------------------------------------------------------------------------------

/** The answer as bars: {title, rows, said}. A row is {label, kind, share, text, value, was, second}:
 *  shares of the width from 0 to 1, `was` a tick, `second` a thin bar (null: none), `text` the value. */
export function answerOf(traits, runs, step) {
  return isText(traits) ? nextCharacter(traits, runs, step) : sum(traits, runs);
}

function sum(traits, { own, held, plain }) {
  const last = own.T - 1;
  const [truth, now] = [truthOf(traits), held.answers[last]];
  const row = (label, kind, value) => (
    { label, kind, share: share(value / LARGEST_SUM), value, text: number(value), was: null, second: null });
  const none = (label) => ({ label, kind: "held", share: 0, value: NaN, text: "–", was: null, second: null });
  const holding = isHeld(traits);
  const name = t("gates held", "固定门之后");
  return {
    title: t("Answer at the end", "最后的答案"),
    rows: [
      row(t("true sum", "真实的和"), "truth", truth), row("LSTM", holding ? "own" : "held", own.answers[last]),
      holding ? row(name, "held", now) : none(name),
      ...(plain ? [row(t("plain RNN", "普通 RNN"), "plain", plain.answers[last])] : []),
    ],
    said: t(`answer ${number(now)}, true sum ${number(truth)}`, `答案 ${number(now)}，真实的和 ${number(truth)}`),
  };
}

function nextCharacter(traits, { own, held, plain }, step) {
  const [now, free, other] = [held, own, plain].map((run) => run && chancesAt(run, step));
  const likeliest = Array.from(now, (_, k) => k).sort((a, b) => now[b] - now[a]).slice(0, LIKELIEST);
  const after = letter(traits.text[step]);
  return {
    title: t(`After “${after}” comes …`, `“${after}”之后是……`),
    rows: likeliest.map((k) => ({
      label: letter(LETTERS[k]), kind: "held", share: share(now[k]), value: now[k], text: probability(now[k]),
      was: isHeld(traits) ? share(free[k]) : null, second: other ? share(other[k]) : null,
    })),
    said: t(`most likely next: ${LETTERS[likeliest[0]]}`, `最可能的下一个字符：${LETTERS[likeliest[0]]}`),
  };
}

// --- one unit's life ------------------------------------------------------------------------------

/** One unit along time, and its equations at a step: {title, gates, cell: {lines, label}, sums: lines of
 *  parts, said}. A part is a text, or {text, key, kind}: the "name" or the "value" of a quantity, or "sub". */
export function lifeOf({ held }, [unit, step]) {
  const { T } = held;
  const life = Object.fromEntries(mapNames().map(([key]) => [key, unitOf(held.maps[key], unit)]));
  const most = Math.max(1, ...life.c.map(Math.abs));
  const chart = (keys, low, high) => ({
    lines: linesOf(Object.fromEntries([...keys].map((key) => [key, life[key]])), { T, low, high }),
    label: [...keys].map((key) => `${key} = ${number(life[key][step])}`).join(", "),
  });
  const name = (key) => ({ key, kind: "name", text: key });
  const value = (key, v = life[key][step]) => ({ key, kind: "value", text: number(v) });
  const before = { kind: "sub", text: t("before", "前") };
  return {
    title: t(`The life of unit ${unit}`, `单元 ${unit} 的一生`),
    gates: chart("ifo", 0, 1), cell: chart("ch", -most, most),
    sums: [
      [name("c"), " = ", name("f"), " · ", name("c"), before, " + ", name("i"), " · ", name("g")],
      ["= ", value("f"), " · ", value("c", step ? life.c[step - 1] : 0), " + ", value("i"), " · ", value("g")],
      ["= ", value("c")],
      [name("h"), " = ", name("o"), " · tanh ", name("c")],
      ["= ", value("o"), " · ", value("c", Math.tanh(life.c[step])), " = ", value("h")],
    ],
    said: `c ${number(life.c[step])}`,
  };
}
