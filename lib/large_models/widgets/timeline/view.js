// Models by year against parameters, data or compute, and how fast they grow. Python's side: __init__.py.
import { fitGrowth } from "../engine/growth.js";
import { timelineTable, timelineWords } from "./words.js";
import { h, mount, segmented, t, uniqueId } from "../kit/mod.js";

const PLOT_HEIGHT = 340;
const PLOT_EDGE = { left: 44, right: 14, top: 10, bottom: 44 };
const PLOT_LANE = 24; // of models without a figure, under the lowest value
const DECADES = {
  all: { parameters: [0, 13], text: [2, 14], images: [0, 11], compute: [3, 27] },
  2010: { parameters: [5, 13], text: [8, 14], images: [5, 10], compute: [14, 27] },
};
const YEARS = { all: [1956, 2028.5], 2010: [2010, 2027.5] };
const NEAR = 26; // pixels from a point at which the pointer has it
const LANDMARKS = ["DeepSeek-V4-Pro", "AlexNet", "Perceptron", "GPT-3", "BERT-large", "LeNet-5", "Stupid backoff 5-grams", "AlphaGo", "Neocognitron", "TD-Gammon"];
const SHAPES = { // around 0 0
  vision: "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z", language: "M-4 -4H4V4H-4z", speech: "M0 -5.4L5 3.8H-5z",
  games: "M0 -5.8L5.4 0L0 5.8L-5.4 0z", multimodal: "M-1.8 -5H1.8V-1.8H5V1.8H1.8V5H-1.8V1.8H-5V-1.8H-1.8z", other: "M0 5.4L5 -3.8H-5z",
};

