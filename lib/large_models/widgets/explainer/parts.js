// What both sides of the Explainer have in common: bars of which one is explained, and work that
// leaves the page alive.
import { bar, h, uniqueId } from "../kit/mod.js";

/** Bars of the answers, each a radio button: the one that is checked is explained. */
export function answerBars(label, names, onPick) {
  const group = uniqueId();
  const rows = names.map((name, i) => {
    const row = bar(name);
    const radio = h("input", { type: "radio", name: group, value: i, onchange: () => onPick(i) });
    return { ...row, radio, node: h("label", { class: "xp-answer" }, radio, row.parts) };
  });
  return {
    node: h("div", { class: "xp-answers", role: "radiogroup", "aria-label": label }, rows.map(({ node }) => node)),
    show(view) {
      view.forEach(({ share, text, best, chosen }, i) => {
        rows[i].radio.checked = chosen;
        rows[i].node.classList.toggle("xp-best", best);
        rows[i].set(share, text);
      });
    },
  };
}

const FRAME_WORK = 10; // milliseconds of a frame

/** Runs generators piece by piece, so that the page stays alive: start(generator) ends the one
 *  before. A piece is what lies between two yields; onNews is called where one yields true. */
export function inFrames(ctx, onNews = () => {}) {
  let frame = 0;
  ctx.onCleanup(() => cancelAnimationFrame(frame));
  return (work) => {
    cancelAnimationFrame(frame);
    const go = ctx.guard(() => {
      frame = 0;
      const end = performance.now() + FRAME_WORK;
      do {
        const { done, value } = work.next();
        if (done) return;
        if (value) onNews();
      } while (performance.now() < end);
      frame = requestAnimationFrame(go);
    });
    go();
  };
}
