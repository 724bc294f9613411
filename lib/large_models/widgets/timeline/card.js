// One model's card, and the table of all.
import { h, t } from "../kit/mod.js";

const link = ({ label, url }) => h("a", { href: url, target: "_blank", rel: "noopener" }, label);

/** The card of one model: {node, show(card)}. */
export function cardPart() {
  const node = h("div", { class: "tl-card" });
  return {
    node,
    show({ name, about, source, figures }) {
      node.replaceChildren(
        h("p", { class: "tl-title" }, h("b", {}, name), about, link(source)),
        h("dl", {}, figures.map((figure) => h("div", {}, h("dt", {}, figure.name), h("dd", {}, figure.text,
          figure.source ? h("span", { class: "lw-quiet" }, ` ${figure.how} `, link(figure.source)) : null)))));
    },
  };
}

/** The table of the models: {node, show(table)}. */
export function tablePart() {
  const node = h("div", {
    class: "tl-table-box", tabindex: "0", role: "region", "aria-label": t("all models in a table", "所有模型的表格"),
  });
  const cell = ({ text, how, source }) => h("td", {}, text,
    source ? h("span", { class: "lw-quiet" }, h("br"), how, " ", link(source)) : null);
  return {
    node,
    show({ heads, rows }) {
      node.replaceChildren(h("table", { class: "tl-table" },
        h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)))),
        h("tbody", {}, rows.map((row) => h("tr", {},
          h("th", { scope: "row" }, row.name, h("br"), link(row.source)),
          h("td", {}, row.published), h("td", {}, row.field), row.figures.map(cell))))));
    },
  };
}