function build(ctx) {
  const { root, get } = ctx;
  const rows = get("_rows");
  const words = timelineWords(get("_sources"));
  const clip = uniqueId();
  let hovered = null;
  let spoken = false;

  const figureOf = (row, quantity = get("quantity")) => {
    if (quantity === "parameters" || quantity === "compute") return row[quantity];
    return row.data && get("_units")[quantity].includes(row.data[3]) ? row.data : null;
  };
  const inField = (row) => get("field") === "all" || row.field === get("field");
  const inSight = (row) => row.time >= YEARS[get("span")][0];
  const reachable = () => rows.filter((row) => inField(row) && inSight(row));
  const fit = () => {
    const used = rows.filter((row) => inField(row) && row.time >= get("since") && figureOf(row));
    return fitGrowth(used.map((row) => row.time), used.map((row) => figureOf(row)[0]));
  };

  // --- controls -----------------------------------------------------------------------------------
  const quantity = segmented(t("Vertical axis", "纵轴"), Object.entries(words.quantities), (value) => ctx.sync({ quantity: value }));
  const span = segmented(t("Years", "年份"), [["all", t("all", "全部")], ["2010", t("since 2010", "2010 年起")]], (value) => ctx.sync({ span: value }));
  const view = segmented(t("As", "显示为"), [["picture", t("picture", "图")], ["table", t("table", "表")]], (value) => ctx.sync({ view: value }));
  const group = uniqueId();
  const fields = [["all", t("all fields", "全部领域")], ...Object.entries(words.fields)].map(([value, text]) => {
    const input = h("input", { type: "radio", name: group, value, onchange: () => ctx.sync({ field: value }) });
    const mark = value === "all" ? null : h("svg:svg", { class: "tl-key", viewBox: "-7 -7 14 14", "aria-hidden": "true" }, h("svg:path", { class: `tl-mark tl-${value}`, d: SHAPES[value] }));
    return { value, input, node: h("label", { class: "tl-chip" }, input, mark, h("span", {}, text)) };
  });
  const chips = h("div", { class: "tl-chips", role: "radiogroup", "aria-label": t("Field", "领域") }, fields.map((field) => field.node));

  const id = uniqueId();
  const year = h("output", { class: "tl-year", for: id });
  const range = h("input", {
    type: "range", id, min: get("_years")[0], max: get("_years")[1], step: 1,
    oninput: ctx.guard(() => { spoken = "fit"; ctx.sync({ since: Number(range.value) }); }),
  });
  const fitted = h("p", { class: "tl-fit" });

  // --- the picture --------------------------------------------------------------------------------
  const svg = h("svg:svg", { class: "tl-plot", "aria-hidden": "true" });
  const plot = h("div", {
    class: "tl-focus", tabindex: "0", role: "group",
    "aria-label": t("Models over time: the arrow keys go from one to the next, Home and End to the first and the last.", "按时间排列的模型：方向键移动，Home 和 End 到首尾。"),
  }, svg);
  const width = () => Math.round(svg.getBoundingClientRect().width) || 600;
  const low = PLOT_HEIGHT - PLOT_EDGE.bottom;
  const x = (time) => {
    const [first, last] = YEARS[get("span")];
    return PLOT_EDGE.left + ((width() - PLOT_EDGE.left - PLOT_EDGE.right) * (time - first)) / (last - first);
  };
  const decades = () => DECADES[get("span")][get("quantity")];
  const y = (value) => {
    const [from, to] = decades();
    return low - ((low - PLOT_EDGE.top) * (Math.log10(value) - from)) / (to - from);
  };
  const placeOf = (row) => [x(row.time), figureOf(row) ? y(figureOf(row)[0]) : low + PLOT_LANE / 2];

  function drawAxes() {
    const right = width() - PLOT_EDGE.right;
    const [from, to] = decades();
    const parts = [];
    const step = to - from > 15 ? 4 : to - from > 10 ? 3 : to - from > 6 ? 2 : 1;
    for (let decade = Math.ceil(from / step) * step; decade <= to; decade += step) {
      parts.push(h("svg:path", { class: "tl-grid", d: `M${PLOT_EDGE.left} ${y(10 ** decade)}H${right}` }),
        h("svg:text", { class: "tl-tick", x: PLOT_EDGE.left - 6, y: y(10 ** decade) + 4, "text-anchor": "end" }, words.power(decade)));
    }
    const [first, last] = YEARS[get("span")];
    const apart = last - first > 30 ? 10 : width() < 480 ? 5 : 2;
    for (let when = Math.ceil(first / apart) * apart; when <= last; when += apart) {
      parts.push(h("svg:path", { class: "tl-grid", d: `M${x(when)} ${low}v4` }),
        h("svg:text", { class: "tl-tick", x: x(when), y: PLOT_HEIGHT - 4, "text-anchor": "middle" }, when));
    }
    parts.push(h("svg:path", { class: "tl-axis", d: `M${PLOT_EDGE.left} ${low}H${right}` }),
      h("svg:text", { class: "tl-tick", x: PLOT_EDGE.left - 6, y: low + PLOT_LANE / 2 + 4, "text-anchor": "end" }, t("none", "无")));
    return parts;
  }

  function drawFit() {
    const line = fit();
    const from = Math.max(get("since"), YEARS[get("span")][0]);
    const parts = [h("svg:path", { class: "tl-since", d: `M${x(from)} ${PLOT_EDGE.top}V${low}` })];
    if (!line) return parts;
    const to = YEARS[get("span")][1];
    const times = Array.from({ length: 41 }, (_, i) => from + ((to - from) * i) / 40);
    const [under, over] = [0, 1].map((side) => times.map((time) => `${x(time)} ${y(line.band(time)[side])}`));
    parts.unshift(h("svg:g", { "clip-path": `url(#${clip})` },
      h("svg:path", { class: "tl-band", d: `M${under.join("L")}L${over.reverse().join("L")}z` }),
      h("svg:path", { class: "tl-line", d: `M${x(from)} ${y(line.line(from))}L${x(to)} ${y(line.line(to))}` })));
    return parts;
  }

  const shown = () => hovered ?? rows.find((row) => row.name === get("model"));

  function drawPoints() {
    const marks = rows.filter(inSight).map((row) => {
      const [px, py] = placeOf(row);
      const figure = figureOf(row);
      const kind = !figure ? " tl-gap" : figure[1] === "estimated" ? " tl-hollow" : "";
      return h("svg:path", {
        class: `tl-mark tl-${row.field}${kind}${inField(row) ? "" : " tl-away"}`, "data-name": row.name,
        d: figure ? SHAPES[row.field] : "M0 -5V5", transform: `translate(${px} ${py})`,
      });
    });
    const labels = [];
    const taken = [];
    const here = shown();
    const wanted = [here, ...LANDMARKS.map((name) => rows.find((row) => row.name === name)).filter((row) => row !== here && figureOf(row) && inField(row))];
    for (const row of wanted.filter(inSight)) {
      const [px, py] = placeOf(row);
      const long = row.name.length * 7 + 6;
      for (const side of [1, -1]) {
        const box = [side > 0 ? px + 9 : px - 9 - long, py - 9, side > 0 ? px + 9 + long : px - 9, py + 9];
        if (box[0] < PLOT_EDGE.left || box[2] > width()) continue;
        const free = (other) => box[2] < other[0] || box[0] > other[2] || box[3] < other[1] || box[1] > other[3];
        const clear = row === here || (taken.every(free) && rows.every((other) => {
          if (other === row || !inSight(other) || !figureOf(other) || !inField(other)) return true;
          const [ox, oy] = placeOf(other);
          return free([ox - 5, oy - 5, ox + 5, oy + 5]);
        }));
        if (!clear) continue;
        taken.push(box);
        labels.push(h("svg:text", { class: row === here ? "tl-name tl-here" : "tl-name", x: px + 9 * side, y: py + 4, "text-anchor": side > 0 ? "start" : "end" }, row.name));
        break;
      }
    }
    const ring = inSight(here) ? [h("svg:circle", { class: "tl-ring", cx: placeOf(here)[0], cy: placeOf(here)[1], r: 9 })] : [];
    return [...marks, ...ring, ...labels];
  }

  function drawPlot() {
    const wide = width();
    svg.setAttribute("viewBox", `0 0 ${wide} ${PLOT_HEIGHT}`);
    svg.replaceChildren(
      h("svg:clipPath", { id: clip }, h("svg:rect", { x: PLOT_EDGE.left, y: PLOT_EDGE.top, width: wide - PLOT_EDGE.left - PLOT_EDGE.right, height: low - PLOT_EDGE.top })),
      ...drawAxes(), ...drawFit(), ...drawPoints());
  }

  const nearest = (event) => {
    const box = svg.getBoundingClientRect();
    let [best, found] = [NEAR, null];
    for (const row of reachable()) {
      const [px, py] = placeOf(row);
      const away = Math.hypot(event.clientX - box.left - px, event.clientY - box.top - py);
      if (away < best) [best, found] = [away, row];
    }
    return found;
  };
  const hover = (row) => {
    if (row === hovered) return;
    hovered = row;
    draw();
  };
  const choose = (row) => {
    hovered = null;
    if (!row) return;
    spoken = "model";
    if (row.name === get("model")) draw();
    else ctx.sync({ model: row.name });
  };
  ctx.listen(plot, "pointermove", (event) => { if (event.pointerType === "mouse") hover(nearest(event)); });
  ctx.listen(plot, "pointerleave", () => hover(null));
  ctx.listen(plot, "click", (event) => choose(nearest(event)));
  ctx.listen(plot, "keydown", (event) => {
    const list = reachable();
    const at = rows.findIndex((row) => row.name === get("model"));
    const next = {
      ArrowRight: () => list.find((row) => rows.indexOf(row) > at), ArrowLeft: () => list.findLast((row) => rows.indexOf(row) < at),
      Home: () => list[0], End: () => list.at(-1),
    }[event.key];
    if (!next || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    choose(next());
  });

  // --- one model, and all of them -----------------------------------------------------------------
  const card = h("div", { class: "tl-card" });
  const table = h("div", { class: "tl-table-box", tabindex: "0", role: "region", "aria-label": t("all models in a table", "所有模型的表格") });
  let tableOf = "";

  function drawTable() {
    const now = get("view") === "table";
    plot.hidden = now;
    table.hidden = !now;
    if (now && tableOf !== get("field")) {
      tableOf = get("field");
      table.replaceChildren(timelineTable(rows.filter(inField), words));
    }
  }

  const draw = ctx.redraw(() => {
    quantity.set(get("quantity"));
    span.set(get("span"));
    view.set(get("view"));
    for (const { value, input } of fields) input.checked = value === get("field");
    range.value = get("since");
    year.textContent = get("since");
    const told = words.fit(fit(), get("quantity"), get("since"));
    if (fitted.textContent !== told) fitted.textContent = told;
    card.replaceChildren(...words.card(shown()));
    drawTable();
    if (get("view") === "picture") drawPlot();
    if (spoken) ctx.say(spoken === "fit" ? told : card.innerText);
    spoken = false;
  });
  root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("drag the year to 1958, then to 2012. How long do the parameters take to double each time?", "先把年份拖到 1958，再拖到 2012。两次翻倍各要多久？")),
    h("div", { class: "tl-slider" }, h("label", { class: "lw-label", for: id }, t("Fit from", "拟合起始年")), year, range), fitted,
    h("div", { class: "tl-bar" }, quantity.node, span.node, view.node), chips,
    h("div", { class: "tl-box" }, plot, table),
    h("p", { class: "lw-quiet tl-note" }, t("Filled: stated by the source, or computed from what it states. Hollow: estimated, nearly always by Epoch AI. Strokes at the bottom: no figure found, or counted in another unit. Text is counted in words and tokens.",
      "实心：来源给出，或由来源给出的数算出。空心：估计值，几乎都来自 Epoch AI。底部短线：没有找到数据，或单位不同。文本以词和词元计。")),
    card);
  ctx.watch(["quantity", "field", "since", "model", "span", "view"], draw);
  ctx.onTheme(draw);
  ctx.onResize(svg, draw);
  draw();
}

export default { render: (host) => mount(host, "timeline", build) };
