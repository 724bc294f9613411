// The Explainer's sentence: what it says, whose score is explained, the table, and how loading goes.
import { h, loading, slider, t, uniqueId, wholeNumbers } from "../kit/mod.js";
import { answerBars, inFrames } from "./parts.js";
import { sentenceModel, tokensText } from "./sentence_model.js";
import { tablePart } from "./table.js";

/** {node, start(), wake()}: start once it is in the page; wake when it is looked at. */
export function sentenceSide(ctx) {
  const { get } = ctx;
  const model = sentenceModel(get);
  const draw = ctx.redraw(show);
  const run = inFrames(ctx, draw);
  const labels = get("_labels");

  const files = loading(ctx, {
    names: () => get("_assets"),
    say: () => t("Loading the model, 2 MB …", "正在加载模型，2 MB……"),
    ready(parts) {
      model.load(parts);
      read();
    },
  });
  const wake = () => { if (!model.loaded()) files.wake(); };

  // --- the sentence -------------------------------------------------------------------------------
  const wrong = h("p", { class: "xp-wrong", id: uniqueId(), role: "alert" });
  const id = uniqueId();
  const input = h("textarea", {
    class: "xp-input", id, rows: 2, autocomplete: "off", autocapitalize: "off", spellcheck: "false", "aria-describedby": wrong.id,
  });
  function read() {
    const complaint = model.read();
    if (complaint === null) return;
    wrong.textContent = complaint;
    input.setAttribute("aria-invalid", String(Boolean(complaint)));
    if (!complaint) begin();
  }
  function begin() {
    run(model.work());
    draw();
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

  const gone = slider(ctx, t("hide the strongest", "藏起最强的"), {
    values: wholeNumbers(1, 8), told: tokensText, onInput: (value) => ctx.sync({ gone: value }),
  });
  const picks = answerBars(t("the library whose score is explained", "解释哪个库的得分"), labels,
    (i) => ctx.sync({ label: labels[i] }));
  const table = tablePart(ctx, (at) => ctx.sync(model.toggleToken(at)));
  const note = h("p", { class: "xp-note lw-quiet" });

  // --- everything together ------------------------------------------------------------------------
  function show() {
    gone.set(get("gone"));
    const view = model.view();
    if (!view) return;
    picks.show(view.rows);
    table.show(view.table);
    note.textContent = view.note;
  }
  ctx.watch("text", () => {
    if (typing) return;
    if (input.value !== get("text")) input.value = get("text");
    read();
  });
  ctx.watch("label", () => {
    model.explain();
    begin();
  });
  ctx.watch("hidden", () => {
    model.hide();
    draw();
  });
  ctx.watch("gone", () => {
    if (model.explained()) run(model.judge());
    draw();
  });
  ctx.onTheme(draw);

  const node = h("div", { class: "xp-sentence" },
    h("div", { class: "xp-field" },
      h("label", { class: "lw-label", for: id }, t("A sentence about a Python library (in English)", "一句关于某个 Python 库的话（英文）")), input, wrong),
    h("div", { class: "xp-said" }, h("p", { class: "lw-label" }, t("which library? pick a score to explain", "出自哪个库？解释谁的得分")), picks.node),
    h("div", { class: "xp-settings" }, gone.node, note, files.node),
    h("div", { class: "xp-scroll", tabindex: "0", role: "region", "aria-label": t("the tokens, and what each adds", "各词元及其贡献") }, table.node));
  return {
    node, wake,
    start() {
      input.value = get("text");
      draw();
    },
  };
}
