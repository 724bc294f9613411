// A BERT reads a sentence: tokens to hide, what belongs there, where every head looks. What BertLive
// and CheckpointScrubber have in common. Python's side, and what each trait means: __init__.py.
import { buildMaps } from "../attention_explorer/maps.js";
import { bertForward } from "../engine/bert.js";
import { linear, softmax, tensor } from "../engine/nn.js";
import { unpack } from "../engine/packed.js";
import { bytesOf, h, loadAsset, probability, t, uniqueId } from "../kit/mod.js";
import { wordpieceTokenizer } from "../engine/wordpiece.js";

const BERT_TOKENIZER = "bert-docs-tokenizer";
const BERT_MASK = "[MASK]";
const BERT_BARS = 5;

/** The parts of a widget, not yet in its root:
 *  {field, tries, words, answers, maps, message, read(), start()}; start() once they are in the page,
 *  read() when asset() has changed.
 *
 *  asset(): the name of the weights that read now. head: the name of a classifier's weights, whose
 *  probabilities come with the reading. suggestions: sentences to try. onReading(reading) is called
 *  for each: {tokens, places (all that are hidden), guesses (the best token for each of them), place
 *  (the one that is answered; null if nothing is hidden), answers [[token, probability], ...], hidden
 *  {token, rank, probability} or null, labels (null without a head), maps}. */
