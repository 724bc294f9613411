// Models by year against parameters, data or compute, and how fast they grow. Python's side: __init__.py;
// what follows from the choices: model.js and places.js.
import { h, mount, segmented, slider, t, uniqueId, wholeNumbers } from "../kit/mod.js";
import { cardPart, tablePart } from "./card.js";
import { timelineModel } from "./model.js";
import { plotPart, SHAPES } from "./plot.js";
import { fieldNames, quantityNames } from "./words.js";

/** The fields with their shapes, one of which is chosen: {node, set(value)}. */
function fieldsPart(ctx) {
  const group = uniqueId();
  const chips = [["all", t("all fields", "全部领域")], ...Object.entries(fieldNames())].map(([value, text]) => {
    const input = h("input", { type: "radio", name: group, value });
    ctx.listen(input, "change", () => ctx.sync({ field: value }));
    const shape = value === "all" ? null : h("svg:svg", { class: "tl-key", viewBox: "-7 -7 14 14", "aria-hidden": "true" },
      h("svg:path", { class: `tl-mark tl-${value}`, d: SHAPES[value] }));
    return { value, input, node: h("label", { class: "tl-chip" }, input, shape, h("span", {}, text)) };
  });
  return {
    node: h("div", { class: "tl-chips", role: "radiogroup", "aria-label": t("Field", "领域") }, chips.map((chip) => chip.node)),
    set(field) { for (const { value, input } of chips) input.checked = value === field; },
  };
}

function build(ctx) {
  const model = timelineModel(ctx.get);
  let hovered = null; // the model under the mouse
  let spoken = null; // what of the view is read out once it is drawn: "fit" or "card"

  const one = (key, label, options) => segmented(label, options, (value) => ctx.sync({ [key]: value }));
  const controls = {
    since: slider(ctx, t("Fit from", "拟合起始年"), {
      values: wholeNumbers(...model.years), onInput(since) { spoken = "fit"; ctx.sync({ since }); },
    }),
    quantity: one("quantity", t("Vertical axis", "纵轴"), Object.entries(quantityNames())),
    span: one("span", t("Years", "年份"), [["all", t("all", "全部")], ["2010", t("since 2010", "2010 年起")]]),
    view: one("view", t("As", "显示为"), [["picture", t("picture", "图")], ["table", t("table", "表")]]),
    field: fieldsPart(ctx),
  };
  const fitted = h("p", { class: "tl-fit" });
  const card = cardPart();
  const table = tablePart();
  let tableOf = ""; // the field whose models are in the table

  function choose(name) {
    hovered = null;
    if (!name) return;
    spoken = "card";
    if (name === ctx.get("model")) draw();
    else ctx.sync({ model: name });
  }
  const plot = plotPart(ctx, {
    choose, redraw: () => draw(),
    point(name) {
      if (name === hovered) return;
      hovered = name;
      draw();
    },
    key(key) {
      const next = model.neighbour(key);
      choose(next);
      return ["ArrowRight", "ArrowLeft", "Home", "End"].includes(key);
    },
  });

  const draw = ctx.redraw(() => {
    const view = model.view(hovered);
    const asTable = view.view === "table";
    for (const [key, control] of Object.entries(controls)) control.set(view[key]);
    if (fitted.textContent !== view.fit) fitted.textContent = view.fit;
    card.show(view.card);
    plot.node.hidden = asTable;
    table.node.hidden = !asTable;
    if (!asTable) plot.show(model.plot(plot.width(), hovered));
    else if (tableOf !== view.field) table.show(model.table());
    if (asTable) tableOf = view.field;
    if (spoken) ctx.say(spoken === "fit" ? view.fit : view.card.said);
    spoken = null;
  });
  ctx.root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("drag the year to 1958, then to 2012. How long do the parameters take to double each time?", "先把年份拖到 1958，再拖到 2012。两次翻倍各要多久？")),
    controls.since.node, fitted,
    h("div", { class: "tl-bar" }, controls.quantity.node, controls.span.node, controls.view.node), controls.field.node,
    h("div", { class: "tl-box" }, plot.node, table.node),
    h("p", { class: "lw-quiet tl-note" }, t("Filled: stated by the source, or computed from what it states. Hollow: estimated, nearly always by Epoch AI. Strokes at the bottom: no figure found, or counted in another unit. Text is counted in words and tokens.",
      "实心：来源给出，或由来源给出的数算出。空心：估计值，几乎都来自 Epoch AI。底部短线：没有找到数据，或单位不同。文本以词和词元计。")),
    card.node);
  ctx.watch(["quantity", "field", "since", "model", "span", "view"], draw);
  ctx.onTheme(draw);
  draw();
}

export default { render: (host) => mount(host, "timeline", build) };
