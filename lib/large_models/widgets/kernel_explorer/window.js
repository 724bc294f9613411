// What lies under the window, and what becomes of it: the lens, the products, their sum.
import { h, t } from "../kit/mod.js";

/** Colours a cell by sign and size: blue below zero, red above, the page's own colour at zero. */
export function tint(cell, { share, below }) {
  cell.style.setProperty("--share", `${share}%`);
  cell.style.setProperty("--sign", below ? "var(--lw-below)" : "var(--lw-above)");
}

/** The pixels around the window: {node, width(), measure(), show(lens)}. */
export function lensPart() {
  const zoom = h("div", { class: "ke-zoom", role: "img" });
  const frame = h("div", { class: "ke-window" });
  let cells = [];
  let drawn = []; // setting what is there already costs as much as a change
  let width = 0;

  function showCell(i, { kind, tap, text, background, ink }) {
    const name = [tap ? "ke-tap" : "", kind === "pixel" ? "" : `ke-${kind}`].filter(Boolean).join(" ");
    const next = `${text}|${name}|${background}`;
    if (drawn[i] === next) return;
    drawn[i] = next;
    cells[i].textContent = text;
    cells[i].className = name;
    Object.assign(cells[i].style, { background, color: ink });
  }
  return {
    node: h("div", { class: "ke-lens" },
      h("div", { class: "ke-title lw-in" }, t("Under the window", "窗口之下")), zoom),
    width: () => width,
    measure() { width = zoom.clientWidth; },
    show({ n, from, span, spread, cells: list, label }) {
      if (cells.length !== list.length) {
        cells = list.map(() => h("span"));
        drawn = [];
        zoom.replaceChildren(...cells, frame);
      }
      list.forEach((cell, i) => showCell(i, cell));
      for (const [name, value] of [["--n", n], ["--from", from], ["--span", span]]) zoom.style.setProperty(name, value);
      zoom.classList.toggle("ke-spread", spread);
      zoom.setAttribute("aria-label", label);
    },
  };
}

/** The products and what they come to: {node, show(products)}. */
export function answerPart() {
  const products = h("div", { class: "ke-cells ke-products", role: "img" });
  const title = h("span", { class: "lw-out" });
  const where = h("p", { class: "ke-equation" });
  const [label, value, note] = [h("span", { class: "lw-quiet" }), h("b"), h("span", { class: "lw-quiet" })];
  let cells = [];
  return {
    node: h("div", { class: "ke-result" }, h("div", { class: "ke-title" }, title), products,
      h("div", { class: "ke-answer" }, h("p", { class: "ke-sum lw-out" }, label, value, note), where)),
    show({ K, title: name, label: told, cells: list, sum, where: place }) {
      if (cells.length !== list.length) {
        cells = list.map(() => h("span"));
        products.style.setProperty("--k", K);
        products.replaceChildren(...cells);
      }
      list.forEach((cell, i) => {
        cells[i].textContent = cell.text;
        cells[i].classList.toggle("ke-winner", cell.winner);
        tint(cells[i], cell.tint);
      });
      title.textContent = name;
      products.setAttribute("aria-label", told);
      label.textContent = `${sum.label} = `;
      value.textContent = sum.value;
      note.textContent = sum.note;
      where.textContent = place;
    },
  };
}
