// TrainingBudget's numbers: a slider with an entry each, and the price.
import { h, slider, t, uniqueId, wholeNumbers } from "../kit/mod.js";
import { sliderLabels, STEPS } from "./model.js";

/** Text that counts when the reader leaves it or presses Enter; `take(text)` says whether it is right. */
function entry(ctx, take) {
  const node = h("input", {
    type: "text", class: "tb-entry", id: uniqueId(), inputmode: "text", autocomplete: "off", spellcheck: "false",
  });
  ctx.listen(node, "change", () => node.setAttribute("aria-invalid", String(!take(node.value))));
  return {
    node,
    show(text) {
      // What is wrong stays as long as it may be being put right.
      if (document.activeElement === node && node.getAttribute("aria-invalid") === "true") return;
      node.value = text;
      node.setAttribute("aria-invalid", "false");
    },
  };
}

/** All numbers: {node, show(view)}. */
export function entriesPart(ctx, { model, change, tell }) {
  const entryOf = (key) => entry(ctx, (text) => {
    const { changes, wrong } = model.typed(key, text);
    if (changes) change(changes);
    else tell(wrong);
    return Boolean(changes);
  });
  const numbers = Object.entries(sliderLabels()).map(([key, label]) => {
    const text = entryOf(key);
    const range = slider(ctx, label, {
      values: wholeNumbers(0, STEPS), entry: text.node, told: (shown) => shown.text, place: (shown) => shown.place,
      onInput: (place) => change(model.moved(key, place)),
    });
    return { key, text, range };
  });
  const price = entryOf("price");
  return {
    node: h("div", { class: "tb-sliders" }, numbers.map(({ range }) => range.node),
      h("div", { class: "lw-slider" },
        h("label", { class: "lw-label", for: price.node.id }, t("Price of a GPU hour (yours)", "每 GPU 小时价格（自填）")), price.node)),
    show(view) {
      for (const { key, text, range } of numbers) {
        text.show(view.sliders[key].text);
        range.set(view.sliders[key]);
      }
      price.show(view.price);
    },
  };
}
