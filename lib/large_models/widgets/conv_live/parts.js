// What the parts of ConvLive share: a canvas with a mark on it, headings, arrow keys in a group.
import { drawMap, h } from "../kit/mod.js";

/** A small canvas on which one window can be marked. */
export function frame(name) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const window = h("span", { class: "cl-mark", hidden: true });
  let shape = [1, 1];
  return {
    node: h("span", { class: `cl-frame ${name}` }, canvas, window),
    canvas,
    draw(picture) {
      ({ shape } = picture);
      drawMap(canvas, picture.values, shape, picture);
    },
    /** A window in percent of the picture, or null for none. */
    mark(place) {
      window.hidden = !place;
      if (!place) return;
      window.classList.toggle("cl-source", place.source);
      for (const side of ["left", "top", "width", "height"]) window.style[side] = `${place[side]}%`;
    },
    /** Row and column under a mouse or finger. */
    at(event) {
      const box = canvas.getBoundingClientRect();
      const cell = (v, n) => Math.min(n - 1, Math.max(0, Math.floor(v * n)));
      return [cell((event.clientY - box.top) / box.height, shape[0]), cell((event.clientX - box.left) / box.width, shape[1])];
    },
  };
}

/** A part's heading, in the colour of its quantity. */
export function head(quantity, title, ...sub) {
  return h("div", { class: "cl-head" }, h("div", { class: `cl-title lw-${quantity}` }, title), sub);
}

/** What stands over the columns of a layer. */
export function captions(...texts) {
  return h("div", { class: "cl-captions lw-quiet" }, texts.map((text) => h("span", {}, text)));
}

/** Sets a name if it is another one: a screen reader reads a change aloud. */
export function setName(node, text) {
  if (node.getAttribute("aria-label") !== text) node.setAttribute("aria-label", text);
}

/** Nodes of which one takes the focus; arrow keys go to the one that to(n, key) numbers.
 *  shifted(n, key): what they do with Shift, if it is anything else. */
export function arrows(ctx, nodes, { to, shifted }) {
  nodes.forEach((node, n) => {
    node.tabIndex = n ? -1 : 0;
    ctx.listen(node, "focus", () => nodes.forEach((other) => { other.tabIndex = other === node ? 0 : -1; }));
    ctx.listen(node, "keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.target !== node) return;
      if (!/^Arrow(Left|Right|Up|Down)$/.test(event.key)) return;
      event.preventDefault();
      if (event.shiftKey && shifted) shifted(n, event.key);
      else nodes[to(n, event.key)]?.focus();
    });
  });
}

/** Looks at what the pointer is on, and no longer when it leaves; a finger has no hovering. */
export function hovering(ctx, node, act, itemAt) {
  ctx.listen(node, "pointermove", (event) => { if (event.pointerType !== "touch") act.hover(itemAt(event)); });
  ctx.listen(node, "pointerleave", () => act.hover(null));
}
