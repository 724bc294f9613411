// What the maps of a model's heads show, as plain data.
//
// `given` is what is shown: {tokens; heads [layers, heads]; maps, bytes of weights / 255, one map
// (T, T) after the other, rows look; layer, head, query from 0; compare, [layer, head] or null; view,
// "matrix" or "lines"; room, the sentences for which there has to be room}. Numbers that are too large
// count as the last. `looking` is what the reader is doing: {hover: {q, k} under the mouse or null,
// k null where the query looks most; key: the one chosen beside the query, or null; picking: which of
// two compared heads a press sets, 0 or 1}.
import { t } from "../kit/language.js";
import { number } from "../kit/numbers.js";

const FAINT = 0.03; // a lesser weight has no line
const TOLD = 3;     // of 255: a lesser weight is not written down
const LISTED = 4;

const clamp = (n, most) => Math.max(0, Math.min(n, most - 1));
const placeOf = ({ heads }, [layer, head]) => [clamp(layer, heads[0]), clamp(head, heads[1])];
const chosenOf = (given) => placeOf(given, [given.layer, given.head]);
const secondOf = (given) => (given.compare ? placeOf(given, given.compare) : null);
const queryOf = ({ query, tokens }) => clamp(query, tokens.length);
const indexOf = ({ heads }, [layer, head]) => layer * heads[1] + head;
const placeAt = ({ heads }, index) => [Math.floor(index / heads[1]), index % heads[1]];
const largestAt = (row) => row.reduce((best, weight, i) => (weight > row[best] ? i : best), 0);

/** A token as it is written: with what cannot be seen made visible. */
export const visible = (token) => token.replaceAll(" ", "␣").replaceAll("\n", "⏎").replaceAll("\t", "⇥") || "∅";

const weight = (byte) => (byte === 0 ? "0" : (byte / 255).toFixed(2));

/** A reader counts from 1, the settings from 0. */
export const headName = ([layer, head]) => t(
  `layer ${layer + 1}, head ${head + 1}`, `第 ${layer + 1} 层，第 ${head + 1} 头`);

/** The weights of a head as bytes, T * T. */
export function mapOf({ tokens, maps, heads }, place) {
  const size = tokens.length ** 2;
  const start = indexOf({ heads }, place) * size;
  return maps.subarray(start, start + size);
}

const rowOf = (map, T, q) => map.subarray(q * T, (q + 1) * T);

/** The query and the key that are looked at; key null: where the query looks most. */
function seenAt(given, { hover, key }) {
  const T = given.tokens.length;
  const { q, k } = hover ?? { q: queryOf(given), k: key };
  return { q: clamp(q, T), k: k !== null && k < T ? k : null };
}

/** Everything that is drawn and said. */
export function mapsView(given, looking) {
  const { tokens, heads, view } = given;
  const [first, second] = [chosenOf(given), secondOf(given)];
  const current = looking.picking && second ? second : first;
  const { q } = seenAt(given, looking);
  const row = rowOf(mapOf(given, first), tokens.length, q);
  const longest = Math.max(...(given.room ?? [tokens]).map((list) => list.length));
  const panels = [first, ...(second ? [second] : [])].map((place) => panelView(given, looking, place));
  return {
    view, longest, panels,
    line: longest <= 12 ? 26 : longest <= 18 ? 22 : longest <= 26 ? 18 : 14, // pixels of a row
    alone: heads[0] * heads[1] < 2,
    comparing: Boolean(second),
    query: queryOf(given),
    words: tokens.map((token, i) => ({
      text: visible(token), chosen: i === queryOf(given), share: Math.round((60 * row[i]) / 255),
      weight: row[i] >= TOLD ? weight(row[i]).replace(/^0/, "") : "",
    })),
    current: indexOf(given, current),
    thumbs: Array.from({ length: heads[0] * heads[1] }, (_, i) => ({
      name: headName(placeAt(given, i)), map: mapOf(given, placeAt(given, i)), chosen: i === indexOf(given, current),
      first: i === indexOf(given, first), second: second !== null && i === indexOf(given, second),
    })),
    said: `${headName(current)}: ${panels.map((panel) => panel.said).join("; ")}`,
  };
}

