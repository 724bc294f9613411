// A head's map, large: as a matrix or as lines, and what it says of the word that looks.
import { linesFrom, pointed, stepped } from "./maps_model.js";
import { drawInk } from "../kit/ink.js";
import { h, steer, t } from "../kit/mod.js";

/** {node, show(panel, view, painting)}: panel and view as maps_model.js makes them; what is drawn anew
 *  only where `painting` has changed is the canvas, the names and the faint lines.
 *
 *  which: 0 the chosen head, 1 the second one. desk: {given(), looking(), move(looking, settings)}. */
export function headPanel(ctx, which, desk) {
  const title = h("p", { class: "ax-panel-title" });
  const [rows, cols, left, right] = ["rows", "cols", "left", "right"].map((name) => (
    h("div", { class: `ax-${name}`, "aria-hidden": "true" })));
  const canvas = h("canvas", { "aria-hidden": "true" });
  const map = h("div", { class: "ax-map" }, canvas, h("i"), h("i"));
  const faint = h("svg:g", {});
  const strong = h("svg:g", { class: "ax-chosen-lines" });
  const lines = h("svg:svg", { class: "ax-lines", "aria-hidden": "true" }, faint, strong);
  const stage = h("div", {
    class: "ax-stage", tabindex: "0", role: "application", "aria-roledescription": t("attention map", "注意力图"),
  }, h("div", { class: "ax-sides", "aria-hidden": "true" },
    h("span", {}, t("looks", "看")), h("span", {}, t("is looked at", "被看"))),
  rows, cols, left, right, map, lines);
  const answer = h("p", { class: "ax-answer" });
  let painted = "";

  steer(ctx, stage, {
    place(u, v) {
      const box = stage.getBoundingClientRect();
      const area = (desk.given().view === "lines" ? lines : map).getBoundingClientRect();
      return pointed(desk.given(), desk.looking(),
        (u * box.width + box.left - area.left) / area.width, (v * box.height + box.top - area.top) / area.height);
    },
    preview: (hover) => desk.move({ hover }),
    leave: () => desk.move({ hover: null }),
    hold: ({ q, k }) => desk.move({ hover: null, key: k }, { query: q }),
    step(down, right_) {
      const { query, key } = stepped(desk.given(), desk.looking(), which, down, right_);
      desk.move({ hover: null, key }, down ? { query } : {}, true);
    },
  });

  /** Lines of a word; none while the matrix is shown, which leaves them no width. */
  const linesOf = (panel, from, { words, line }, width, opacity) => (
    width === 0 ? [] : linesFrom(panel.map, words.length, from, { line, width, opacity }).map((each) => (
      h("svg:path", { d: each.d, "stroke-width": each.width, "stroke-opacity": each.opacity }))));
  const mark = (sides, kind, at) => {
    for (const side of sides) [...side.children].forEach((name, i) => name.classList.toggle(kind, i === at));
  };

  function paint(panel, view, width) {
    const { words } = view;
    const T = words.length;
    drawInk(canvas, panel.map, [T, T], ctx.color("--ax-weight"));
    const names = (...extra) => words.map(({ text }) => h("span", { title: text }, text, ...extra.map((f) => f())));
    for (const side of [rows, cols, left]) side.replaceChildren(...names());
    right.replaceChildren(...names(() => h("b")));
    stage.style.setProperty("--count", T);
    faint.replaceChildren(...words.flatMap((_, from) => linesOf(panel, from, view, width, 0.35)));
  }

  function show(panel, view, painting) {
    stage.dataset.view = view.view;
    const T = view.words.length;
    // Lines in CSS pixels: a drawing that is stretched is a blurred one.
    const width = view.view === "lines" ? Math.round(lines.getBoundingClientRect().width) : 0;
    const now = `${painting} ${panel.name} ${width} ${view.line}`;
    if (painted !== now) paint(panel, view, width);
    painted = now;
    title.replaceChildren(panel.name);
    stage.classList.toggle("ax-tight", view.view === "matrix" && canvas.clientWidth / T < 12);
    stage.style.setProperty("--q", panel.q);
    stage.style.setProperty("--k", panel.k);
    stage.setAttribute("aria-label", panel.label);
    strong.replaceChildren(...linesOf(panel, panel.q, view, width, 1));
    mark([rows, left], "ax-asks", panel.q);
    mark([cols, right], "ax-answers", panel.k);
    panel.weights.forEach((text, i) => { right.children[i].lastChild.textContent = text; });
    const { asks, looks, nothing, answers, weight } = panel.answer;
    answer.replaceChildren(h("span", { class: "ax-query" }, asks), looks,
      ...(nothing === null ? [h("span", { class: "ax-key" }, answers), ": ", h("b", {}, weight)] : [nothing]),
      h("span", { class: "ax-answer-list" }, panel.list));
  }
  return { node: h("div", { class: "ax-panel" }, title, stage, answer), show };
}
