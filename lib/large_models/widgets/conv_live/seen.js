// The drawing, and its road: cut out, counted, enlarged to what the network sees.
import { h, t, toggle } from "../kit/mod.js";
import { frame, head } from "./parts.js";

/** {node, frames, show(view)}; onRoad(on) is told that the other road is chosen. */
export function seenPart(ctx, paper, onRoad) {
  const [bitmap, counts, input] = ["cl-bitmap", "cl-counts", "cl-input"].map(frame);
  const road = h("span", {});
  const none = h("span", { class: "cl-none lw-quiet" }, t("not in the data", "数据中没有"));
  bitmap.node.append(none);
  const asData = toggle(t("cut out, straighten, rescale", "裁出、摆正、缩放"), ctx.guard(onRoad));
  const figure = (each, title, size) => h("figure", {}, each.node,
    h("figcaption", { class: "lw-quiet" }, title, " ", h("span", {}, size)));
  return {
    node: h("div", { class: "cl-see" },
      head("in", t("Drawing", "手写")), paper.node, h("div", { class: "cl-buttons" }, paper.undo, paper.clear),
      h("div", { class: "cl-road" }, asData.node),
      h("div", { class: "cl-seen" },
        figure(bitmap, road, "32 × 32"),
        figure(counts, h("span", {}, t("ink", "墨量")), "8 × 8"),
        figure(input, h("span", {}, t("input", "输入")), "28 × 28"))),
    frames: { input: [input] },
    show(view) {
      asData.set(view.asData);
      paper.show(view.paper);
      road.textContent = view.road;
      none.hidden = view.bitmap !== null;
      bitmap.canvas.hidden = view.bitmap === null;
      if (view.bitmap) bitmap.draw(view.bitmap);
      counts.draw(view.counts);
      input.draw(view.input);
    },
  };
}