/** One head, large. */
function panelView(given, looking, place) {
  const { tokens } = given;
  const map = mapOf(given, place);
  const { q, k } = seenAt(given, looking);
  const row = rowOf(map, tokens.length, q);
  const target = k ?? largestAt(row);
  const nowhere = row.every((byte) => byte === 0);
  const most = [...row.keys()].sort((a, b) => row[b] - row[a]).filter((i) => row[i] >= TOLD).slice(0, LISTED);
  const [asks, answers] = [visible(tokens[q]), visible(tokens[target])];
  const looks = t(" looks at ", " 看 ");
  const nothing = t("nothing", "不到任何词");
  return {
    name: headName(place), map, q, k: target,
    label: t(`${headName(place)}. Up and down choose the word that looks, left and right the word looked at.`,
      `${headName(place)}。上下键选择看的词，左右键选择被看的词。`),
    weights: [...row].map((byte) => (byte >= TOLD ? weight(byte) : "")), // beside the lines
    answer: { asks, looks, nothing: nowhere ? nothing : null, answers, weight: weight(row[target]) },
    list: (nowhere ? "" : t("most: ", "最多：")) + most.map((i) => `${visible(tokens[i])} ${weight(row[i])}`).join(", "),
    said: asks + looks + (nowhere ? nothing : `${answers}: ${weight(row[target])}`),
  };
}

/** The lines from a word to where it looks, in CSS pixels: [{d, width, opacity}, ...].
 *  line: height of a row, width: from the left words to the right ones. */
export function linesFrom(map, T, from, { line, width, opacity }) {
  const [start, half] = [(from + 0.5) * line, width / 2];
  return [...rowOf(map, T, from)].flatMap((byte, to) => (byte / 255 < FAINT ? [] : [{
    d: `M0 ${start}C${half} ${start} ${half} ${(to + 0.5) * line} ${width} ${(to + 0.5) * line}`,
    width: number(0.5 + (3.5 * byte) / 255), opacity: number(opacity * (0.15 + (0.85 * byte) / 255)),
  }]));
}

/** The query and key at a point of the map (x, y: 0 to 1 within it, outside beyond): the names on its
 *  left have no key, those on its top no query. Between lines, only which word is pressed. */
export function pointed(given, looking, x, y) {
  const T = given.tokens.length;
  const cell = (share) => clamp(Math.floor(share * T), T);
  const k = x < 0 ? null : cell(x);
  if (y < 0) return { q: seenAt(given, looking).q, k };
  if (given.view === "matrix") return { q: cell(y), k };
  return x > 0.5 ? { q: queryOf(given), k: cell(y) } : { q: cell(y), k: null };
}

/** Where arrows lead in a head's map: {query, key}. which: 0 the chosen head, 1 the second one. */
export function stepped(given, looking, which, down, right) {
  const T = given.tokens.length;
  const query = queryOf(given);
  const place = which === 1 ? secondOf(given) ?? chosenOf(given) : chosenOf(given);
  const { k } = seenAt(given, { ...looking, hover: null });
  const from = k ?? largestAt(rowOf(mapOf(given, place), T, query));
  return { query: clamp(query + down, T), key: right ? clamp(from + right, T) : k };
}

/** The settings that a press on a head's small map changes. */
export function taken(given, { picking }, index) {
  const [layer, head] = placeAt(given, index);
  return picking && given.compare ? { compare: [layer, head] } : { layer, head };
}

/** The settings with which two heads are compared, or one is looked at again. */
export function compared(given, on) {
  const next = (indexOf(given, chosenOf(given)) + 1) % (given.heads[0] * given.heads[1]);
  return { compare: on ? placeAt(given, next) : null };
}

/** One of several sentences whose maps lie one after the other: {sentence, tokens, maps}. */
export function sentenceOf({ tokens, maps, heads, sentence }) {
  const at = clamp(sentence, tokens.length);
  const sizes = tokens.map((list) => heads[0] * heads[1] * list.length ** 2);
  const start = sizes.slice(0, at).reduce((sum, size) => sum + size, 0);
  return { sentence: at, tokens: tokens[at], maps: maps.subarray(start, start + sizes[at]) };
}

/** The beginning of a sentence, for the list of them. */
export function titleOf(tokens) {
  const spaced = tokens.some((token) => token.startsWith(" ") || token.startsWith("Ġ"));
  const text = tokens.join(spaced ? "" : " ").replaceAll("Ġ", " ").trim();
  return text.length > 48 ? `${text.slice(0, 47)}…` : text;
}
