// One answer under every method side by side. Python's side: explainer.py.
import { digitSide } from "./explainer_digit.js";
import { sentenceSide } from "./explainer_sentence.js";
import { h, mount, segmented, t } from "./ui.js";

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
      ? t("drag the pixels to erase, and point at the pictures. Which one knew what mattered?", "拖动要擦掉的像素数，并指向各张图。哪张图知道什么重要？")
      : t("press a token to hide it. Did the attention know? Then write a sentence of your own.", "按一个词元把它藏起来。注意力知道吗？再写一句您自己的话。");
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
