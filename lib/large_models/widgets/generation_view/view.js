// A text grows token by token. Python's side, and what each trait means: __init__.py.
import { lookOf, textReader, tokenParts } from "../engine/generation_model.js";
import { drawAt, nextTokens, pickToken } from "../engine/sampling.js";
import { float32Of, h, loadAsset, mount, number, probability, segmented, stepper, t, uniqueId } from "../kit/mod.js";

const MODEL = "gpt-docs";
const START = "<|endoftext|>"; // what an empty beginning stands for
const BARS = 10;
const PER_SECOND = 6;
const UNDOS = 500;
const TEMPERATURES = Array.from({ length: 20 }, (_, i) => (i + 1) / 10);
const TOP_K = [1, 2, 3, 5, 10, 20, 40, 80, 160, 320, 640, null];
const TOP_P = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];

function build(ctx) {
  const { root, get } = ctx;
  const config = get("_config");
  const { n_layer: L, n_head: H, n_positions: N, vocab_size: V } = config;
  const first = get("_first");

  // --- state that is not in the traits ----------------------------------------------------------
  let gpt = null;      // the model, once it is there
  let loading = null;
  let waiting = [];    // what the reader asked for before
  let ended = false;
  let ids = [];        // the whole text
  let start = 0;       // how many of them are the beginning
  let outputs = [];    // what the model says after each; before it is there, after the last only
  let chosen = [];     // at each id that was generated: {by, settings}, as they were then
  let spot = null;     // the place that is looked at, 0 .. ids.length; null for the next token's
  let hover = null;
  let own = false;     // whether a change of the traits is this view's
  let spoken = "";
  const past = [];     // for undo: {prompt, ids, start, chosen}

  const full = () => ids.length >= N;
  const settings = () => ({
    temperature: get("temperature"), topK: get("top_k"), topP: get("top_p"), greedy: get("greedy"),
  });

  // --- the model --------------------------------------------------------------------------------
  async function fetchModel() {
    tell(t("Loading the model, 1 MB …", "正在加载模型，1 MB……"));
    try {
      const files = await Promise.all([MODEL, `${MODEL}-tokenizer`].map((name) => loadAsset(ctx.model, name)));
      if (ended) return;
      gpt = textReader(...files, config);
    } catch (error) {
      loading = null;
      tell(error.message, true);
      return;
    }
    tell("");
    readTraits();
    for (const action of waiting.splice(0)) action();
  }
  const load = ctx.guard(() => { loading ??= fetchModel(); });

  /** Does it now, or once the model is there. */
  const use = (action) => {
    if (gpt) return action();
    waiting.push(action);
    return load();
  };

  /** Takes the text from the traits. */
  function readTraits() {
    const { encode, decode } = gpt.tokenizer;
    const begun = encode(get("prompt") || START);
    const written = decode(get("_ids")) === get("text") ? get("_ids") : encode(get("text"));
    const next = [...begun, ...written].slice(0, N);
    if (next.join() !== ids.join()) [chosen, spot] = [[], null];
    ids = next;
    start = Math.min(begun.length, N);
    outputs = gpt.read(ids);
    draw();
  }

  /** Puts this text into the traits. */
  function write(next) {
    ({ ids, start, chosen } = next);
    outputs = gpt.read(ids);
    [spot, hover] = [null, null];
    own = true;
    ctx.sync({ prompt: next.prompt, _ids: ids.slice(start), text: gpt.tokenizer.decode(ids.slice(start)) });
    own = false;
    draw();
  }

  const now = () => ({ prompt: get("prompt"), ids: [...ids], start, chosen: [...chosen] });

  function remember() {
    past.push(now());
    if (past.length > UNDOS) past.shift();
  }

  // --- what the reader does ---------------------------------------------------------------------
  /** Puts a token at a place; what came after it goes. */
  function place(id, at, by) {
    if (at < start || at >= N) return false;
    remember();
    const next = now();
    next.ids.splice(at, Infinity, id);
    next.chosen.splice(at, Infinity);
    next.chosen[at] = { by, settings: settings() };
    spoken = "token";
    write(next);
    return true;
  }

  function step() {
    if (full()) return false;
    const options = nextTokens(outputs[ids.length - 1].scores, settings());
    const id = get("greedy") ? options.order[0] : pickToken(options, drawAt(get("seed"), ids.length - start));
    return place(id, ids.length, get("greedy") ? "greedy" : "draw");
  }

  function undo() {
    const last = past.pop();
    if (!last) return;
    setField(last.prompt);
    write(last);
  }

  function reset() {
    if (ids.length === start) return;
    remember();
    write({ ...now(), ids: ids.slice(0, start), chosen: [] });
  }

  function begin(text) {
    const begun = gpt.tokenizer.encode(text || START);
    if (begun.length > N) {
      complain(t(
        `This beginning has ${begun.length} tokens, but the model reads at most ${N}. The previous beginning still counts.`,
        `这个开头有 ${begun.length} 个词元，模型最多读 ${N} 个。仍以之前的开头为准。`));
      return;
    }
    complain("");
    if (text === get("prompt") && ids.length === start) return;
    if (ids.length > start) remember(); // what was generated goes
    write({ prompt: text, ids: begun, start: begun.length, chosen: [] });
  }

  // --- playing ----------------------------------------------------------------------------------
  let timer = 0;
  const stop = () => {
    clearTimeout(timer);
    timer = 0;
    drawButtons();
  };
  const tick = ctx.guard(() => {
    clearTimeout(timer);
    if (!step()) return stop();
    timer = setTimeout(tick, 1000 / (ctx.reducedMotion() ? 1 : PER_SECOND));
    return drawButtons();
  });
  ctx.onCleanup(() => { ended = true; clearTimeout(timer); });
  ctx.listen(document, "visibilitychange", () => document.hidden && stop());

  /** A button that can be pressed to its end without losing the focus. */
  const button = (text, action) => h("button", { type: "button", class: "lw-button", onclick: ctx.guard(action) }, text);
  const acting = (action) => () => { stop(); use(action); };
  const buttons = {
    step: button(t("Step", "一步"), acting(step)),
    play: button("", () => (timer ? stop() : use(tick))),
    undo: button(t("Undo", "撤销"), acting(undo)),
    reset: button(t("Reset", "重来"), acting(reset)),
  };
  const count = h("span", { class: "gv-count lw-quiet" });

  function drawButtons() {
    buttons.play.textContent = timer ? t("Stop", "停止") : t("Play", "播放");
    const off = { step: full(), play: full(), undo: !past.length, reset: ids.length === start };
    for (const [name, is] of Object.entries(off)) buttons[name].setAttribute("aria-disabled", String(is));
    count.textContent = full()
      ? t(`${N} of ${N} tokens: the model can read no more`, `${N} / ${N} 个词元：模型读不下更多了`)
      : t(`${ids.length} of ${N} tokens`, `${ids.length} / ${N} 个词元`);
    count.classList.toggle("gv-full", full());
  }

  // --- the beginning ----------------------------------------------------------------------------
  const fieldId = uniqueId();
  const wrong = h("p", { class: "gv-wrong", id: uniqueId(), role: "alert" });
  const field = h("textarea", {
    class: "gv-field", id: fieldId, rows: 1, autocomplete: "off", autocapitalize: "off", spellcheck: "false",
    placeholder: START, "aria-describedby": wrong.id,
  });
  function complain(text) {
    wrong.textContent = text;
    field.setAttribute("aria-invalid", String(Boolean(text)));
  }
  function setField(text) {
    complain("");
    if (field.value !== text) field.value = text;
  }
  ctx.listen(field, "input", () => {
    stop();
    const text = field.value;
    use(() => begin(text));
  });
  ctx.listen(field, "keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      acting(step)();
    }
    if (event.key === "Escape") { setField(get("prompt")); stop(); }
  });

  const message = h("p", { class: "gv-message", role: "status" });
  function tell(text, isError = false) {
    message.classList.toggle("gv-error", isError);
    message.replaceChildren(text, ...(isError
      ? [" ", h("button", { type: "button", class: "lw-button", onclick: load }, t("Try again", "再试一次"))] : []));
  }

  // --- tokens as a reader sees them -------------------------------------------------------------
  const parts = new Map();
  function partsOf(id) {
    if (!parts.has(id)) {
      const bytes = gpt ? gpt.tokenizer.bytesOf(id)
        : Uint8Array.from(first.bytes[id].match(/../g), (pair) => parseInt(pair, 16));
      parts.set(id, tokenParts(bytes));
    }
    return parts.get(id);
  }
  const nameOf = (id) => partsOf(id).map(([, text]) => text).join("");
  const nodesOf = (id) => partsOf(id).map(([kind, text]) => h("span", { class: `gv-${kind}` }, text));

  // --- the text ---------------------------------------------------------------------------------
  const words = h("div", { class: "gv-words", role: "radiogroup", "aria-label": t("the text, token by token", "文本，逐个词元") });
  const chip = (kind, ...content) => h("button", { type: "button", role: "radio", class: "gv-token", "data-kind": kind }, ...content);
  const next = chip("next", "?");
  words.append(next);
  let chips = [next]; // the last one stands for the next token

  /** The place that is shown: under the mouse, else the chosen one, else the next token's. */
  const shown = () => Math.min(hover ?? spot ?? ids.length, ids.length);

  function drawText() {
    const kept = chips.slice(0, -1);
    ids.forEach((id, i) => {
      const key = `${id} ${i < start}`;
      if (kept[i]?.dataset.key === key) return;
      const node = chip(i < start ? "in" : "out", nodesOf(id));
      node.dataset.key = key;
      // The slot takes the line break along that follows the end of a line.
      const slot = h("span", {}, node, nameOf(id).endsWith("⏎") ? h("br") : null);
      if (kept[i]) kept[i].parentNode.replaceWith(slot);
      else next.before(slot);
      kept[i] = node;
    });
    for (const node of kept.splice(ids.length)) node.parentNode.remove();
    if (chips.length !== kept.length + 1) words.scrollTop = words.scrollHeight;
    chips = [...kept, next];
  }

  function drawAttention() {
    const at = shown();
    const from = at - 1;
    const output = outputs[from];
    const row = output ? lookOf(output, [L, H], ...picked().who) : [];
    const largest = Math.max(...row);
    chips.forEach((node, i) => {
      node.style.setProperty("--share", `${i < row.length ? Math.round((50 * row[i]) / largest) : 0}%`);
      node.classList.toggle("gv-from", i === from);
      node.setAttribute("aria-checked", String(i === Math.min(spot ?? ids.length, ids.length)));
      node.classList.toggle("gv-shown", i === at);
      node.tabIndex = i === Math.min(spot ?? ids.length, ids.length) ? 0 : -1;
    });
    const best = row.indexOf(largest);
    looked.replaceChildren(...(output ? [
      t("", "从 "), h("b", {}, nameOf(ids[from])), t(" looks most at ", " 最多看 "), h("b", {}, nameOf(ids[best])),
      t(": ", "："), largest.toFixed(2),
    ] : [at ? t("Loading …", "正在加载……") : t("Nothing comes before the first token.", "第一个词元之前什么也没有。")]));
    drawHeads(output);
  }

  const indexOf = (node) => chips.indexOf(node.closest?.(".gv-token"));
  function choose(at) {
    spot = at >= ids.length ? null : at;
    hover = null;
    spoken = "place";
    if (spot !== null) use(draw);
    draw();
  }
  ctx.listen(words, "click", (event) => indexOf(event.target) >= 0 && choose(indexOf(event.target)));
  ctx.listen(words, "pointerover", (event) => {
    if (event.pointerType !== "mouse" || timer) return;
    hover = indexOf(event.target) < 0 ? null : indexOf(event.target);
    draw();
  });
  ctx.listen(words, "pointerleave", () => { hover = null; draw(); });
  ctx.listen(words, "keydown", (event) => {
    const at = spot ?? ids.length;
    const to = { ArrowLeft: at - 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowDown: at + 1, Home: 0, End: ids.length }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    choose(Math.max(0, Math.min(to, ids.length)));
    chips[Math.max(0, Math.min(to, ids.length))].focus({ preventScroll: true });
    scrollTo(chips[shown()]);
  });

  /** Scrolls the text, and never the page. */
  function scrollTo(node) {
    const [box, area] = [node, words].map((n) => n.getBoundingClientRect());
    if (box.top < area.top) words.scrollTop -= area.top - box.top + 4;
    if (box.bottom > area.bottom) words.scrollTop += box.bottom - area.bottom + 4;
  }

  // --- the bars ---------------------------------------------------------------------------------
  const barsTitle = h("p", { class: "gv-title" });
  const rows = Array.from({ length: BARS }, () => {
    const [name, value, said, drawn] = ["name", "value", "said", "drawn"].map((part) => h("span", { class: `gv-${part}` }));
    const node = h("button", { type: "button", class: "gv-bar" }, name, h("span", { class: "gv-scale", "aria-hidden": "true" }, drawn, said), value);
    ctx.listen(node, "click", () => {
      stop();
      const [id, at] = [node.token, shown()];
      use(() => place(id, at, "hand"));
    });
    return { node, name, value, said, drawn };
  });
  const others = h("span", {});
  const legend = h("span", { class: "gv-legend", hidden: true }, h("span", { class: "gv-said" }), t("at temperature 1, with nothing cut off", "温度 1、不截去时"));
  const bars = h("div", { class: "gv-bars" }, rows.map((row) => row.node));

  function drawBars() {
    const at = shown();
    const output = outputs[at - 1];
    bars.classList.toggle("gv-none", !output);
    drawTitle(at, output);
    if (!output) return;
    const options = nextTokens(output.scores, chosen[at]?.settings ?? settings());
    const { order, kept, said, drawn } = options;
    const list = order.slice(0, BARS);
    if (at < ids.length && !list.includes(ids[at])) list[BARS - 1] = ids[at];
    const fixed = at < start || at >= N;
    const changed = order.some((id) => said[id] !== drawn[id]);
    legend.hidden = !changed;
    rows.forEach(({ node, name, value, said: mark, drawn: bar }, i) => {
      const id = list[i];
      const cut = !kept.has(id);
      if (node.token !== id) name.replaceChildren(...nodesOf(id));
      node.token = id;
      node.classList.toggle("gv-cut", cut);
      node.classList.toggle("gv-was", id === ids[at]);
      node.setAttribute("aria-disabled", String(fixed));
      bar.style.setProperty("--share", `${100 * drawn[id]}%`);
      mark.style.setProperty("--share", `${100 * said[id]}%`);
      mark.hidden = !changed;
      value.textContent = probability(drawn[id]);
      node.setAttribute("aria-label", `${nameOf(id)} ${probability(drawn[id])}${cut ? t(", cut", "，已截去") : ""}`);
    });
    const rest = list.reduce((sum, id) => sum - drawn[id], 1);
    const left = kept.size;
    others.textContent = spot === at && !fixed && at < ids.length
      ? t("press another token to go on from there", "按另一个，从那里继续")
      : left < V
        ? t(`${left} of ${V} tokens can be drawn`, `${V} 个词元中可抽取 ${left} 个`)
        : t(`the other ${V - BARS} tokens: ${probability(Math.max(0, rest))}`, `其余 ${V - BARS} 个词元：${probability(Math.max(0, rest))}`);
    if (spoken === "token" && at === ids.length && ids.length > start) {
      const before = nextTokens(outputs[at - 2]?.scores ?? output.scores, chosen[at - 1]?.settings ?? settings());
      ctx.say(`${nameOf(ids[at - 1])} ${probability(before.drawn[ids[at - 1]])}`);
    } else if (spoken === "place") ctx.say(barsTitle.textContent);
    spoken = "";
  }

  function drawTitle(at, output) {
    if (at === ids.length) {
      barsTitle.replaceChildren(t("Which token comes next", "下一个词元是什么"));
      return;
    }
    const id = ids[at];
    const name = h("b", { class: at < start ? "lw-in" : "lw-out" }, nameOf(id));
    if (!output) {
      barsTitle.replaceChildren(name, gpt ? t(" is the first token", " 是第一个词元") : t(" …", " ……"));
      return;
    }
    const made = chosen[at];
    const { order, said, drawn } = nextTokens(output.scores, made?.settings ?? settings());
    const rank = t(`, rank ${order.indexOf(id) + 1}`, `，第 ${order.indexOf(id) + 1} 名`);
    const what = at < start ? t(` is yours; the model gave it ${probability(said[id])}`, ` 是您写的；模型给它 ${probability(said[id])}`)
      : made?.by === "hand" ? t(` was picked by you, at ${probability(drawn[id])}`, ` 是您选的，概率 ${probability(drawn[id])}`)
        : made?.by === "greedy" ? t(` was the most probable, at ${probability(said[id])}`, ` 最可能，概率 ${probability(said[id])}`)
          : made ? t(` was drawn at ${probability(drawn[id])}`, ` 以 ${probability(drawn[id])} 抽中`)
            : t(` has ${probability(drawn[id])}`, ` 的概率是 ${probability(drawn[id])}`); // Python's text
    barsTitle.replaceChildren(name, what, rank);
  }

  // --- how to choose ----------------------------------------------------------------------------
  const set = (key) => (value) => { ctx.sync({ [key]: value }); };
  const off = t("off", "关");
  const controls = {
    greedy: segmented(t("How to choose", "如何选择"),
      [[false, t("draw", "抽取")], [true, t("most probable", "最可能的")]], set("greedy")),
    temperature: slider(t("Temperature", "温度"), TEMPERATURES, (v) => number(v, 3), set("temperature")),
    top_k: slider("Top-k", TOP_K, (v) => v ?? off, set("top_k")),
    top_p: slider("Top-p", TOP_P, (v) => (v === 1 ? off : number(v, 3)), set("top_p")),
    seed: stepper(t("Seed", "种子"), { min: 0, max: 2 ** 32 - 1 }, set("seed")),
  };
  const draws = h("div", { class: "gv-draws" }, ["temperature", "top_k", "top_p", "seed"].map((key) => controls[key].node));

  // --- whose attention --------------------------------------------------------------------------
  const headName = (layer, head) => (layer === null ? t("mean of all heads", "所有头的平均")
    : head === null ? t(`layer ${layer + 1}, mean of its heads`, `第 ${layer + 1} 层，各头平均`)
      : t(`layer ${layer + 1}, head ${head + 1}`, `第 ${layer + 1} 层，第 ${head + 1} 头`));
  // Each layer's heads and their mean; the last row has the mean of all, under the means.
  const cells = [...Array(L + 1).keys()].flatMap((layer) => [...Array(H + 1).keys()].map((head) => {
    const who = [layer === L ? null : layer, head === H ? null : head];
    if (layer === L && head < H) return null;
    const name = headName(...who);
    const node = h("button", {
      type: "button", role: "radio", class: "gv-head", "aria-label": name, title: name,
      onclick: ctx.guard(() => ctx.sync({ layer: who[0], head: who[1] })),
    }, h("canvas", { "aria-hidden": "true" }));
    return { node, who, at: layer * (H + 1) + head };
  }));
  const quiet = (text, extra) => h("span", { class: `lw-quiet ${extra ?? ""}`, "aria-hidden": "true" }, text);
  const heads = h("div", { class: "gv-heads", role: "radiogroup", "aria-label": t("whose attention", "谁的注意力"), style: { "--columns": H + 1 } },
    quiet(t("head", "头"), "gv-corner"), [...Array(H).keys()].map((head) => quiet(head + 1)), quiet(t("mean", "平均")),
    cells.map((cell, i) => [i % (H + 1) ? null : quiet(i / (H + 1) < L ? t(`layer ${i / (H + 1) + 1}`, `层 ${i / (H + 1) + 1}`) : t("mean", "平均"), "gv-corner"), cell ? cell.node : h("span")]));
  const looked = h("p", { class: "gv-looked" });

  /** Where layer is null, all count: there is no mean of one head over the layers. */
  const picked = () => cells.find((cell) => cell && cell.who[0] === get("layer") && cell.who[1] === get("head")) ?? cells.at(-1);

  function drawHeads(output) {
    const hex = ctx.color("--gv-weight");
    const color = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
    for (const cell of cells) {
      if (!cell) continue;
      cell.node.setAttribute("aria-checked", String(cell === picked()));
      cell.node.tabIndex = cell === picked() ? 0 : -1;
      const canvas = cell.node.firstChild;
      const row = output ? lookOf(output, [L, H], ...cell.who) : new Float64Array(1);
      const largest = Math.max(...row) || 1;
      Object.assign(canvas, { width: row.length, height: 1 });
      const image = new ImageData(row.length, 1);
      row.forEach((weight, i) => image.data.set([...color, Math.round((255 * weight) / largest)], 4 * i));
      canvas.getContext("2d").putImageData(image, 0, 0);
    }
  }
  ctx.listen(heads, "keydown", (event) => {
    const at = cells.indexOf(picked());
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -(H + 1), ArrowDown: H + 1, Home: -at, End: cells.length - 1 - at }[event.key];
    if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const to = cells[at + by];
    if (!to) return;
    ctx.sync({ layer: to.who[0], head: to.who[1] });
    to.node.focus();
  });

  // --- everything together ----------------------------------------------------------------------
  root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("press Play. Then choose a token that surprises you: how probable was it?", "点“播放”。然后选一个让您意外的词元：它的概率有多大？")),
    h("div", { class: "lw-field gv-beginning" },
      h("label", { class: "lw-label", for: fieldId }, t("Your beginning, in the style of a manual", "您的开头（英文，像一本手册）")),
      field, wrong),
    h("div", { class: "gv-page" }, words, message),
    h("div", { class: "gv-actions" }, Object.values(buttons), count),
    h("div", { class: "gv-grid" },
      h("div", { class: "gv-next" }, barsTitle, bars, h("p", { class: "gv-others lw-quiet" }, others, legend)),
      h("div", { class: "gv-choice" }, controls.greedy.node, draws),
      h("div", { class: "gv-attention" }, h("p", { class: "gv-title" }, t("Where it looks", "它看哪里")), looked, heads)),
    h("p", { class: "gv-honest lw-quiet" }, t(
      `A GPT of ${(config.parameters / 1e6).toFixed(2)} million parameters that has read the documentation of Python libraries and nothing else. It has learned how such sentences sound; what they say is invented.`,
      `一个有 ${Math.round(config.parameters / 1e4)} 万参数的 GPT，只读过 Python 库的文档。它学会了这类句子听起来是什么样，内容却是编造的。`)));

  const draw = ctx.redraw(() => {
    drawText();
    drawButtons();
    drawBars();
    drawAttention();
  });

  function showSettings() {
    for (const key of Object.keys(controls)) controls[key].set(get(key));
    root.classList.toggle("gv-greedy", get("greedy"));
    draw();
  }
  ctx.watch(["temperature", "top_k", "top_p", "greedy", "seed", "layer", "head"], showSettings);
  ctx.watch(["prompt", "text", "_ids"], () => {
    if (own) return;
    stop();
    setField(get("prompt"));
    use(readTraits);
  });
  ctx.onTheme(draw);
  for (const type of ["pointerenter", "pointerdown", "focusin"]) ctx.listen(root, type, () => loading ?? (message.classList.contains("gv-error") || load()));

  setField(get("prompt"));
  showSettings();
  // The first picture is Python's, unless the text has changed since.
  const tail = first.ids.slice(first.start);
  if (first.prompt === get("prompt") && tail.join() === get("_ids").join()) {
    [ids, start] = [first.ids, first.start];
    outputs[ids.length - 1] = { scores: float32Of(get("_first_scores")), look: float32Of(get("_first_look")) };
  } else load();
}

/** A range input over a few values; shows what it is set to, and null as the last. */
function slider(label, values, textOf, onPick) {
  const id = uniqueId();
  const shown = h("output", { class: "gv-setting", for: id });
  const range = h("input", {
    type: "range", id, min: 0, max: values.length - 1, oninput: () => onPick(values[range.value]),
  });
  return {
    node: h("div", { class: "gv-slider" }, h("label", { class: "lw-label", for: id }, label), range, shown),
    set(given) {
      const value = given ?? values.at(-1);
      const far = values.map((v) => (v === value ? 0 : v === null || value === null ? Infinity : Math.abs(v - value)));
      range.value = far.indexOf(Math.min(...far));
      range.setAttribute("aria-valuetext", textOf(value));
      shown.textContent = textOf(value);
    },
  };
}

function render(host) {
  return mount(host, "generation-view", build);
}

export default { render };
