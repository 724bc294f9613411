// The hidden layer's numbers: one picture, through which pointer and keys go as through a slider.
import { h, steer, t } from "../kit/mod.js";
import { frame, head } from "./parts.js";

/** {node, frames, canvas, show(view)}. */
export function hiddenPart(ctx, model, act) {
  const picture = frame("cl-units");
  const range = h("span", { class: "cl-sub lw-quiet" });
  const node = h("div", {
    class: "cl-hidden", tabindex: "0", role: "slider", "aria-label": t("number of the hidden layer", "隐藏层中的数"),
    "aria-valuemin": "1", "aria-valuemax": String(model.HIDDEN), "aria-valuenow": "1",
  }, picture.node);
  const item = (unit) => ({ layer: "hidden", channel: unit });
  function choose(unit) {
    act.pin(item(unit));
    name(model.hidden());
  }
  function name({ now, told }) {
    node.setAttribute("aria-valuenow", String(now));
    node.setAttribute("aria-valuetext", told);
  }
  steer(ctx, node, {
    place: model.unitAt,
    preview: (unit) => act.hover(item(unit)),
    leave: () => act.hover(null),
    hold: choose,
    step: (rows, columns) => choose(model.unitAfter(rows + columns)),
  });
  ctx.listen(node, "focus", () => { if (node.matches(":focus-visible")) choose(model.unit()); });
  return {
    node: h("div", { class: "cl-third" }, head("learned", t("Hidden", "隐藏层"), range), node),
    frames: { units: [picture] }, canvas: picture.canvas,
    show(view) {
      picture.draw(view.picture);
      range.textContent = view.range;
      name(view);
    },
  };
}
