// A BERT reads a sentence: tokens to hide, what belongs there, where every head looks. What BertLive
// and CheckpointScrubber have in common. What is shown comes from model.js.
import { attentionMaps } from "../attention_explorer/maps.js";
import { bar, bytesOf, h, loading, t, uniqueId } from "../kit/mod.js";
import { roving } from "../kit/roving.js";
import { ANSWERS, answersView, bertReader, mapsGiven, wordsView } from "./model.js";

const LOOKS = ["layer", "head", "compare", "view", "query"];

/** The parts of a widget, not yet in its root:
 *  {field, tries, words, answers, maps, message, read(), start()}; start() once they are in the page,
 *  read() when asset() has changed.
 *
 *  asset(): the name of the weights that read now. head: the name of a classifier's weights, whose
 *  probabilities come with the reading. suggestions: sentences to try. onReading(reading) is called
 *  for each, as model.js describes it. */
export function bertPanel(ctx, { asset, head = null, suggestions = [], onReading = () => {} }) {
  const { get } = ctx;
  const config = get("_config");
  const model = bertReader({ config, first: get("_first"), maps: bytesOf(get("_first_maps")), head });
  const traits = () => ({ text: get("text"), masked: get("masked"), asset: asset() });
  let reading = null;
  let spoken = false; // whether what comes of it is to be said
  let own = false;    // whether a change of the traits is this panel's

  let asked = [];
  const status = loading(ctx, {
    names: () => { asked = model.missing(asset()); return asked; },
    say: () => t("Loading the model, 2 MB …", "正在加载模型，2 MB……"),
    ready(parts) {
      parts.forEach((bytes, i) => model.open(asked[i], bytes));
      read();
    },
  });
  status.node.classList.add("bp-message");

  function sync(changes) {
    own = true;
    ctx.sync(changes);
    own = false;
  }
  function read() {
    const next = model.next(traits());
    if (next.settings) {
      sync(next.settings);
      read();
      return;
    }
    if (next.wrong !== undefined) sentence.complain(next.wrong);
    if (next.load) status.wake();
    if (!next.reading) return;
    reading = next.reading;
    draw();
  }

  const sentence = sentencePart(ctx, suggestions, (text, hiding) => {
    model.type(text, hiding);
    read();
  });
  const words = wordsPart(ctx, (at) => {
    spoken = true;
    sync(model.press(at, traits()));
    read();
  });
  const answers = answersPart();
  const maps = attentionMaps(ctx, { pick: (settings) => ctx.sync(settings), embedded: true });
  const showMaps = () => (
    maps.show(mapsGiven(Object.fromEntries(LOOKS.map((key) => [key, get(key)])), config, reading)));

  const draw = ctx.redraw(() => {
    const view = answersView(reading);
    words.show(wordsView(reading));
    answers.show(view);
    showMaps();
    onReading(reading);
    if (spoken) ctx.say(view.said);
    spoken = false;
  });
  ctx.watch("text", () => {
    if (own) return;
    model.forget();
    sentence.set(get("text"));
    read();
  });
  ctx.watch("masked", () => own || read());
  ctx.watch(LOOKS, showMaps);

  function start() {
    sentence.set(get("text"));
    showMaps();
    read();
    for (const type of ["pointerenter", "pointerdown", "focusin"]) {
      ctx.listen(ctx.root, type, () => model.missing(asset()).length && !status.failed() && status.wake());
    }
  }
  return {
    field: sentence.node, tries: sentence.tries, words: words.node, answers: answers.node,
    maps: h("div", { class: "bp-maps" }, maps.node), message: status.node, read, start,
  };
}

/** The reader's sentence, what is wrong with it, and others to try; onText(text, hiding). */
function sentencePart(ctx, suggestions, onText) {
  const [id, wrongId] = [uniqueId(), uniqueId()];
  const wrong = h("p", { class: "bp-wrong", id: wrongId, role: "alert" });
  const input = h("textarea", {
    class: "bp-input", id, rows: 1, autocomplete: "off", autocapitalize: "off", spellcheck: "false",
    "aria-describedby": wrongId,
  });
  ctx.listen(input, "input", () => onText(input.value, false));
  ctx.listen(input, "keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) event.preventDefault();
  });
  const take = (text) => {
    input.value = text;
    onText(text, true);
  };
  return {
    node: h("div", { class: "bp-field" },
      h("label", { class: "lw-label", for: id }, t("Your sentence", "您的句子")), input, wrong),
    tries: h("div", { class: "bp-tries" }, suggestions.map((text) => (
      h("button", { type: "button", class: "lw-button", onclick: ctx.guard(() => take(text)) }, text)))),
    set(text) { if (input.value !== text) input.value = text; },
    complain(text) {
      wrong.textContent = text;
      input.setAttribute("aria-invalid", String(Boolean(text)));
    },
  };
}

/** The tokens; press(at) is told which one is pressed. */
function wordsPart(ctx, press) {
  const node = h("div", {
    class: "bp-words", role: "group", "aria-label": t("the tokens; press one to hide it", "词元；按一个把它藏起来"),
  });
  let chips = [];
  let focus = 1; // the chip that Tab reaches
  const reach = (at) => {
    focus = at;
    chips.forEach((chip, i) => { chip.tabIndex = i === at ? 0 : -1; });
  };
  roving(ctx, node, {
    buttons: () => chips, at: () => chips.findIndex((chip) => chip.matches(":focus")), pick: reach, scrolls: false,
  });
  const onclick = (at) => ctx.guard(() => {
    if (chips[at].getAttribute("aria-disabled") === "true") return;
    reach(at);
    press(at);
  });
  return {
    node,
    show(view) {
      if (chips.length !== view.length) {
        chips = view.map((_, at) => h("button", { type: "button", class: "bp-token", translate: "no", onclick: onclick(at) }));
        node.replaceChildren(...chips);
      }
      view.forEach(({ text, under, guess, pressed, edge }, at) => {
        const below = under === null ? [] : [h("span", { class: guess ? "bp-guess" : "bp-was" }, under)];
        chips[at].replaceChildren(text, ...below);
        chips[at].classList.toggle("bp-gap", guess);
        chips[at].setAttribute("aria-pressed", String(pressed));
        chips[at].setAttribute("aria-disabled", String(edge));
      });
      reach(Math.min(focus, chips.length - 1));
    },
  };
}

/** What belongs at the hidden place, and what stood there. */
function answersPart() {
  const title = h("p", { class: "bp-title" });
  const bars = barList(ANSWERS);
  const verdict = h("p", { class: "bp-verdict lw-quiet" });
  return {
    node: h("div", { class: "bp-answers" }, title, bars.node, verdict),
    show(view) {
      title.textContent = view.title;
      bars.show(view.rows);
      const { before, token, after } = view.hidden ?? {};
      verdict.replaceChildren(...(view.hidden ? [before, h("b", {}, token), after] : []), view.more);
    },
  };
}

/** Rows of name, bar and percent: {node, show([{name, share, marked}, ...])}; rows without one are kept. */
export function barList(count) {
  const rows = Array.from({ length: count }, () => {
    const one = bar("");
    return { one, node: h("li", { class: "bp-bar" }, one.parts) };
  });
  return {
    node: h("ol", { class: "bp-bars" }, rows.map(({ node }) => node)),
    show(list) {
      rows.forEach(({ one, node }, i) => {
        const { name = "", share = null, marked = false } = list[i] ?? {};
        node.classList.toggle("bp-none", !list[i]);
        node.classList.toggle("bp-marked", marked);
        one.label.textContent = name;
        one.set(share);
      });
    },
  };
}
