// What GateExplorer's reader changes of the input: the marked steps, their values, the text.
import { GATE_LETTERS, GATE_STEPS } from "../engine/gate_network.js";
import { h, number, parseNumber, t, uniqueId } from "../kit/mod.js";

const GATE_LONGEST = 64; // characters of a text

/** {rail, values, typed, message, show(), clear()}: two marks to drag under the numbers, their values, a text,
 *  what is wrong with what was typed; show() takes over the model's values, clear() forgets what
 *  was wrong. onText(text): a text that the networks can read. */
export function gateInput(ctx, { onText }) {
  const { get } = ctx;

  const room = (which) => (which ? [get("markers")[0] + 1, GATE_STEPS - 1] : [0, get("markers")[1] - 1]);
  function moveMark(which, step) {
    const [from, to] = room(which);
    const markers = [...get("markers")];
    markers[which] = Math.max(from, Math.min(to, step));
    if (markers[which] !== get("markers")[which]) ctx.sync({ markers });
  }
  const MARK_NAMES = [t("first mark", "第一个标记"), t("second mark", "第二个标记")];
  const rail = h("div", { class: "ge-rail" });
  const marks = [0, 1].map((which) => {
    const node = h("div", { class: "ge-mark", role: "slider", tabindex: "0", "aria-label": MARK_NAMES[which] }, "▲");
    const drag = (event) => {
      const box = rail.getBoundingClientRect();
      moveMark(which, Math.floor(((event.clientX - box.left) / box.width) * GATE_STEPS));
    };
    ctx.listen(node, "pointerdown", (event) => {
      if (event.button === 0) node.setPointerCapture(event.pointerId);
    });
    ctx.listen(node, "pointermove", (event) => { if (event.buttons & 1) drag(event); });
    const keys = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };
    ctx.listen(node, "keydown", (event) => {
      if (!keys[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      moveMark(which, get("markers")[which] + keys[event.key] * (event.shiftKey ? 10 : 1));
    });
    return node;
  });
  rail.append(...marks);

  const message = h("p", { class: "ge-message", role: "status", id: uniqueId() });
  const wrong = (box, text) => {
    box.setAttribute("aria-invalid", String(Boolean(text)));
    message.textContent = text;
  };
  const markValues = [0, 1].map((which) => {
    const box = h("input", {
      class: "ge-value", inputmode: "decimal", "aria-label": t(`value at the ${MARK_NAMES[which]}`, `${MARK_NAMES[which]}处的数值`),
      "aria-describedby": message.id, "aria-invalid": "false",
    });
    const put = (value) => {
      const values = [...get("values")];
      values[get("markers")[which]] = value;
      ctx.sync({ values });
    };
    ctx.listen(box, "input", () => {
      const value = parseNumber(box.value);
      const fits = value >= 0 && value <= 1;
      const now = number(get("values")[get("markers")[which]]);
      wrong(box, fits ? "" : t(`“${box.value}” is not a number from 0 to 1; ${now} still counts.`, `“${box.value}”不是 0 到 1 的数；仍用 ${now}。`));
      if (fits) put(value);
    });
    ctx.listen(box, "keydown", (event) => {
      const change = { ArrowUp: 0.1, ArrowDown: -0.1 }[event.key];
      if (event.key === "Escape") { wrong(box, ""); show(); }
      if (!change) return;
      event.preventDefault();
      const now = get("values")[get("markers")[which]];
      put(Math.max(0, Math.min(1, Math.round(100 * (now + change)) / 100)));
      wrong(box, "");
      box.value = number(get("values")[get("markers")[which]]);
    });
    return box;
  });
  const markSteps = [0, 1].map(() => h("span", { class: "lw-quiet" }));

  const typed = h("textarea", {
    class: "ge-typed", rows: "2", spellcheck: "false", autocapitalize: "off", autocomplete: "off",
    "aria-label": t("text that the network reads", "网络读入的文本"), "aria-describedby": message.id,
  });
  ctx.listen(typed, "input", () => {
    const text = typed.value;
    const strange = Array.from(text).find((c) => !GATE_LETTERS.includes(c));
    const trouble = !text ? t("The network needs at least one character; the last text still counts.", "至少需要一个字符；仍用之前的文本。")
      : strange ? t(`“${strange}” is not among the network's 96 characters (ASCII); the last text still counts.`, `“${strange}”不在网络的 96 个字符（ASCII）之中；仍用之前的文本。`)
        : text.length > GATE_LONGEST ? t(`At most ${GATE_LONGEST} characters, not ${text.length}; the last text still counts.`, `最多 ${GATE_LONGEST} 个字符，这里有 ${text.length} 个；仍用之前的文本。`) : "";
    wrong(typed, trouble);
    if (trouble) return;
    onText(text);
  });

  function show() {
    get("markers").forEach((step, which) => {
      marks[which].style.setProperty("--at", (step + 0.5) / GATE_STEPS);
      const [from, to] = room(which);
      for (const [name, value] of [["min", from], ["max", to], ["now", step]]) marks[which].setAttribute(`aria-value${name}`, value);
      marks[which].setAttribute("aria-valuetext", t(`step ${step}`, `第 ${step} 步`));
      markSteps[which].textContent = t(`step ${step}:`, `第 ${step} 步：`);
      const box = markValues[which];
      const value = get("values")[step];
      if (box.getAttribute("aria-invalid") !== "true" && parseNumber(box.value) !== value) box.value = number(value);
    });
    if (typed.value !== get("text") && typed.getAttribute("aria-invalid") !== "true") typed.value = get("text");
  }

  /** Forgets what was typed wrong. */
  function clear() {
    for (const box of [...markValues, typed]) wrong(box, "");
    show();
  }

  const values = markValues.map((box, which) => h("label", { class: "ge-marked" }, markSteps[which], box));
  return { rail, values, typed, message, show, clear };
}
