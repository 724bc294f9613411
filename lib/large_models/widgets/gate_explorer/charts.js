// What GateExplorer draws besides heat maps: the input along time, lines along time, bars.
import { BOX } from "./model.js";
import { h, uniqueId } from "../kit/mod.js";

const svg = (...children) => h("svg:svg", {
  class: "ge-svg", viewBox: `0 0 ${BOX.join(" ")}`, preserveAspectRatio: "none", "aria-hidden": "true",
}, children);

/** Lines along time: {node, plot, show(lines), describe(text)}. A line's look is the class
 *  ge-line-NAME. */
export function lineChart(names, label) {
  const paths = names.map((name) => h("svg:path", { class: `ge-line ge-line-${name}` }));
  const zero = h("svg:path", { class: "ge-zero" });
  const [top, bottom] = [h("span"), h("span")];
  const plot = h("div", { class: "ge-plot", role: "img" }, svg(zero, paths), h("i", { class: "ge-now" }));
  return {
    node: h("div", { class: "ge-row ge-lines" }, h("div", { class: "ge-axis", "aria-hidden": "true" }, top, bottom), plot),
    plot,
    describe: (text) => plot.setAttribute("aria-label", `${label}. ${text}`),
    show(lines) {
      top.textContent = lines.top;
      bottom.textContent = lines.bottom;
      zero.setAttribute("d", lines.zero);
      names.forEach((name, i) => paths[i].setAttribute("d", lines.paths[name]));
    },
  };
}

/** The adding problem's numbers as bars, the marked ones in full colour: {node, show(paths)}. */
export function numberStrip() {
  const [plain, marked] = ["plain", "marked"].map((name) => h("svg:path", { class: `ge-bars-${name}` }));
  return {
    node: h("div", { class: "ge-plot ge-numbers" }, svg(plain, marked), h("i", { class: "ge-now" })),
    show(paths) {
      plain.setAttribute("d", paths.plain);
      marked.setAttribute("d", paths.marked);
    },
  };
}

/** A text, one column for each character: {node, show(letters)}. */
export function letterStrip() {
  const node = h("div", { class: "ge-plot ge-text", translate: "no", "aria-hidden": "true" });
  let cells = [];
  return {
    node,
    show({ columns, cells: list }) {
      if (cells.length !== list.length) {
        cells = list.map(() => h("span"));
        node.replaceChildren(...cells);
        node.style.setProperty("--count", columns);
      }
      list.forEach(({ text, chosen }, s) => {
        if (cells[s].textContent !== text) cells[s].textContent = text;
        cells[s].classList.toggle("ge-chosen", chosen);
      });
    },
  };
}

/** The answer as named bars, at most `count`: {node, show(answer)}. */
export function answerBars(count) {
  const rows = Array.from({ length: count }, () => {
    const [label, main, tick, second, value] = [
      h("span", { class: "ge-bar-label" }), h("i", { class: "ge-bar-main" }), h("i", { class: "ge-bar-was" }),
      h("i", { class: "ge-bar-second" }), h("data", { class: "ge-bar-value" })];
    const track = h("span", { class: "ge-bar-track", "aria-hidden": "true" }, main, tick, second);
    return { node: h("li", {}, label, track, value), label, main, tick, second, value };
  });
  const id = uniqueId();
  const title = h("div", { class: "ge-title", id });
  const percent = (share) => `${100 * share}%`;
  function showRow(row, { label, kind, share, text, value, was, second }) {
    row.node.dataset.kind = kind;
    row.label.textContent = label;
    row.value.textContent = text;
    row.value.setAttribute("value", value);
    row.main.style.inlineSize = percent(share);
    row.tick.hidden = was === null;
    row.tick.style.insetInlineStart = percent(was);
    row.second.hidden = second === null;
    row.second.style.inlineSize = percent(second);
  }
  return {
    node: h("div", { class: "ge-answer" }, title,
      h("ul", { class: "ge-bars", "aria-labelledby": id }, rows.map(({ node }) => node))),
    show({ title: name, rows: list }) {
      title.textContent = name;
      rows.forEach((row, i) => {
        row.node.hidden = !list[i];
        if (list[i]) showRow(row, list[i]);
      });
    },
  };
}
