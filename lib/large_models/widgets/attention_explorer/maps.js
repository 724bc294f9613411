// The maps of a trained model's heads: a part of AttentionExplorer, and of the widgets in which a
// BERT reads. What is drawn comes from maps_model.js.
import { compared, mapsView, taken, visible } from "./maps_model.js";
import { headPanel } from "./maps_panel.js";
import { drawInk } from "../kit/ink.js";
import { h, segmented, t, toggle } from "../kit/mod.js";
import { roving } from "../kit/roving.js";

/** The maps: {node, show(given), forget()}; `given` is explained in maps_model.js.
 *
 *  pick(settings) is told what the reader chose, {query}, {layer, head}, {compare} or {view}; whoever
 *  uses this part keeps it and shows the maps again. embedded: someone else shows the words and has
 *  them chosen. control: a node for the beginning of the bar, or null. forget(): the key that was
 *  chosen belongs to another sentence. */
export function attentionMaps(ctx, { pick, embedded = false, control = null }) {
  let given = null;
  let looking = { hover: null, key: null, picking: 0 };
  let spoken = false;
  let version = 0; // of the maps

  const desk = {
    given: () => given,
    looking: () => looking,
    /** The reader looks elsewhere, and perhaps chooses. */
    move(changes, settings = {}, aloud = false) {
      looking = { ...looking, ...changes };
      spoken ||= aloud;
      const changed = Object.entries(settings).filter(([key, value]) => value !== given[key]);
      if (changed.length) pick(Object.fromEntries(changed));
      draw();
    },
  };

  const strip = wordStrip(ctx, desk);
  const grid = headGrid(ctx, desk);
  const panels = [0, 1].map((which) => headPanel(ctx, which, desk));
  const views = segmented(t("View", "视图"), [["matrix", t("matrix", "矩阵")], ["lines", t("lines", "连线")]],
    (view) => pick({ view }), { hideLabel: true });
  const comparing = toggle(t("compare two heads", "比较两个头"), (on) => (
    desk.move({ picking: on ? 1 : 0 }, compared(given, on))));
  const node = h("div", { class: "ax-maps" },
    h("div", { class: "ax-bar" }, control, views.node, comparing.node),
    embedded ? null : strip.node,
    h("div", { class: "ax-main" }, grid.node, h("div", { class: "ax-panels" }, panels.map((panel) => panel.node))));

  const draw = ctx.redraw(() => {
    const view = mapsView(given, looking);
    node.style.setProperty("--tokens", view.longest);
    node.style.setProperty("--line", `${view.line}px`);
    views.set(view.view);
    comparing.set(view.comparing);
    comparing.node.hidden = view.alone;
    const painting = `${version} ${ctx.color("--ax-weight")}`;
    strip.show(view);
    grid.show(view, looking.picking, painting);
    panels[1].node.hidden = !view.comparing;
    view.panels.forEach((panel, i) => panels[i].show(panel, view, painting));
    if (spoken) ctx.say(view.said);
    spoken = false;
  });
  ctx.onTheme(() => given && draw());
  ctx.onResize(node, () => given && draw());

  return {
    node,
    show(next) {
      if (!given || !sameBytes(given.maps, next.maps)) version += 1;
      if (given?.tokens.length !== next.tokens.length) looking.hover = null;
      given = next;
      strip.keep(next.room ?? []);
      draw();
    },
    forget() { looking = { ...looking, key: null }; },
  };
}

const sameBytes = (a, b) => a.buffer === b.buffer && a.byteOffset === b.byteOffset && a.length === b.length;

