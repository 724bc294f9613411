// A text grows token by token. Python's side, and what each trait means: __init__.py; what is shown:
// model.js; how the text grows: writing_model.js.
import { barsPart } from "./bars.js";
import { actionPart, beginningPart, choicePart } from "./choices.js";
import { headsPart } from "./heads.js";
import { generationView, honesty, settingsOf, tooLong } from "./model.js";
import { textPart } from "./text.js";
import { EMPTY, begun, given, lookedAt, placed, restarted, stepped, undone } from "./writing_model.js";
import { textReader, tokenParts } from "../engine/generation_model.js";
import { float32Of, h, loading, mount, t } from "../kit/mod.js";

const MODEL = "gpt-docs";
const START = "<|endoftext|>"; // what an empty beginning stands for
const PER_SECOND = 6;
const SETTINGS = ["temperature", "top_k", "top_p", "greedy", "seed", "layer", "head"];

function build(ctx) {
  const { root, get } = ctx;
  const config = get("_config");
  const { n_positions: N } = config;
  const first = get("_first");
  const traits = () => Object.fromEntries(SETTINGS.map((key) => [key, get(key)]));
  let gpt = null;       // the model, once it is there
  const waiting = [];   // what the reader asked for before
  let desk = EMPTY;
  let outputs = [];     // what the model says after each token; before it is there, after the last only
  let playing = false;
  let own = false;      // whether a change of the traits is this view's
  let act = "";         // what is to be read out

  // --- the model --------------------------------------------------------------------------------
  const line = loading(ctx, {
    names: () => [MODEL, `${MODEL}-tokenizer`],
    say: () => t("Loading the model, 1 MB …", "正在加载模型，1 MB……"),
    ready(files) {
      gpt = textReader(...files, config);
      readTraits();
      for (const action of waiting.splice(0)) action();
    },
  });
  line.node.classList.add("gv-message");
  /** Does it now, or once the model is there. */
  function use(action) {
    if (gpt) return action();
    waiting.push(action);
    return line.wake();
  }

  /** Takes the text from the traits. */
  function readTraits() {
    const { encode, decode } = gpt.tokenizer;
    const start = encode(get("prompt") || START);
    const written = decode(get("_ids")) === get("text") ? get("_ids") : encode(get("text"));
    const ids = [...start, ...written].slice(0, N);
    desk = given(desk, { prompt: get("prompt"), ids, start: Math.min(start.length, N) });
    outputs = gpt.read(desk.text.ids);
    draw();
  }

  /** Puts a text into the traits; null is none. Returns whether there was one. */
  function write(next, aloud = "") {
    if (!next) return false;
    [desk, act] = [next, aloud];
    const { prompt, ids, start } = desk.text;
    outputs = gpt.read(ids);
    own = true;
    ctx.sync({ prompt, _ids: ids.slice(start), text: gpt.tokenizer.decode(ids.slice(start)) });
    own = false;
    draw();
    return true;
  }

  // --- what the reader does ---------------------------------------------------------------------
  function step() {
    const settings = settingsOf(traits());
    return write(stepped(desk, N, outputs[desk.text.ids.length - 1], { settings, seed: get("seed") }), "token");
  }
  /** A token at the place that is shown now, even if the model comes later. */
  function put(id) {
    const { at } = view();
    const before = desk.text.ids.slice(0, at).join();
    stop();
    use(() => {
      if (desk.text.ids.slice(0, at).join() !== before) return; // it was meant for another text
      write(placed(desk, N, { id, at, by: "hand", settings: settingsOf(traits()) }), "token");
    });
  }
  function undo() {
    if (write(undone(desk))) beginning.set(desk.text.prompt);
  }
  function begin(text) {
    const ids = gpt.tokenizer.encode(text || START);
    beginning.complain(ids.length > N ? tooLong(ids.length, N) : "");
    if (ids.length <= N) write(begun(desk, text, ids));
  }
  function choose(at) {
    desk = lookedAt(desk, at);
    act = "place";
    if (desk.spot !== null) use(draw);
    draw();
  }
  function hover(at) {
    if (playing && at !== null) return;
    desk = { ...desk, hover: at };
    draw();
  }

  // --- playing ----------------------------------------------------------------------------------
  let timer = 0;
  function stop() {
    clearTimeout(timer);
    playing = false;
    draw();
  }
  const tick = ctx.guard(() => {
    clearTimeout(timer);
    if (!playing) return;
    if (step()) timer = setTimeout(tick, 1000 / (ctx.reducedMotion() ? 1 : PER_SECOND));
    else stop();
  });
  function play() {
    if (playing) return stop();
    playing = true;
    draw();
    return use(tick);
  }
  ctx.onCleanup(() => clearTimeout(timer));
  ctx.listen(document, "visibilitychange", () => document.hidden && stop());

  // --- the parts --------------------------------------------------------------------------------
  const acting = (action) => () => { stop(); use(action); };
  const beginning = beginningPart(ctx, {
    placeholder: START,
    typed(text) { stop(); use(() => begin(text)); },
    enter: acting(step),
    escape() { beginning.set(get("prompt")); stop(); },
  });
  const words = textPart(ctx, { choose, hover });
  const actions = actionPart(ctx, {
    step: acting(step), play, undo: acting(undo), reset: acting(() => write(restarted(desk))),
  });
  const bars = barsPart(ctx, put);
  const choice = choicePart(ctx, (changes) => ctx.sync(changes));
  const heads = headsPart(ctx, config, (changes) => ctx.sync(changes));
  root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("press Play. Then choose a token that surprises you: how probable was it?", "点“播放”。然后选一个让您意外的词元：它的概率有多大？")),
    beginning.node,
    h("div", { class: "gv-page" }, words.node, line.node),
    actions.node,
    h("div", { class: "gv-grid" }, bars.node, choice.node, heads.node),
    h("p", { class: "gv-honest lw-quiet" }, honesty(config)));

  const known = new Map(); // what tokens say
  function partsOf(id) {
    if (!known.has(id)) {
      known.set(id, tokenParts(gpt ? gpt.tokenizer.bytesOf(id)
        : Uint8Array.from(first.bytes[id].match(/../g), (pair) => parseInt(pair, 16))));
    }
    return known.get(id);
  }
  const view = () => generationView(config, traits(), { desk, outputs, partsOf, loaded: gpt !== null, playing }, act);
  const draw = ctx.redraw(() => {
    const now = view();
    words.show(now);
    actions.show(now.buttons);
    bars.show(now.bars);
    heads.show(now.attention);
    choice.show(traits());
    root.classList.toggle("gv-greedy", get("greedy"));
    if (now.said === null) return; // it is said once it is known
    if (now.said) ctx.say(now.said);
    act = "";
  });

  ctx.watch(SETTINGS, draw);
  ctx.watch(["prompt", "text", "_ids"], () => {
    if (own) return;
    stop();
    beginning.set(get("prompt"));
    use(readTraits);
  });
  ctx.onTheme(draw);
  for (const type of ["pointerenter", "pointerdown", "focusin"]) {
    ctx.listen(root, type, () => gpt || line.failed() || line.wake());
  }

  beginning.set(get("prompt"));
  // The first picture is Python's, unless the text has changed since.
  const tail = first.ids.slice(first.start);
  if (first.prompt === get("prompt") && tail.join() === get("_ids").join()) {
    desk = { ...EMPTY, text: { prompt: first.prompt, ids: first.ids, start: first.start, chosen: [] } };
    outputs[first.ids.length - 1] = { scores: float32Of(get("_first_scores")), look: float32Of(get("_first_look")) };
  } else line.wake();
  draw();
}

function render(host) {
  return mount(host, "generation-view", build);
}

export default { render };