export function bertPanel(ctx, { asset, head = null, suggestions = [], onReading = () => {} }) {
  const { get } = ctx;
  const config = get("_config");
  const { num_hidden_layers: L, num_attention_heads: H, max_position_embeddings: N } = config;

  // --- the model --------------------------------------------------------------------------------
  const files = new Map(); // asset -> what it holds, once it is there
  const loading = new Set();
  let reading = null;
  let ended = false;
  ctx.onCleanup(() => { ended = true; });

  const needed = () => [BERT_TOKENIZER, asset(), ...(head ? [head] : [])];
  const there = () => needed().every((name) => files.has(name));
  const textOf = (bytes) => new TextDecoder().decode(bytes);
  const open = (name, bytes) => (name === BERT_TOKENIZER ? wordpieceTokenizer(JSON.parse(textOf(bytes))) : unpack(bytes));

  /** Fetches what is needed now, and reads. */
  async function load() {
    const missing = needed().filter((name) => !files.has(name) && !loading.has(name));
    if (!missing.length) return;
    tell(t("Loading the model, 2 MB …", "正在加载模型，2 MB……"));
    let failure = null;
    await Promise.all(missing.map(async (name) => {
      loading.add(name);
      try {
        files.set(name, open(name, await loadAsset(ctx.model, name)));
      } catch (error) {
        failure = error;
      }
      loading.delete(name);
    }));
    if (ended) return;
    if (failure) tell(failure.message, true);
    else if (!loading.size) tell("");
    if (!there()) return;
    if (typed === null) read();
    else take();
  }
  const wake = ctx.guard(load);

  const message = h("p", { class: "bp-message", role: "status" });
  function tell(text, failed = false) {
    message.classList.toggle("bp-failed", failed);
    message.replaceChildren(text, ...(failed
      ? [" ", h("button", { type: "button", class: "lw-button", onclick: wake }, t("Try again", "再试一次"))] : []));
  }

  // --- reading ----------------------------------------------------------------------------------
  const firsts = get("_first");
  const firstMaps = bytesOf(get("_first_maps"));

  /** Python's reading of what is asked for now, if it is among those that came with the page. */
  function known() {
    let start = 0;
    for (const first of firsts) {
      const size = L * H * first.tokens.length ** 2;
      if (first.asset === asset() && first.text === get("text") && first.masked === get("masked")) {
        return { ...first, maps: firstMaps.subarray(start, start + size) };
      }
      start += size;
    }
    return null;
  }

  function compute() {
    const tokenizer = files.get(BERT_TOKENIZER);
    const given = tokenizer.encode(get("text"));
    if (given.length > N) return { tooLong: given.length };
    const ids = [...given];
    const masked = get("masked");
    const mask = tokenizer.idOf(BERT_MASK);
    if (masked !== null && masked > 0 && masked < ids.length - 1) ids[masked] = mask;
    const places = [...ids.keys()].filter((at) => ids[at] === mask);
    const place = places.includes(masked) ? masked : places[0] ?? null;
    const { hidden, attentions, logits } = bertForward(files.get(asset()), config, ids, { at: places });
    const tokens = given.map(tokenizer.textOf);
    const result = { tokens, places, place, maps: Uint8Array.from(attentions.data, (p) => Math.round(255 * p)), guesses: [], answers: [], hidden: null, labels: null };
    const V = logits.shape[1];
    places.forEach((at, i) => {
      const scores = logits.data.subarray(i * V, (i + 1) * V);
      result.guesses.push(tokenizer.textOf(scores.indexOf(Math.max(...scores))));
      if (at !== place) return;
      const p = softmax(tensor(scores.slice(), [1, V])).data;
      const order = [...p.keys()].sort((a, b) => p[b] - p[a]);
      result.answers = order.slice(0, BERT_BARS).map((id) => [tokenizer.textOf(id), p[id]]);
      const was = given[place];
      if (was !== mask) result.hidden = { token: tokens[place], rank: order.indexOf(was) + 1, probability: p[was] };
    });
    if (head) result.labels = bertLabels(hidden, files.get(head));
    return result;
  }

  function read() {
    const found = there() ? compute() : known();
    if (!found) {
      wake();
      return;
    }
    if (found.tooLong) {
      tooLong(found.tooLong);
      return;
    }
    complain("");
    reading = found;
    draw();
  }

  // --- the sentence -----------------------------------------------------------------------------
  const wrong = h("p", { class: "bp-wrong", id: uniqueId(), role: "alert" });
  const id = uniqueId();
  const input = h("textarea", {
    class: "bp-input", id, rows: 1, autocomplete: "off", autocapitalize: "off", spellcheck: "false", "aria-describedby": wrong.id,
  });
  const tries = h("div", { class: "bp-tries" }, suggestions.map((text) => h("button", {
    type: "button", class: "lw-button", onclick: ctx.guard(() => { input.value = text; typed = { text, hiding: true }; take(); }),
  }, text)));
  const field = h("div", { class: "bp-field" }, h("label", { class: "lw-label", for: id }, t("Your sentence", "您的句子")), input, wrong);
  function complain(text) {
    wrong.textContent = text;
    input.setAttribute("aria-invalid", String(Boolean(text)));
  }
  function tooLong(count) {
    complain(t(`This text has ${count} tokens; the model reads ${N} at most. The previous text is still shown.`,
      `这段文字有 ${count} 个词元，模型最多读 ${N} 个。仍显示之前的文字。`));
  }

  let typed = null; // {text, hiding: a word of it in any case}: it may wait for the tokenizer
  /** Takes over what was typed. */
  function take() {
    const tokenizer = files.get(BERT_TOKENIZER);
    if (!tokenizer) {
      wake();
      return;
    }
    const { text, hiding } = typed;
    typed = null;
    const cut = (sentence) => tokenizer.encode(sentence).map(tokenizer.textOf);
    const next = cut(text);
    if (next.length > N) {
      tooLong(next.length);
      return;
    }
    const masked = get("masked") === null && !hiding ? null : keptPlace(cut(get("text")), next);
    own = true;
    ctx.sync({ text, masked });
    own = false;
    read();
  }
  ctx.listen(input, "input", () => {
    typed = { text: input.value.replace(/\n/g, " "), hiding: false };
    take();
  });
  ctx.listen(input, "keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) event.preventDefault();
  });

  /** Which token of a changed text is hidden: the one that was, if it is still there, or the last
   *  word. None (null) if the text has a [MASK] of its own, or no word. */
  function keptPlace(before, next) {
    const at = get("masked");
    const last = next.length - 2;
    if (at !== null) {
      const fromEnd = next.length - (before.length - at); // typed before it
      const kept = [at, fromEnd].find((place) => place > 0 && place <= last && next[place] === before[at]);
      if (kept !== undefined) return kept;
    }
    if (next.includes(BERT_MASK)) return null;
    for (let place = last; place > 0; place--) if (/[\p{L}\p{N}]/u.test(next[place])) return place;
    return null;
  }

  const words = h("div", { class: "bp-words", role: "group", "aria-label": t("the tokens; press one to hide it", "词元；按一个把它藏起来") });
  let chips = [];
  let focus = 1; // the chip that Tab reaches

  function hide(at) {
    focus = at;
    const gap = reading.tokens[at] === BERT_MASK; // it is hidden anyway: ask for this one
    const masked = get("masked") === at && !gap ? null : at;
    spoken = true;
    own = true;
    ctx.sync({ masked, query: at });
    own = false;
    read();
  }

  const visible = (token) => token.replaceAll(" ", "␣") || "∅";

  function drawWords() {
    const { tokens, place, places, guesses } = reading;
    const now = tokens.join("\n");
    if (words.shown !== now) {
      words.shown = now;
      chips = tokens.map((token, at) => {
        const edge = at === 0 || at === tokens.length - 1;
        return h("button", {
          type: "button", class: "bp-token", "aria-disabled": String(edge), onclick: ctx.guard(() => !edge && hide(at)),
        });
      });
      words.replaceChildren(...chips);
    }
    focus = Math.max(0, Math.min(focus, chips.length - 1));
    chips.forEach((node, at) => {
      const gone = places.includes(at);
      const other = gone && at !== place;
      const under = other ? `→ ${visible(guesses[places.indexOf(at)])}` : visible(tokens[at]);
      node.replaceChildren(gone ? BERT_MASK : visible(tokens[at]),
        ...(other || (gone && tokens[at] !== BERT_MASK) ? [h("span", { class: other ? "bp-guess" : "bp-was" }, under)] : []));
      node.classList.toggle("bp-gap", other);
      node.setAttribute("aria-pressed", String(at === place));
      node.tabIndex = at === focus ? 0 : -1;
    });
  }
  ctx.listen(words, "keydown", (event) => {
    const at = chips.indexOf(event.target.closest("button"));
    const to = { ArrowLeft: at - 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowDown: at + 1, Home: 0, End: chips.length - 1 }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    focus = Math.max(0, Math.min(to, chips.length - 1));
    drawWords();
    chips[focus].focus({ preventScroll: true });
  });

  // --- what belongs there -----------------------------------------------------------------------
  const title = h("p", { class: "bp-title" });
  const bars = bertBars(BERT_BARS);
  const verdict = h("p", { class: "bp-verdict lw-quiet" });
  const answers = h("div", { class: "bp-answers" }, title, bars.node, verdict);

  function drawAnswers() {
    const { place, places, answers: found, hidden } = reading;
    const nth = places.length > 1 ? t(` ${places.indexOf(place) + 1} of ${places.length}`, `（第 ${places.indexOf(place) + 1} 个，共 ${places.length} 个）`) : "";
    title.textContent = place === null ? t("Press a token above to hide it", "按上面的一个词元，把它藏起来")
      : t(`What belongs at [MASK]${nth}`, `[MASK]${nth}处应是什么`);
    bars.show(found, hidden?.token);
    verdict.replaceChildren(...(hidden ? [
      t("The hidden token was ", "被藏的是 "), h("b", {}, visible(hidden.token)),
      t(`: rank ${hidden.rank}, ${probability(hidden.probability)}. `, `：第 ${hidden.rank} 名，${probability(hidden.probability)}。`),
    ] : []), places.length > 1 ? t("Press another [MASK] for its answers.", "按另一个 [MASK]，看它的答案。") : "");
    if (spoken) {
      ctx.say(place === null ? title.textContent
        : `${found.slice(0, 3).map(([token, p]) => `${token} ${probability(p)}`).join(", ")}. ${verdict.textContent}`);
    }
    spoken = false;
  }
  let spoken = false;

  // --- where the heads look ---------------------------------------------------------------------
  const box = h("div", { class: "bp-maps" });
  const inner = { sentence: 0, _heads: [L, H], _tokens: [[""]], _maps: new Uint8Array(L * H) };
  let redrawMaps = () => {};
  const mapsCtx = {
    ...ctx, root: box,
    get: (key) => (key in inner ? inner[key] : get(key)),
    watch(keys, callback) {
      if (keys.includes("_maps")) redrawMaps = ctx.guard(callback);
      else ctx.watch(keys.filter((key) => !(key in inner)), callback);
    },
  };

  function drawMaps() {
    const { tokens, places, maps } = reading;
    inner._tokens = [tokens.map((token, at) => (places.includes(at) ? BERT_MASK : token))];
    inner._maps = maps;
    redrawMaps();
  }

  // --- everything together ----------------------------------------------------------------------
  const draw = ctx.redraw(() => {
    drawWords();
    drawAnswers();
    drawMaps();
    onReading(reading);
  });
  let own = false; // whether a change of the traits is this panel's
  ctx.watch(["text", "masked"], () => {
    if (own) return;
    typed = null;
    if (input.value !== get("text")) input.value = get("text");
    read();
  });

  function start() {
    input.value = get("text");
    reading = known();
    if (reading) {
      inner._tokens = [reading.tokens];
      inner._maps = reading.maps;
    }
    buildMaps(mapsCtx, { embedded: true });
    read();
    for (const type of ["pointerenter", "pointerdown", "focusin"]) {
      ctx.listen(ctx.root, type, () => there() || message.classList.contains("bp-failed") || wake());
    }
  }
  return { field, tries, words, answers, maps: box, message, read, start };
}

