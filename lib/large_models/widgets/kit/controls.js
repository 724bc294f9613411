// Controls. Each returns {node, set(value)}; set shows a value without calling back.
import { h, uniqueId } from "./elements.js";
import { t } from "./language.js";

/** A labelled choice. options: [[value, text], ...], or {label, options} for a group of them. */
export function select(label, options, onPick) {
  const id = uniqueId();
  const box = h("select", { class: "lw-select", id, onchange: () => onPick(box.value) });
  const entry = ([value, text]) => h("option", { value }, text);
  const fill = (list) => box.replaceChildren(...list.map((o) => (Array.isArray(o)
    ? entry(o) : h("optgroup", { label: o.label }, o.options.map(entry)))));
  fill(options);
  return {
    node: h("div", { class: "lw-field" }, h("label", { class: "lw-label", for: id }, label), box),
    box, fill,
    set(value) { if (box.value !== String(value)) box.value = value; },
  };
}

/** A whole number with a button on either side. */
export function stepper(label, { min, max }, onChange) {
  let value = min;
  const name = h("span", { class: "lw-label" }, label);
  const shown = h("output", { class: "lw-stepper-value" });
  const less = h("button", {
    type: "button", class: "lw-icon-button", "aria-label": t(`less ${label}`, `减小${label}`),
    onclick: () => value > min && onChange(value - 1),
  }, "−");
  const more = h("button", {
    type: "button", class: "lw-icon-button", "aria-label": t(`more ${label}`, `增大${label}`),
    onclick: () => value < max && onChange(value + 1),
  }, "+");
  const node = h("div", { class: "lw-field", role: "group", "aria-label": label },
    name, h("div", { class: "lw-stepper" }, less, shown, more));
  return {
    node,
    set(next) {
      value = next;
      shown.textContent = next;
      // Not `disabled`: a button that is pressed to its end must keep the focus.
      less.setAttribute("aria-disabled", String(next <= min));
      more.setAttribute("aria-disabled", String(next >= max));
    },
  };
}

/** One of a few, side by side: native radio buttons, so the arrow keys work. */
export function segmented(label, options, onPick, { hideLabel = false } = {}) {
  const group = uniqueId();
  const inputs = options.map(([value]) => h("input", {
    type: "radio", name: group, value, onchange: () => onPick(value),
  }));
  const node = h("div", { class: "lw-field", role: "radiogroup", "aria-label": label },
    hideLabel ? null : h("span", { class: "lw-label" }, label),
    h("div", { class: "lw-segments" }, options.map(([, text], i) => (
      h("label", { class: "lw-segment" }, inputs[i], h("span", {}, text))))));
  return {
    node,
    set(value) {
      inputs.forEach((input, i) => { input.checked = options[i][0] === value; });
    },
  };
}

/** A switch with its text. */
export function toggle(label, onChange) {
  const box = h("input", { type: "checkbox", onchange: () => onChange(box.checked) });
  return {
    node: h("label", { class: "lw-toggle" }, box, h("span", {}, label)),
    set(value) { box.checked = Boolean(value); },
  };
}

const ICONS = {
  first: "M4 4v12M16 4 7 10l9 6z", back: "M14 4 5 10l9 6z", forward: "m6 4 9 6-9 6z",
  play: "m5 3 12 7-12 7z", pause: "M6 4v12M14 4v12", clear: "m5 5 10 10M15 5 5 15",
};

/** A button with a picture. name: one of first, back, forward, play, pause, clear. */
export function iconButton(name, label, onclick) {
  const path = h("svg:path", { d: ICONS[name] });
  const node = h("button", { type: "button", class: "lw-icon-button", "aria-label": label, title: label, onclick },
    h("svg:svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, path));
  return {
    node,
    set(next, text) {
      path.setAttribute("d", ICONS[next]);
      node.setAttribute("aria-label", text);
      node.title = text;
    },
  };
}
