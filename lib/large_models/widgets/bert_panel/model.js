// A BERT reads a sentence: what is to be done once its files are there, and what is shown of a reading,
// as plain data. What each trait means: __init__.py.
import { visible } from "../attention_explorer/maps_model.js";
import { bertForward } from "../engine/bert.js";
import { linear, softmax, tensor } from "../engine/nn.js";
import { unpack } from "../engine/packed.js";
import { wordpieceTokenizer } from "../engine/wordpiece.js";
import { t } from "../kit/language.js";
import { probability } from "../kit/numbers.js";

const TOKENIZER = "bert-docs-tokenizer";
const MASK = "[MASK]";
export const ANSWERS = 5;

/** The same token of a changed sentence: at the same place, or as far from the end. null if it is gone. */
function samePlace(at, before, next) {
  const fromEnd = next.length - (before.length - at); // typed before it
  const same = (place) => place > 0 && place <= next.length - 2 && next[place] === before[at];
  return [at, fromEnd].find(same) ?? null;
}

/** Which token of a changed text is hidden: the one that was, if it is still there, or the last word.
 *  None (null) if the text has a [MASK] of its own, or no word. */
function keptPlace(at, before, next) {
  const kept = at === null ? null : samePlace(at, before, next);
  if (kept !== null || next.includes(MASK)) return kept;
  for (let place = next.length - 2; place > 0; place--) if (/[\p{L}\p{N}]/u.test(next[place])) return place;
  return null;
}

/** Probabilities of the labels, from the hidden state of the first token. */
function labelsOf(hidden, weights) {
  const C = hidden.shape[1];
  const first = tensor(hidden.data.slice(0, C), [1, C]);
  const pooled = linear(first, weights["bert.pooler.dense.weight"], weights["bert.pooler.dense.bias"]);
  pooled.data.forEach((value, i) => { pooled.data[i] = Math.tanh(value); });
  return [...softmax(linear(pooled, weights["classifier.weight"], weights["classifier.bias"])).data];
}

/** The reader of a widget. config: the model's; first, maps: the readings that came with the page, and
 *  their maps' bytes; head: the name of a classifier's weights, or null.
 *
 *  `traits` is {text, masked, asset: the name of the weights that read now}. `next(traits)` says what
 *  is to be done, and is asked again when a setting or a file has come:
 *    {settings} to take over, then it is asked again; {wrong}: what is wrong with what was typed;
 *    {reading} to show, and {load: true}: what is `missing(asset)` is needed.
 *  What the reader does meanwhile waits: type(text, hiding: a word of it in any case), press(at, traits).
 *
 *  A reading: {text, tokens, places (all that are hidden), guesses (the best token for each of them),
 *  place (the one that is answered; null if nothing is hidden), answers [[token, probability], ...],
 *  hidden {token, rank, probability} or null, labels (null without a head), maps}. */
