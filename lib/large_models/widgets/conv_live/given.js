// The held-out digits to choose from: one of each class, and those that the network misreads.
import { drawMap, h, t } from "../kit/mod.js";

/** {node, show(examples)}; onPick(n) is told which one is pressed. */
export function givenPart(ctx, examples, onPick) {
  const buttons = examples.map(({ name, note }, n) => h("button", {
    type: "button", class: "cl-example", "aria-label": name, onclick: ctx.guard(() => onPick(n)),
  }, h("canvas", { "aria-hidden": "true" }), note ? h("span", {}, note) : null));
  const strip = (wrong) => h("div", { class: "cl-strip" }, buttons.filter((_, n) => examples[n].wrong === wrong));
  return {
    node: h("div", { class: "cl-given", role: "group", "aria-label": t("held-out digits", "测试集数字") },
      h("span", { class: "lw-label" }, t("digits it has never seen", "它没见过的数字")), strip(false),
      h("span", { class: "lw-label" }, t("misread", "认错的")), strip(true)),
    show(view) {
      view.forEach(({ picture, shown }, n) => {
        drawMap(buttons[n].firstChild, picture.values, picture.shape, picture);
        buttons[n].setAttribute("aria-pressed", String(shown));
      });
    },
  };
}
