// What both sides of the Explainer have in common: a ruler, and bars of which one is explained.
import { h, number, probability, t, uniqueId } from "../kit/mod.js";

/** A labelled range: {node, set(value)}. values: what it goes through; told(value) says it. */
export function ruler(ctx, label, values, told, onChange) {
  const id = uniqueId();
  const shown = h("output", { class: "xp-shown", for: id });
  const range = h("input", { type: "range", id, min: 0, max: values.length - 1, step: 1 });
  ctx.listen(range, "input", () => onChange(values[Number(range.value)]));
  return {
    node: h("div", { class: "xp-ruler" }, h("label", { class: "lw-label", for: id }, label), shown, range),
    set(value) {
      range.value = values.indexOf(value);
      range.setAttribute("aria-valuetext", told(value));
      shown.textContent = told(value);
    },
  };
}

/** Bars of the answers, each a radio button: the one that is checked is explained. */
export function answerBars(label, names, onPick) {
  const group = uniqueId();
  const rows = names.map((name, i) => {
    const radio = h("input", { type: "radio", name: group, value: i, onchange: () => onPick(i) });
    const [fill, value] = [h("span", { class: "xp-fill" }), h("span", { class: "xp-percent" })];
    const node = h("label", { class: "xp-answer" }, radio, h("span", { class: "xp-name" }, name),
      h("span", { class: "xp-track", "aria-hidden": "true" }, fill), value);
    return { node, radio, fill, value };
  });
  return {
    node: h("div", { class: "xp-answers", role: "radiogroup", "aria-label": label }, rows.map(({ node }) => node)),
    /** p: probabilities, or null where there is no answer; chosen: which one is explained. */
    set(p, chosen) {
      const best = p ? p.indexOf(p.reduce((a, b) => Math.max(a, b), 0)) : -1;
      rows.forEach(({ node, radio, fill, value }, i) => {
        radio.checked = i === chosen;
        node.classList.toggle("xp-best", i === best);
        fill.style.inlineSize = p ? `${100 * p[i]}%` : "0";
        value.textContent = p ? probability(p[i]) : "";
      });
    },
  };
}

/** "99.2% → 12.0%". */
export function fall(before, after) {
  return `${probability(before)} → ${probability(after)}`;
}

/** What the parts of an explanation should sum to, and how far they are from it. */
export function sumText(span, gap) {
  const off = gap < 0.005 ? "<0.01" : number(gap, 2);
  return t(`should sum to ${number(span)}: off by ${off}`, `之和应为 ${number(span)}：相差 ${off}`);
}

export const METHOD_NAMES = () => ({
  saliency: t("saliency", "显著图"),
  times: t("gradient × input", "梯度×输入"),
  integrated: t("integrated gradients", "积分梯度"),
  occlusion: t("occlusion", "遮挡"),
  rollout: t("attention rollout", "注意力展开"),
  hide: t("lost if hidden", "藏起后失去"),
});

const FRAME_WORK = 10; // milliseconds of a frame

/** Runs generators piece by piece, so that the page stays alive: start(generator) ends the one
 *  before. A piece is what lies between two yields. */
export function inFrames(ctx) {
  let frame = 0;
  ctx.onCleanup(() => cancelAnimationFrame(frame));
  return (work) => {
    cancelAnimationFrame(frame);
    const go = ctx.guard(() => {
      frame = 0;
      const end = performance.now() + FRAME_WORK;
      do if (work.next().done) return; while (performance.now() < end);
      frame = requestAnimationFrame(go);
    });
    go();
  };
}
