// The timeline's state: its traits, and where the reader points, in; all that is shown, out. No DOM.
import { fitGrowth } from "../engine/growth.js";
import { t } from "../kit/language.js";
import { inSight, plotOf } from "./places.js";
import { amount, fieldNames, fitText, originNames, unitNames } from "./words.js";

/** `get(trait)` gives a trait.
 *
 *  view(hovered): what is said, chosen, and on the card of `hovered` (a name) or of the chosen model;
 *  plot(width, hovered): the picture, see places.js; table(): all models of the field;
 *  neighbour(key): the model that an arrow key, Home or End leads to, or null. */
export function timelineModel(get) {
  const rows = get("_rows");
  const sources = get("_sources");
  const named = (name) => rows.find((row) => row.name === name);

  /** A row's [value, how, source, unit] of the quantity up the axis, or null. */
  function figureOf(row) {
    const quantity = get("quantity");
    if (quantity === "parameters" || quantity === "compute") return row[quantity];
    return row.data && get("_units")[quantity].includes(row.data[3]) ? row.data : null;
  }
  const inField = (row) => get("field") === "all" || row.field === get("field");
  const seen = (row) => inSight(row, get("span"));

  function fit() {
    const used = rows.filter((row) => inField(row) && row.time >= get("since") && figureOf(row));
    return fitGrowth(used.map((row) => row.time), used.map((row) => figureOf(row)[0]));
  }

  // --- texts with their sources: {text, how, source: {label, url}} ---------------------------------
  const sourceOf = (key) => ({ label: sources[key][0], url: sources[key][1] });

  function figureText(figure, unit) {
    if (!figure) return { text: t("no figure found", "没有找到数据"), how: "", source: null };
    const text = `${amount(figure[0])}${unit ? ` ${unit}` : ""}`;
    return { text, how: originNames()[figure[1]], source: sourceOf(figure[2]) };
  }
  const figureNames = () => [t("Parameters", "参数"), t("Training data", "训练数据"), t("Compute", "计算量")];
  const figuresOf = (row) => [
    figureText(row.parameters), figureText(row.data, row.data && unitNames()[row.data[3]]),
    figureText(row.compute, t("operations", "次运算")),
  ];

  function cardOf(row) {
    const of = row.active && amount(row.active[0]);
    const active = of ? t(`, ${of} of them for each token`, `，每个词元用 ${of}`) : "";
    const about = ` ${row.published}, ${fieldNames()[row.field]}. `;
    const figures = figuresOf(row).map((figure, i) => ({
      ...figure, name: figureNames()[i], text: figure.text + (i ? "" : active),
    }));
    const lines = figures.flatMap(({ name, text, how, source: from }) => [name, from ? `${text} ${how} ${from.label}` : text]);
    const source = sourceOf(row.source);
    return { name: row.name, about, source, figures, said: [row.name + about + source.label, ...lines].join("\n") };
  }

  return {
    years: get("_years"),
    view(hovered) {
      const chosen = Object.fromEntries(["quantity", "field", "since", "span", "view"].map((key) => [key, get(key)]));
      const card = cardOf(named(hovered ?? get("model")));
      return { ...chosen, card, fit: fitText(fit(), get("quantity"), get("since")) };
    },
    plot(width, hovered) {
      const dots = rows.filter(seen).map((row) => {
        const figure = figureOf(row);
        return {
          name: row.name, field: row.field, time: row.time, away: !inField(row),
          value: figure ? figure[0] : null, estimated: figure?.[1] === "estimated",
        };
      });
      const [span, quantity, since] = ["span", "quantity", "since"].map(get);
      return plotOf({ dots, here: hovered ?? get("model"), span, quantity, since, fit: fit() }, width);
    },
    table() {
      return {
        heads: [t("Model", "模型"), t("Published", "发表"), t("Field", "领域"), ...figureNames()],
        rows: rows.filter(inField).map((row) => ({
          name: row.name, source: sourceOf(row.source), published: row.published, field: fieldNames()[row.field],
          figures: figuresOf(row),
        })),
      };
    },
    neighbour(key) {
      const reachable = rows.filter((row) => inField(row) && seen(row));
      const at = rows.indexOf(named(get("model")));
      const found = {
        ArrowRight: () => reachable.find((row) => rows.indexOf(row) > at),
        ArrowLeft: () => reachable.filter((row) => rows.indexOf(row) < at).at(-1),
        Home: () => reachable[0], End: () => reachable.at(-1),
      }[key]?.();
      return found?.name ?? null;
    },
  };
}
