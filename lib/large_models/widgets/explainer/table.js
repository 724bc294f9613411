// The sentence's table: a row for each token, a column for each method, and what each is worth.
import { h, t } from "../kit/mod.js";
import { COLUMNS } from "./sentence_model.js";
import { methodNames } from "./words.js";

/** {node, show(table)}; onToken(place) is told of a token that is pressed. */
export function tablePart(ctx, onToken) {
  const names = methodNames();
  const body = h("tbody", {});
  const [footHead, left] = [h("span", {}), COLUMNS.map(() => h("td", {}))];
  const node = h("table", { class: "xp-table" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("token", "词元")),
      COLUMNS.map((name) => h("th", { scope: "col" }, names[name])))),
    body,
    h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, footHead), left)));
  let sentence = "";
  let rows = [];

  function makeRows(view) {
    rows = view.rows.map(({ at, token }) => {
      const button = h("button", { type: "button", class: "xp-token", translate: "no", onclick: ctx.guard(() => onToken(at)) }, token);
      const cells = COLUMNS.map(() => h("td", {}));
      return { button, cells, node: h("tr", {}, h("th", { scope: "row" }, button), cells) };
    });
    body.replaceChildren(...rows.map((row) => row.node));
    ({ sentence } = view);
  }
  return {
    node,
    show(view) {
      if (view.sentence !== sentence) makeRows(view);
      view.rows.forEach(({ hidden, cells }, n) => {
        rows[n].button.setAttribute("aria-pressed", String(hidden));
        cells.forEach(({ text, background, ink }, i) => {
          const cell = rows[n].cells[i];
          Object.assign(cell.style, { background, color: ink });
          cell.textContent = text;
        });
      });
      view.left.forEach((text, i) => { left[i].textContent = text; });
      footHead.textContent = view.head;
    },
  };
}