export function bertReader({ config, first: firsts, maps, head = null }) {
  const { num_hidden_layers: L, num_attention_heads: H, max_position_embeddings: N } = config;
  const files = new Map(); // name -> what it holds, once it is there
  let reading = null;      // the last one: what the reader sees and presses
  let typed = null;        // {text, hiding}: it waits for the tokenizer
  let pressed = null;      // {at, tokens}: in a sentence that is not the one to be read any more

  const missing = (asset) => [TOKENIZER, asset, ...(head ? [head] : [])].filter((name) => !files.has(name));
  function open(name, bytes) {
    const json = () => JSON.parse(new TextDecoder().decode(bytes));
    files.set(name, name === TOKENIZER ? wordpieceTokenizer(json()) : unpack(bytes));
  }
  const cut = (text) => {
    const tokenizer = files.get(TOKENIZER);
    return tokenizer.encode(text).map(tokenizer.textOf);
  };

  /** Python's reading of what is asked for now, if it is among those that came with the page. */
  function known({ text, masked, asset }) {
    let start = 0;
    for (const one of firsts) {
      const size = L * H * one.tokens.length ** 2;
      if (one.asset === asset && one.text === text && one.masked === masked) {
        return { ...one, maps: maps.subarray(start, start + size) };
      }
      start += size;
    }
    return null;
  }

  function compute({ text, masked, asset }) {
    const tokenizer = files.get(TOKENIZER);
    const given = tokenizer.encode(text);
    if (given.length > N) return { tooLong: given.length };
    const mask = tokenizer.idOf(MASK);
    const ids = given.map((id, at) => (at === masked && at > 0 && at < given.length - 1 ? mask : id));
    const places = [...ids.keys()].filter((at) => ids[at] === mask);
    const place = places.includes(masked) ? masked : places[0] ?? null;
    const { hidden, attentions, logits } = bertForward(files.get(asset), config, ids, { at: places });
    const tokens = given.map(tokenizer.textOf);
    const V = logits.shape[1];
    const scoresAt = (i) => logits.data.slice(i * V, (i + 1) * V);
    const found = {
      text, tokens, places, place, maps: Uint8Array.from(attentions.data, (p) => Math.round(255 * p)),
      guesses: places.map((_, i) => tokenizer.textOf(scoresAt(i).indexOf(Math.max(...scoresAt(i))))),
      answers: [], hidden: null, labels: head ? labelsOf(hidden, files.get(head)) : null,
    };
    if (place === null) return found;
    const p = softmax(tensor(scoresAt(places.indexOf(place)), [1, V])).data;
    const order = [...p.keys()].sort((a, b) => p[b] - p[a]);
    const was = given[place];
    found.answers = order.slice(0, ANSWERS).map((id) => [tokenizer.textOf(id), p[id]]);
    if (was !== mask) found.hidden = { token: tokens[place], rank: order.indexOf(was) + 1, probability: p[was] };
    return found;
  }

  const tooLong = (tokens) => t(
    `This text has ${tokens} tokens; the model reads ${N} at most. The previous text is still shown.`,
    `这段文字有 ${tokens} 个词元，模型最多读 ${N} 个。仍显示之前的文字。`);

  function next(traits) {
    const able = files.has(TOKENIZER);
    if (typed && able) {
      const { text, hiding } = typed;
      typed = null;
      const tokens = cut(text);
      if (tokens.length > N) return { wrong: tooLong(tokens.length) };
      const free = traits.masked === null && !hiding;
      return { settings: { text, masked: free ? null : keptPlace(traits.masked, cut(traits.text), tokens) } };
    }
    if (pressed && able) {
      const place = samePlace(pressed.at, pressed.tokens, cut(traits.text));
      pressed = null;
      if (place !== null) return { settings: { masked: place, query: place } };
    }
    const lacking = missing(traits.asset).length > 0;
    const found = lacking ? known(traits) : compute(traits);
    if (found?.tooLong) return { wrong: tooLong(found.tooLong) };
    reading = found ?? reading;
    return { ...(found ? { reading, wrong: "" } : {}), load: lacking && (!found || typed !== null || pressed !== null) };
  }

  return {
    missing, open, next,
    type(text, hiding = false) { [typed, pressed] = [{ text: text.replace(/\n/g, " "), hiding }, null]; },
    /** What was typed does not count: the text has been set. */
    forget() { typed = null; },
    /** The settings that a press on a token changes: it is hidden, or shown again. */
    press(at, { text, masked }) {
      if (reading.text !== text) { // a sentence to come, which may have this token too
        pressed = { at, tokens: reading.tokens };
        return {};
      }
      const gap = reading.tokens[at] === MASK; // it is hidden anyway: ask for this one
      return { masked: masked === at && !gap ? null : at, query: at };
    },
  };
}

/** The tokens to press: [{text, under: what stands below it or null, guess: whether that is the BERT's,
 *  pressed, edge: not to be pressed}, ...]. */
export function wordsView({ tokens, place, places, guesses }) {
  return tokens.map((token, at) => {
    const gone = places.includes(at);
    const guess = gone && at !== place;
    const under = guess ? `→ ${visible(guesses[places.indexOf(at)])}` : gone && token !== MASK ? visible(token) : null;
    return {
      text: gone ? MASK : visible(token), under, guess, pressed: at === place,
      edge: at === 0 || at === tokens.length - 1,
    };
  });
}

/** What belongs at the hidden place: {title, rows [{name, share, marked}, ...], hidden {before, token,
 *  after} or null, more, said}. */
export function answersView({ place, places, answers, hidden }) {
  const [n, of] = [places.indexOf(place) + 1, places.length];
  const nth = of > 1 ? t(` ${n} of ${of}`, `（第 ${n} 个，共 ${of} 个）`) : "";
  const title = place === null ? t("Press a token above to hide it", "按上面的一个词元，把它藏起来")
    : t(`What belongs at [MASK]${nth}`, `[MASK]${nth}处应是什么`);
  const more = of > 1 ? t("Press another [MASK] for its answers.", "按另一个 [MASK]，看它的答案。") : "";
  const was = hidden && {
    before: t("The hidden token was ", "被藏的是 "), token: visible(hidden.token),
    after: t(`: rank ${hidden.rank}, ${probability(hidden.probability)}. `,
      `：第 ${hidden.rank} 名，${probability(hidden.probability)}。`),
  };
  const best = answers.slice(0, 3).map(([token, p]) => `${token} ${probability(p)}`).join(", ");
  return {
    title, more, hidden: was,
    rows: answers.map(([name, share]) => ({ name, share, marked: name === hidden?.token })),
    said: place === null ? title : `${best}. ${was ? was.before + was.token + was.after : ""}${more}`,
  };
}

/** What the maps show (attention_explorer/maps_model.js) of a reading, or of none. */
export function mapsGiven({ layer, head, compare, view, query }, config, reading) {
  const heads = [config.num_hidden_layers, config.num_attention_heads];
  const shown = { layer, head, compare, view, query, heads };
  if (!reading) return { ...shown, tokens: [""], maps: new Uint8Array(heads[0] * heads[1]) };
  const { tokens, places, maps } = reading;
  return { ...shown, maps, tokens: tokens.map((token, at) => (places.includes(at) ? MASK : token)) };
}
