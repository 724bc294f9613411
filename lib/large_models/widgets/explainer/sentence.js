// The Explainer's sentence: what each token adds, by four methods, and what the answer loses without
// the strongest. The BERT and its gradients run in the page, on weights that come on first use.
import { bertBackward, bertFromEmbeddings } from "../engine/bert_gradients.js";
import { attentionRollout, integratedGradients, seededRandom, strongestFirst } from "../engine/explanation.js";
import { METHOD_NAMES, answerBars, fall, inFrames, ruler, sumText } from "./parts.js";
import { softmax, tensor } from "../engine/nn.js";
import { unpack } from "../engine/packed.js";
import { h, loadAsset, paint, probability, t, uniqueId } from "../kit/mod.js";
import { wordpieceTokenizer } from "../engine/wordpiece.js";

const COLUMNS = ["hide", "rollout", "times", "integrated"];
const SENTENCE_STEPS = 16; // of integrated gradients
const SENTENCE_DRAWS = 10;
const GAP_TOKEN = "[MASK]";

/** {node, start(), wake()}: start once it is in the page; wake when it is looked at. */
export function sentenceSide(ctx) {
  const { get } = ctx;
  const config = get("_config");
  const { hidden_size: C, num_attention_heads: H, max_position_embeddings: N } = config;
  const names = METHOD_NAMES();
  const run = inFrames(ctx);
  const labels = get("_labels");
  let model = null; // {tokenizer, body, head, gap}
  let loading = false;
  let ended = false;
  ctx.onCleanup(() => { ended = true; });

  // --- the model ----------------------------------------------------------------------------------
  const message = h("p", { class: "xp-message", role: "status" });
  function tell(text, failed = false) {
    message.classList.toggle("xp-failed", failed);
    message.replaceChildren(text, ...(failed
      ? [" ", h("button", { type: "button", class: "lw-button", onclick: () => wake() }, t("Try again", "再试一次"))] : []));
  }
  const wake = ctx.guard(async () => {
    if (model || loading) return;
    loading = true;
    tell(t("Loading the model, 2 MB …", "正在加载模型，2 MB……"));
    try {
      const [json, body, head] = await Promise.all(get("_assets").map((name) => loadAsset(ctx.model, name)));
      if (ended) return;
      const tokenizer = wordpieceTokenizer(JSON.parse(new TextDecoder().decode(json)));
      model = { tokenizer, body: unpack(body), head: unpack(head), gap: tokenizer.idOf(GAP_TOKEN) };
      tell("");
    } catch (error) {
      if (!ended) tell(error.message, true);
    }
    loading = false;
    if (model && !ended) read();
  });

  const forward = (rows) => bertFromEmbeddings(model.body, model.head, config, rows);
  const chances = (scores) => [...softmax(tensor(scores, [scores.length])).data];
  function rowsOf(list) {
    const table = model.body["bert.embeddings.word_embeddings.weight"].data;
    const rows = new Float32Array(list.length * C);
    list.forEach((id, i) => rows.set(table.subarray(id * C, (id + 1) * C), i * C));
    return rows;
  }
  const withGaps = (places) => ids.map((id, i) => (places.includes(i) ? model.gap : id));
  const chanceWithout = (places) => chances(forward(rowsOf(withGaps(places))).scores);
  /** The sum over the features of each token: T numbers. */
  const perToken = (values) => Float64Array.from({ length: values.length / C }, (_, i) => (
    values.subarray(i * C, (i + 1) * C).reduce((a, b) => a + b, 0)));

  // --- reading ------------------------------------------------------------------------------------
  let ids = [];
  let p = null;       // the answer to the whole sentence
  let own = null;     // with the reader's tokens hidden
  let label = 0;      // whose score is explained
  let maps = {};      // by method: T numbers
  let worth = {};     // by method: the probability without its strongest
  let gap = null;     // of completeness: [how far off, of what]

  function read() {
    if (!model) return;
    const found = model.tokenizer.encode(get("text"));
    if (found.length > N) {
      complain(t(`This text has ${found.length} tokens; the model reads ${N} at most. The previous text is still shown.`,
        `这段文字有 ${found.length} 个词元，模型最多读 ${N} 个。仍显示之前的文字。`));
      return;
    }
    complain("");
    ids = found;
    explain();
  }

  const inner = () => [...ids.keys()].slice(1, -1);
  const ranked = (name) => strongestFirst(maps[name].map((v, i) => (i === 0 || i === ids.length - 1 ? -Infinity : v))).slice(0, inner().length);

  function explain() {
    const found = forward(rowsOf(ids));
    p = chances(found.scores);
    label = get("label") === null ? p.indexOf(Math.max(...p)) : labels.indexOf(get("label"));
    [maps, worth, gap, own] = [{}, {}, null, p];
    maps.rollout = attentionRollout(found.attentions, H, ids.length).subarray(0, ids.length);
    run(rest(found));
    draw();
  }

  function* rest(found) {
    if (hiddenPlaces().length) {
      own = chanceWithout(hiddenPlaces());
      draw();
      yield;
    }
    const x = rowsOf(ids);
    const nothing = rowsOf(withGaps(inner()));
    maps.times = perToken(bertBackward(found, label).map((v, i) => v * (x[i] - nothing[i])));
    draw();
    yield;
    const lost = new Float64Array(ids.length);
    for (const at of inner()) {
      lost[at] = p[label] - chanceWithout([at])[label];
      yield;
    }
    maps.hide = lost;
    draw();
    maps.integrated = perToken(yield* integratedGradients((rows) => bertBackward(forward(rows), label), x, nothing, SENTENCE_STEPS));
    const span = found.scores[label] - forward(nothing).scores[label];
    gap = [Math.abs(maps.integrated.reduce((a, b) => a + b, 0) - span), span];
    draw();
    yield* judge();
  }

  /** What is left without each method's strongest tokens, and without any at random. */
  function* judge() {
    const n = Math.min(get("gone"), inner().length);
    worth = {};
    for (const name of COLUMNS) {
      if (!maps[name]) continue;
      worth[name] = chanceWithout(ranked(name).slice(0, n))[label];
      draw();
      yield;
    }
    const random = seededRandom(1);
    let mean = 0;
    for (let i = 0; i < SENTENCE_DRAWS; i++) {
      const lots = inner().map((at) => [random(), at]).sort((a, b) => a[0] - b[0]).map(([, at]) => at);
      mean += chanceWithout(lots.slice(0, n))[label] / SENTENCE_DRAWS;
      yield;
    }
    worth.random = mean;
    draw();
  }

  // --- the sentence -------------------------------------------------------------------------------
  const wrong = h("p", { class: "xp-wrong", id: uniqueId(), role: "alert" });
  const id = uniqueId();
  const input = h("textarea", {
    class: "xp-input", id, rows: 2, autocomplete: "off", autocapitalize: "off", spellcheck: "false", "aria-describedby": wrong.id,
  });
  function complain(text) {
    wrong.textContent = text;
    input.setAttribute("aria-invalid", String(Boolean(text)));
  }
  let typing = false;
  ctx.listen(input, "input", () => {
    typing = true;
    ctx.sync({ text: input.value.replace(/\n/g, " "), hidden: [] });
    typing = false;
    read();
    wake();
  });
  ctx.listen(input, "keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) event.preventDefault();
  });
  const hiddenPlaces = () => get("hidden").filter((at) => at > 0 && at < ids.length - 1);

  // --- the table ----------------------------------------------------------------------------------
  const rulers = { gone: ruler(ctx, t("hide the strongest", "藏起最强的"), [1, 2, 3, 4, 5, 6, 7, 8], (n) => t(n > 1 ? `${n} tokens` : "1 token", `${n} 个词元`), (gone) => ctx.sync({ gone })) };
  const picks = answerBars(t("the library whose score is explained", "解释哪个库的得分"), labels, (i) => ctx.sync({ label: labels[i] }));
  const body = h("tbody", {});
  const foot = Object.fromEntries([...COLUMNS].map((name) => [name, h("td", {})]));
  const footHead = h("span", {});
  const table = h("table", { class: "xp-table" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("token", "词元")), COLUMNS.map((name) => h("th", { scope: "col" }, names[name])))),
    body,
    h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, footHead), COLUMNS.map((name) => foot[name]))));
  const note = h("p", { class: "xp-note lw-quiet" });

  let shownIds = "";
  let rows = [];
  const visible = (token) => token.replaceAll(" ", "␣") || "∅";
  function drawRows() {
    const now = ids.join(" ");
    if (shownIds !== now) {
      shownIds = now;
      rows = inner().map((at) => {
        const button = h("button", {
          type: "button", class: "xp-token", onclick: ctx.guard(() => {
            const places = hiddenPlaces();
            ctx.sync({ hidden: places.includes(at) ? places.filter((other) => other !== at) : [...places, at].sort((a, b) => a - b) });
          }),
        }, visible(model.tokenizer.textOf(ids[at])));
        const cells = COLUMNS.map(() => h("td", {}));
        return { at, button, cells, node: h("tr", {}, h("th", { scope: "row" }, button), cells) };
      });
      body.replaceChildren(...rows.map(({ node }) => node));
    }
    const hidden = hiddenPlaces();
    const most = COLUMNS.map((name) => Math.max(1e-9, ...inner().map((at) => Math.abs(maps[name]?.[at] ?? 0))));
    for (const { at, button, cells } of rows) {
      button.setAttribute("aria-pressed", String(hidden.includes(at)));
      cells.forEach((cell, i) => {
        const value = maps[COLUMNS[i]]?.[at];
        const colors = value === undefined ? { background: "none", ink: "inherit" } : paint(COLUMNS[i] === "rollout" ? "magnitude" : "diverging", value, most[i]);
        Object.assign(cell.style, { background: colors.background, color: colors.ink });
        cell.textContent = value === undefined ? "…" : told(COLUMNS[i], value);
      });
    }
  }
  const signed = (value, text) => (value > 0 ? `+${text}` : text).replace("-", "−");
  function told(name, value) {
    if (name === "rollout") return probability(value);
    return signed(value, name === "hide" ? `${(100 * value).toFixed(1)}%` : value.toFixed(2));
  }

  // --- everything together ------------------------------------------------------------------------
  const draw = ctx.redraw(() => {
    rulers.gone.set(get("gone"));
    if (!p) return;
    picks.set(own, label);
    drawRows();
    for (const name of COLUMNS) foot[name].textContent = worth[name] === undefined ? "…" : probability(worth[name]);
    footHead.textContent = t(`${probability(p[label])}, then`, `${probability(p[label])}，之后`);
    note.replaceChildren(
      t("Red speaks for the library, blue against it. Rollout has no sign: yellow is more. ", "红色支持这个库，蓝色反对。注意力展开没有正负：越黄越多。"),
      worth.random === undefined ? "…" : t(`With as many tokens hidden at random: ${fall(p[label], worth.random)}. `, `随机藏同样多的词元：${fall(p[label], worth.random)}。`),
      gap && worth.random !== undefined ? `${t("The integrated gradients ", "积分梯度")}${sumText(gap[1], gap[0])}${t(".", "。")}` : "");
  });
  ctx.watch("text", () => {
    if (typing) return;
    if (input.value !== get("text")) input.value = get("text");
    read();
  });
  ctx.watch("label", () => model && ids.length && explain());
  ctx.watch("hidden", () => {
    if (!model || !ids.length) return;
    own = hiddenPlaces().length ? chanceWithout(hiddenPlaces()) : p;
    draw();
  });
  ctx.watch("gone", () => {
    if (model && maps.integrated) run(judge());
    draw();
  });
  ctx.onTheme(draw);

  const node = h("div", { class: "xp-sentence" },
    h("div", { class: "xp-field" }, h("label", { class: "lw-label", for: id }, t("A sentence about a Python library (in English)", "一句关于某个 Python 库的话（英文）")), input, wrong),
    h("div", { class: "xp-said" }, h("p", { class: "lw-label" }, t("which library? pick a score to explain", "出自哪个库？解释谁的得分")), picks.node),
    h("div", { class: "xp-settings" }, rulers.gone.node, note, message),
    h("div", { class: "xp-scroll", tabindex: "0", role: "region", "aria-label": t("the tokens, and what each adds", "各词元及其贡献") }, table));
  return {
    node, wake,
    start() {
      input.value = get("text");
      draw();
    },
  };
}
