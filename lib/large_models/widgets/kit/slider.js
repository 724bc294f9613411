// A slider through a list of values, with its label and what it stands at.
import { h, uniqueId } from "./elements.js";
import { t } from "./language.js";

/** A labelled range input: {node, input, set(value)}; set shows a value without calling back.
 *
 *  values: what it goes through; told(value): what is shown and read out; onInput(value);
 *  place(value): where a value that is not listed is shown, an index (the first where it has none);
 *  entry: an input with an id, in which the value can be typed: it stands where the value does. */
export function slider(ctx, label, { values, told = String, onInput, place = (value) => values.indexOf(value), entry }) {
  const id = uniqueId();
  const shown = entry ?? h("output", { class: "lw-slider-value", for: id });
  const input = h("input", {
    type: "range", id, min: 0, max: values.length - 1, step: 1,
    "aria-label": entry && t(`${label}, slider`, `${label}，滑块`),
  });
  ctx.listen(input, "input", () => onInput(values[Number(input.value)]));
  return {
    node: h("div", { class: "lw-slider" }, h("label", { class: "lw-label", for: entry?.id ?? id }, label), shown, input),
    input,
    set(value) {
      input.value = Math.max(0, place(value));
      input.setAttribute("aria-valuetext", told(value));
      if (!entry) shown.textContent = told(value);
    },
  };
}

/** The whole numbers from `least` to `most`. */
export function wholeNumbers(least, most) {
  return Array.from({ length: most - least + 1 }, (_, i) => least + i);
}
