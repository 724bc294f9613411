// What GateExplorer draws besides heat maps: the input along time, lines along time, bars.
import { h, number, uniqueId } from "../kit/mod.js";

const svg = (name, ...children) => h("svg:svg", {
  class: name, viewBox: "0 0 1000 100", preserveAspectRatio: "none", "aria-hidden": "true",
}, children);

/** Lines along time: {node, plot, update({T, low, high, lines}), describe(text)}. `lines` holds
 *  values by name; a line's look is the class ge-line-NAME. NaN leaves a gap. */
export function gateLines(names, label) {
  const paths = names.map((name) => h("svg:path", { class: `ge-line ge-line-${name}` }));
  const zero = h("svg:path", { class: "ge-zero" });
  const [top, bottom] = [h("span"), h("span")];
  const plot = h("div", { class: "ge-plot", role: "img" }, svg("ge-svg", zero, paths), h("i", { class: "ge-now" }));
  return {
    node: h("div", { class: "ge-row ge-lines" }, h("div", { class: "ge-axis", "aria-hidden": "true" }, top, bottom), plot),
    plot,
    describe: (text) => plot.setAttribute("aria-label", `${label}. ${text}`),
    update({ T, low, high, lines }) {
      const y = (value) => 100 - (100 * (value - low)) / (high - low);
      top.textContent = number(high, 2);
      bottom.textContent = number(low, 2);
      zero.setAttribute("d", low < 0 ? `M0 ${y(0)}H1000` : "");
      names.forEach((name, i) => paths[i].setAttribute("d", gatePath(lines[name], T, y)));
    },
  };
}

function gatePath(values, T, y) {
  let path = "";
  let drawing = false;
  for (let s = 0; values && s < T; s++) {
    if (!Number.isFinite(values[s])) { drawing = false; continue; }
    // Far beyond the axis is beyond: no number that SVG could choke on.
    const at = Math.max(-1000, Math.min(1100, y(values[s])));
    path += `${drawing ? "L" : "M"}${(((s + 0.5) * 1000) / T).toFixed(1)} ${at.toFixed(1)}`;
    drawing = true;
  }
  return path;
}

/** The adding problem's numbers as bars, the marked ones in full colour: {node, update}. */
export function gateNumbers() {
  const [plain, marked] = ["plain", "marked"].map((name) => h("svg:path", { class: `ge-bars-${name}` }));
  const node = h("div", { class: "ge-plot ge-numbers" }, svg("ge-svg", plain, marked), h("i", { class: "ge-now" }));
  return {
    node,
    update(values, markers) {
      const bar = (s) => `M${s * 10 + 1} 100V${(98 - 96 * values[s]).toFixed(1)}h8V100z`;
      plain.setAttribute("d", values.map((_, s) => (markers.includes(s) ? "" : bar(s))).join(""));
      marked.setAttribute("d", markers.map(bar).join(""));
    },
  };
}

/** A text, one column for each character: {node, update}. */
export function gateText() {
  const node = h("div", { class: "ge-plot ge-text", "aria-hidden": "true" });
  let cells = [];
  return {
    node,
    update(text, step) {
      if (cells.length !== text.length) {
        cells = Array.from(text, () => h("span"));
        node.replaceChildren(...cells);
        node.style.setProperty("--count", Math.max(24, text.length));
      }
      cells.forEach((cell, s) => {
        const shown = gateLetter(text[s]);
        if (cell.textContent !== shown) cell.textContent = shown;
        cell.classList.toggle("ge-chosen", s === step);
      });
    },
  };
}

/** A character that can be seen. */
export function gateLetter(character) {
  return { " ": "␣", "\n": "⏎" }[character] ?? character;
}

/** Named bars: {node, update(rows)}; a row is {label, kind, share, text, value, was, second}: shares
 *  of the width from 0 to 1, `was` a tick, `second` a thin bar beneath; `text` is the value to read. */
export function gateBars(count) {
  const rows = Array.from({ length: count }, () => {
    const [label, main, tick, second, value] = [
      h("span", { class: "ge-bar-label" }), h("i", { class: "ge-bar-main" }), h("i", { class: "ge-bar-was" }),
      h("i", { class: "ge-bar-second" }), h("data", { class: "ge-bar-value" })];
    const node = h("li", {}, label, h("span", { class: "ge-bar-track", "aria-hidden": "true" }, main, tick, second), value);
    return { node, label, main, tick, second, value };
  });
  const id = uniqueId();
  const title = h("div", { class: "ge-title", id });
  const width = (share) => `${100 * Math.max(0, Math.min(1, share))}%`;
  return {
    node: h("div", { class: "ge-answer" }, title, h("ul", { class: "ge-bars", "aria-labelledby": id }, rows.map((row) => row.node))),
    update(name, list) {
      title.textContent = name;
      rows.forEach((row, i) => {
        const { label = "", kind = "held", share = 0, text = "–", value = NaN, was = null, second = null } = list[i] ?? {};
        row.node.hidden = !list[i];
        row.node.dataset.kind = kind;
        row.label.textContent = label;
        row.value.textContent = text;
        row.value.setAttribute("value", value);
        row.main.style.inlineSize = width(share);
        row.tick.hidden = was === null;
        row.tick.style.insetInlineStart = width(was);
        row.second.hidden = second === null;
        row.second.style.inlineSize = width(second);
      });
    },
  };
}
