// One answer under every method side by side. Python's side: __init__.py.
import { digitSide } from "./digit.js";
import { sentenceSide } from "./sentence.js";
import { h, mount, segmented, t } from "../kit/mod.js";

function build(ctx) {
  const sides = { digit: digitSide(ctx), sentence: sentenceSide(ctx) };
  const modes = segmented(t("Explain", "解释"), [["digit", t("a digit", "一个数字")], ["sentence", t("a sentence", "一句话")]],
    (mode) => ctx.sync({ mode }), { hideLabel: true });
  const hint = h("span", {});
  ctx.root.append(
    h("div", { class: "xp-head" }, h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")), hint), modes.node),
    h("div", { class: "xp-sides" }, sides.digit.node, sides.sentence.node));
  function show() {
    const mode = ctx.get("mode");
    modes.set(mode);
    hint.textContent = mode === "digit"
      ? t("drag “erase the strongest”. Each picture loses its own strongest pixels, and the bold number is what is left of the answer.", "拖动“擦掉最强的”。每张图擦掉它自己最强的像素，粗体数字是回答还剩多少。")
      : t("press a token to hide it, and watch the answer. Which column saw it coming?", "按一个词元把它藏起来，看回答怎么变。哪一列事先知道？");
    for (const [name, { node }] of Object.entries(sides)) {
      node.classList.toggle("xp-away", name !== mode);
      node.inert = name !== mode;
    }
    if (mode === "sentence") sides.sentence.wake();
  }
  ctx.watch("mode", show);
  show();
  sides.digit.start();
  sides.sentence.start();
}

export default { render: (host) => mount(host, "explainer", build) };