/** The sentence, and which of its words looks. */
function wordStrip(ctx, desk) {
  const strip = h("div", { class: "ax-words", role: "radiogroup", "aria-label": t("word that looks", "看的词") });
  // The other sentences lie under it, unseen: the longest one keeps its place.
  const node = h("div", { class: "ax-stack" }, strip);
  let words = [];
  let [written, kept, query] = ["", "", 0];
  const ask = (q) => desk.move({ key: null, hover: null }, { query: q }, true);
  roving(ctx, strip, { buttons: () => words, at: () => query, pick: ask });
  return {
    node,
    keep(sentences) {
      const now = JSON.stringify(sentences);
      if (kept === now) return;
      kept = now;
      const places = (list) => list.map((token) => h("span", { class: "ax-place" }, visible(token)));
      node.replaceChildren(strip, ...sentences.map((list) => (
        h("div", { class: "ax-words ax-unseen", "aria-hidden": "true" }, places(list)))));
    },
    show(view) {
      query = view.query;
      const now = view.words.map((word) => word.text).join("\n");
      if (written !== now) {
        written = now;
        words = view.words.map(({ text }, i) => h("button", {
          type: "button", role: "radio", class: "ax-word", translate: "no", onclick: ctx.guard(() => ask(i)),
          onmouseenter: () => desk.move({ hover: { q: i, k: null } }), onmouseleave: () => desk.move({ hover: null }),
        }, text, h("span", { "aria-hidden": "true" })));
        strip.replaceChildren(...words);
      }
      view.words.forEach(({ chosen, share, weight }, i) => {
        words[i].setAttribute("aria-checked", String(chosen));
        words[i].tabIndex = chosen ? 0 : -1;
        words[i].style.setProperty("--share", `${share}%`);
        words[i].lastChild.textContent = weight;
      });
    },
  };
}

/** Every head's map, small: a row for each layer; and which of two compared heads a press sets. */
function headGrid(ctx, desk) {
  const grid = h("div", {
    class: "ax-heads-grid", role: "radiogroup", "aria-label": t("heads: a row for each layer", "注意力头：每层一行"),
  });
  const title = h("div", { class: "ax-heads-title" });
  const note = h("span", { class: "lw-quiet" }, t("heads across, layers down", "横向是头，纵向是层"));
  const picks = segmented(t("a click sets", "点击设定"), [[0, t("left", "左")], [1, t("right", "右")]],
    (picking) => desk.move({ picking }));
  let thumbs = [];
  let [current, painted] = [0, ""];
  const take = (index) => desk.move({ hover: null }, taken(desk.given(), desk.looking(), index), true);
  const across = () => (desk.given().heads[0] > 1 ? desk.given().heads[1] : 1);
  roving(ctx, grid, { buttons: () => thumbs, at: () => current, across, pick: take });

  function build(view, columns) {
    thumbs = view.thumbs.map(({ name }, i) => h("button", {
      type: "button", role: "radio", class: "ax-thumb", "aria-label": name, title: name,
      onclick: ctx.guard(() => take(i)),
    }, h("canvas", { "aria-hidden": "true" })));
    const quiet = (n) => h("span", { class: "lw-quiet", "aria-hidden": "true" }, n);
    grid.style.setProperty("--heads", columns);
    grid.replaceChildren(h("span"), ...thumbs.slice(0, columns).map((_, i) => quiet(i + 1)),
      ...thumbs.flatMap((thumb, i) => (i % columns ? [thumb] : [quiet(i / columns + 1), thumb])));
    painted = "";
  }
  return {
    node: h("div", { class: "ax-all" }, title, grid,
      h("div", { class: "ax-scale", "aria-hidden": "true" }, "0", h("i"), "1", h("span", {}, t("weight", "权重")))),
    show(view, picking, painting) {
      current = view.current;
      if (thumbs.length !== view.thumbs.length) build(view, desk.given().heads[1]);
      view.thumbs.forEach(({ map, first, second, chosen }, i) => {
        const T = view.words.length;
        if (painted !== painting) drawInk(thumbs[i].firstChild, map, [T, T], ctx.color("--ax-weight"));
        thumbs[i].classList.toggle("ax-first-head", first);
        thumbs[i].classList.toggle("ax-second-head", second);
        thumbs[i].setAttribute("aria-checked", String(chosen));
        thumbs[i].tabIndex = chosen ? 0 : -1;
      });
      painted = painting;
      picks.set(picking);
      const above = view.comparing ? picks.node : note;
      if (title.firstChild !== above) title.replaceChildren(above);
    },
  };
}