/** Rows of name, bar and percent: {node, show([[name, probability], ...], marked name)}. */
export function bertBars(count) {
  const rows = Array.from({ length: count }, () => {
    const [name, bar, value] = ["name", "part", "value"].map((part) => h("span", { class: `bp-${part}` }));
    return { node: h("li", { class: "bp-bar" }, name, h("span", { class: "bp-scale", "aria-hidden": "true" }, bar), value), name, bar, value };
  });
  return {
    node: h("ol", { class: "bp-bars" }, rows.map((row) => row.node)),
    show(list, marked) {
      rows.forEach(({ node, name, bar, value }, i) => {
        const [text, p] = list[i] ?? ["", 0];
        node.classList.toggle("bp-none", !list[i]);
        node.classList.toggle("bp-marked", Boolean(list[i]) && text === marked);
        name.textContent = text;
        bar.style.setProperty("--share", `${100 * p}%`);
        value.textContent = list[i] ? probability(p) : "";
      });
    },
  };
}

/** Probabilities of the labels, from the hidden state of the first token. */
function bertLabels(hidden, weights) {
  const C = hidden.shape[1];
  const first = tensor(hidden.data.slice(0, C), [1, C]);
  const pooled = linear(first, weights["bert.pooler.dense.weight"], weights["bert.pooler.dense.bias"]);
  pooled.data.forEach((value, i) => { pooled.data[i] = Math.tanh(value); });
  return [...softmax(linear(pooled, weights["classifier.weight"], weights["classifier.bias"])).data];
}
