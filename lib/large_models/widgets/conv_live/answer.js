// The ten probabilities, and the verdict.
import { bar, h, t } from "../kit/mod.js";
import { arrows, head, hovering } from "./parts.js";

/** {node, bars: nodes, show(view)}. */
export function answerPart(ctx, model, act) {
  const rows = Array.from({ length: 10 }, (_, digit) => {
    const row = bar(digit);
    const node = h("button", { type: "button", class: "cl-bar" }, row.parts);
    const item = { layer: "output", channel: digit };
    hovering(ctx, node, act, () => item);
    ctx.listen(node, "focus", () => { if (node.matches(":focus-visible")) act.pin(item, true); });
    ctx.listen(node, "click", () => act.pin(item));
    return { ...row, node };
  });
  const bars = rows.map(({ node }) => node);
  arrows(ctx, bars, { to: (n, key) => model.neighbour("bars", n, key) });
  const [winner, sure, remark] = [h("span", { class: "cl-winner" }), h("b", {}), h("span", { class: "cl-remark" })];
  const verdict = h("div", { class: "cl-verdict" }, winner, h("span", { class: "cl-words" }, sure, remark));
  return {
    bars,
    node: h("div", { class: "cl-answer" },
      head("out", t("Answer", "答案")), verdict,
      h("div", { class: "cl-bars", role: "group", "aria-label": t("ten probabilities", "十个概率") }, bars),
      h("p", { class: "cl-note lw-quiet" },
        t("It must choose one of ten: a scribble gets an answer too.", "它只能在十个数字里选：乱涂也会得到答案。"))),
    show(view) {
      view.rows.forEach(({ share, text, best }, digit) => {
        rows[digit].set(share, text);
        bars[digit].classList.toggle("cl-best", best);
      });
      verdict.classList.toggle("cl-wrong", view.wrong);
      winner.textContent = view.winner;
      sure.textContent = view.sure;
      remark.textContent = view.remark;
    },
  };
}
