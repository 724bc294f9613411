// AttentionExplorer's small mode: a few words with vectors to edit, and each step to their output.
// What is shown comes from by_hand_model.js.
import {
  EDITABLE, FIRST, NAMES, TEMPERATURES, TRAITS, edited, exampleOf, handView, nudged, queryAt, stillHeld,
} from "./by_hand_model.js";
import { matrixPart } from "./matrices.js";
import { entropyPart, foundPart, howPart } from "./words.js";
import { h, number, select, slider, t, toggle, uniqueId } from "../kit/mod.js";

export function buildByHand(ctx) {
  const { root } = ctx;
  const given = () => Object.fromEntries(TRAITS.map((key) => [key, ctx.get(key)]));
  const all = ctx.get("_examples");
  let looking = { held: null, hover: null, active: FIRST, tried: exampleOf(given(), all) };
  let view = null;
  let spoken = false;

  /** What is to be shown by now; what was drawn last, while the settings do not fit each other. */
  const now = () => handView(given(), all, looking) ?? view;
  /** The reader looks elsewhere, and perhaps another word does. */
  function look(changes, query = null) {
    looking = { ...looking, ...changes };
    if (query !== null) ctx.sync({ query });
    draw();
  }
  const desk = {
    given,
    place: () => now().place,
    held: () => looking.held,
    hover: (hover) => look({ hover }),
    hold(place, aloud = false) {
      spoken ||= aloud;
      look({ held: place, ...(place.name in EDITABLE ? { active: place } : {}) }, queryAt(given(), place));
    },
    change: (place, value) => ctx.sync(edited(given(), place, value)),
    wrong: (text, node) => wrong.tell(text, node),
  };

  const matrices = Object.fromEntries(NAMES.map((name) => [name, matrixPart(ctx, name, desk)]));
  const [how, found, entropy] = [howPart(), foundPart(), entropyPart()];
  const wrong = complaint();
  const names = nameInputs(ctx, matrices.x.labels, (row) => look({ held: null }, row));
  const nudges = nudgePart(ctx, (button) => {
    const { active } = now();
    const value = nudged(given(), active, button);
    if (value === null) return;
    desk.change(active, value);
    matrices[active.name].restore(active);
  });
  const examples = examplePart(all, (name) => {
    if (name === "own") return draw();
    look({ held: null, tried: name });
    ctx.sync(JSON.parse(JSON.stringify(all[name])));
    for (const key of Object.keys(EDITABLE)) matrices[key].restore();
    return undefined;
  });
  const switches = switchPart(ctx);

  const nodes = (...list) => list.map((name) => matrices[name].node);
  root.append(
    h("div", { class: "ax-top" }, h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")), examples.advice),
      h("div", { class: "ax-example" }, examples.node)),
    h("div", { class: "ax-first" }, nodes("x", "wq", "wk", "wv"), found.node,
      h("div", { class: "ax-below" }, nudges.node, wrong.node), nodes("q", "k", "v"), how.node),
    switches.node,
    h("div", { class: "ax-second" }, nodes("scores", "scaled", "masked", "weights"), entropy.node, nodes("output")));

  const draw = ctx.redraw(() => {
    view = now();
    if (!view) return;
    for (const name of NAMES) matrices[name].show(view.matrices[name], view.words);
    root.classList.toggle("ax-broad", view.broad);
    root.classList.toggle("ax-long", view.long);
    entropy.show(view.entropy);
    found.show(view.found);
    how.show(view.how);
    nudges.show(view.nudges);
    names.show(view.words);
    examples.show(view);
    switches.show();
    if (spoken) ctx.say(view.said);
    spoken = false;
  });
  ctx.watch(TRAITS.filter((key) => key !== "query"), draw);
  ctx.watch("query", () => look({ held: stillHeld(given(), looking.held) }));
  draw();
}

/** What was typed that is no number: of several, the first is told. */
function complaint() {
  const node = h("p", { class: "ax-wrong", role: "alert", id: uniqueId("ax-wrong") });
  const all = new Map(); // cell -> what is wrong
  return {
    node,
    tell(text, cell) {
      if (text) all.set(cell, text);
      else all.delete(cell);
      if (text) cell.setAttribute("aria-describedby", node.id);
      else cell.removeAttribute("aria-describedby");
      const [first = ""] = all.values();
      if (node.textContent !== first) node.textContent = first;
    },
  };
}

/** The words' names, to type over. */
function nameInputs(ctx, list, choose) {
  let boxes = [];
  list.removeAttribute("aria-hidden");
  const box = (row) => {
    const node = h("input", {
      type: "text", class: "ax-name", autocomplete: "off", spellcheck: "false", maxlength: "24",
      "aria-label": t(`name of word ${row + 1}`, `第 ${row + 1} 个词`),
    });
    ctx.listen(node, "focus", () => choose(row));
    ctx.listen(node, "change", () => ctx.sync({ tokens: ctx.get("tokens").with(row, node.value.trim()) }));
    return node;
  };
  return {
    show(words) {
      if (boxes.length !== words.length) {
        boxes = words.map((_, row) => box(row));
        list.replaceChildren(...boxes);
      }
      words.forEach(({ text, chosen }, i) => {
        boxes[i].classList.toggle("ax-chosen", chosen);
        if (document.activeElement !== boxes[i]) boxes[i].value = text;
      });
    },
  };
}

/** For fingers: change the input last touched without a keyboard. */
function nudgePart(ctx, press) {
  const name = h("span", { class: "lw-quiet ax-nudge-name" });
  const buttons = ["−", "+", "±"].map((text, i) => (
    h("button", { type: "button", class: "ax-nudge", onclick: ctx.guard(() => press(i)) }, text)));
  return {
    node: h("div", { class: "ax-nudges" }, buttons, name),
    show(view) {
      name.textContent = view.name;
      buttons.forEach((button, i) => button.setAttribute("aria-label", view.labels[i]));
    },
  };
}

function examplePart(all, pick) {
  const called = {
    pronoun: t("a pronoun finds its noun", "代词找到它的名词"), meaning: t("a word takes on a meaning", "一个词获得含义"),
    previous: t("each word looks one back", "每个都看前一个"),
  };
  const box = select(t("Example", "例子"), [
    ...Object.keys(all).map((name) => [name, called[name] ?? name]), ["own", t("your own", "自定义")],
  ], pick);
  const advice = h("span", {});
  return {
    node: box.node, advice,
    show(view) {
      box.set(view.example);
      if (advice.textContent !== view.advice) advice.textContent = view.advice;
    },
  };
}

/** What is done to the scores, in the order of the steps below. */
function switchPart(ctx) {
  const switches = [
    ["scale", t("divide by √D", "除以 √D")], ["causal", t("causal mask", "因果掩码")],
    ["double_softmax", t("softmax twice", "两次 softmax")],
  ].map(([key, label]) => ({ key, ...toggle(label, (on) => ctx.sync({ [key]: on })) }));
  const temperature = slider(ctx, t("temperature", "温度"), {
    values: TEMPERATURES, told: (value) => number(value), onInput: (value) => ctx.sync({ temperature: value }),
    place: (value) => Math.round(20 * (Math.log10(value) + 1)),
  });
  return {
    node: h("div", { class: "ax-switches" }, switches.map((one) => one.node),
      h("div", { class: "ax-temperature" }, temperature.node)),
    show() {
      for (const one of switches) one.set(ctx.get(one.key));
      temperature.set(ctx.get("temperature"));
    },
  };
}
