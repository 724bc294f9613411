// How the next token is chosen, what to do, and the reader's own beginning.
import { TEMPERATURES, TOP_K, TOP_P, nearest } from "./model.js";
import { h, number, segmented, slider, stepper, t, uniqueId } from "../kit/mod.js";

/** {node, show(traits)}: pick({trait: value}) is told what the reader sets. */
export function choicePart(ctx, pick) {
  const set = (key) => (value) => pick({ [key]: value });
  const off = t("off", "关");
  const sliding = (label, key, values, told) => slider(ctx, label, {
    values, told, onInput: set(key), place: (value) => nearest(values, value),
  });
  const greedy = segmented(t("How to choose", "如何选择"),
    [[false, t("draw", "抽取")], [true, t("most probable", "最可能的")]], set("greedy"));
  const draws = {
    temperature: sliding(t("Temperature", "温度"), "temperature", TEMPERATURES, (v) => number(v, 3)),
    top_k: sliding("Top-k", "top_k", TOP_K, (v) => v ?? off),
    top_p: sliding("Top-p", "top_p", TOP_P, (v) => (v === 1 ? off : number(v, 3))),
    seed: stepper(t("Seed", "种子"), { min: 0, max: 2 ** 32 - 1 }, set("seed")),
  };
  return {
    node: h("div", { class: "gv-choice" }, greedy.node,
      h("div", { class: "gv-draws" }, Object.values(draws).map((control) => control.node))),
    show(traits) {
      greedy.set(traits.greedy);
      for (const [key, control] of Object.entries(draws)) control.set(traits[key] ?? (key === "top_p" ? 1 : null));
    },
  };
}

/** Step, play, undo, reset, and how many tokens there are. act: {step, play, undo, reset}. */
export function actionPart(ctx, act) {
  // Not `disabled`: a button can be pressed to its end without losing the focus.
  const button = (text, action) => (
    h("button", { type: "button", class: "lw-button", onclick: ctx.guard(action) }, text));
  const buttons = {
    step: button(t("Step", "一步"), act.step), play: button("", act.play),
    undo: button(t("Undo", "撤销"), act.undo), reset: button(t("Reset", "重来"), act.reset),
  };
  const counted = h("span", { class: "gv-count lw-quiet" });
  return {
    node: h("div", { class: "gv-actions" }, Object.values(buttons), counted),
    show({ playing, full, off, count }) {
      buttons.play.textContent = playing ? t("Stop", "停止") : t("Play", "播放");
      for (const [name, is] of Object.entries(off)) buttons[name].setAttribute("aria-disabled", String(is));
      counted.textContent = count;
      counted.classList.toggle("gv-full", full);
    },
  };
}

/** The field of the beginning: {node, set(text), complain(text)}. typed(text); enter(); escape(). */
export function beginningPart(ctx, { placeholder, typed, enter, escape }) {
  const id = uniqueId();
  const wrong = h("p", { class: "gv-wrong", id: uniqueId(), role: "alert" });
  const field = h("textarea", {
    class: "gv-field", id, rows: 1, autocomplete: "off", autocapitalize: "off", spellcheck: "false",
    placeholder, "aria-describedby": wrong.id,
  });
  function complain(text) {
    wrong.textContent = text;
    field.setAttribute("aria-invalid", String(Boolean(text)));
  }
  ctx.listen(field, "input", () => typed(field.value));
  ctx.listen(field, "keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      enter();
    }
    if (event.key === "Escape") escape();
  });
  return {
    node: h("div", { class: "lw-field gv-beginning" },
      h("label", { class: "lw-label", for: id }, t("Your beginning, in the style of a manual", "您的开头（英文，像一本手册）")),
      field, wrong),
    complain,
    set(text) {
      complain("");
      if (field.value !== text) field.value = text;
    },
  };
}
