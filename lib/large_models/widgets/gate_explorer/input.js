// What GateExplorer's reader changes of the input: the marked steps, their values, the text.
import { markNames, marksOf, movedMark, stepUnder, troubleWith, withValue } from "./input_model.js";
import { h, numberCell, t, uniqueId } from "../kit/mod.js";

const KEYS = {
  ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity,
};

/** A mark to drag under the numbers: {node, show(mark)}; `move(step)` is called. */
function markPart(ctx, name, { rail, step, move }) {
  const node = h("div", { class: "ge-mark", role: "slider", tabindex: "0", "aria-label": name }, "▲");
  ctx.listen(node, "pointerdown", (event) => {
    if (event.button === 0) node.setPointerCapture(event.pointerId);
  });
  ctx.listen(node, "pointermove", (event) => {
    if (!(event.buttons & 1)) return;
    const box = rail.getBoundingClientRect();
    move(stepUnder((event.clientX - box.left) / box.width));
  });
  ctx.listen(node, "keydown", (event) => {
    if (!KEYS[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    move(step() + KEYS[event.key] * (event.shiftKey ? 10 : 1));
  });
  return {
    node,
    show(mark) {
      node.style.setProperty("--at", mark.at);
      for (const [key, value] of [["min", mark.least], ["max", mark.most], ["now", mark.step], ["text", mark.told]]) {
        node.setAttribute(`aria-value${key}`, value);
      }
    },
  };
}

/** {rail, values, typed, message: elements, show(), clear()}: two marks to drag under the numbers, their
 *  values, a text, what is wrong with what was typed; show() takes over the model's values, clear()
 *  forgets what was wrong. onText(text): a text that the networks can read. */
export function inputPart(ctx, { onText }) {
  const { get } = ctx;
  const traits = () => ({ values: get("values"), markers: get("markers") });
  const message = h("p", { class: "ge-message", role: "status", id: uniqueId() });
  const wrong = new Map(); // what is said of each input that cannot be read
  function tell(text, node) {
    if (text) wrong.set(node, text);
    else wrong.delete(node);
    message.textContent = [...wrong.values()].at(-1) ?? "";
  }

  const rail = h("div", { class: "ge-rail" });
  const marks = markNames().map((name, which) => markPart(ctx, name, {
    rail, step: () => get("markers")[which],
    move(step) {
      const markers = movedMark(get("markers"), which, step);
      if (markers[which] !== get("markers")[which]) ctx.sync({ markers });
    },
  }));
  rail.append(...marks.map(({ node }) => node));

  const cells = markNames().map((name, which) => {
    const cell = numberCell(ctx, {
      name: () => t(`value at the ${name}`, `${name}处的数值`), className: "ge-value", least: 0, most: 1, keep: true,
      value: () => get("values")[get("markers")[which]],
      onValue: (value) => ctx.sync({ values: withValue(traits(), which, value) }), onWrong: tell,
    });
    cell.node.setAttribute("inputmode", "decimal");
    return cell;
  });
  const steps = cells.map(() => h("span", { class: "lw-quiet" }));
  const values = cells.map(({ node }, which) => h("label", { class: "ge-marked" }, steps[which], node));

  const typed = h("textarea", {
    class: "ge-typed", rows: "2", spellcheck: "false", autocapitalize: "off", autocomplete: "off",
    "aria-label": t("text that the network reads", "网络读入的文本"),
  });
  function judge(trouble) {
    typed.setAttribute("aria-invalid", String(Boolean(trouble)));
    tell(trouble, typed);
  }
  ctx.listen(typed, "input", () => {
    const trouble = troubleWith(typed.value);
    judge(trouble);
    if (!trouble) onText(typed.value);
  });
  for (const node of [typed, ...cells.map((cell) => cell.node)]) {
    node.setAttribute("aria-describedby", message.id);
    node.setAttribute("aria-invalid", "false");
  }

  function show() {
    marksOf(traits()).forEach((mark, which) => {
      marks[which].show(mark);
      steps[which].textContent = mark.before;
      cells[which].show();
    });
    if (typed.value !== get("text") && !wrong.has(typed)) typed.value = get("text");
  }
  function clear() {
    judge("");
    for (const cell of cells) cell.restore();
    show();
  }
  return { rail, values, typed, message, show, clear };
}
