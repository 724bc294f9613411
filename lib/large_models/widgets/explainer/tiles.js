// The four maps of a digit side by side, each with its scale and with what it is worth.
import { drawMap, h, legend } from "../kit/mod.js";

/** {node, show(tiles)}; onPoint(n or null) is told which map the reader looks at. */
export function tilesPart(ctx, tiles, onPoint) {
  const drawn = tiles.map(({ name }, n) => {
    const [canvas, scale, worth] = [h("canvas", { "aria-hidden": "true" }), legend(), h("span", { class: "xp-worth" })];
    const node = h("button", { type: "button", class: "xp-tile" }, h("span", { class: "xp-title" }, name), worth,
      h("span", { class: "xp-map" }, canvas), scale.node);
    for (const type of ["pointerenter", "focus", "click"]) ctx.listen(node, type, () => onPoint(n));
    for (const type of ["pointerleave", "blur"]) ctx.listen(node, type, () => onPoint(null));
    return { node, canvas, scale, worth };
  });
  return {
    node: h("div", { class: "xp-tiles" }, drawn.map(({ node }) => node)),
    show(view) {
      view.forEach(({ picture, waits, worth, scale, max }, n) => {
        const tile = drawn[n];
        tile.node.classList.toggle("xp-waits", waits);
        if (picture) drawMap(tile.canvas, picture.values, picture.shape, picture);
        tile.scale.update({ scale, max });
        tile.worth.textContent = worth;
      });
    },
  };
}
