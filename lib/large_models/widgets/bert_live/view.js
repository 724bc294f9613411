// Type a sentence, hide a word, and a BERT reads it in the page. Python's side: __init__.py.
import { bertBars, bertPanel } from "../bert_panel/view.js";
import { h, mount, t } from "../kit/mod.js";

function build(ctx) {
  const labels = ctx.get("_labels");
  const bars = bertBars(labels.length);
  const panel = bertPanel(ctx, {
    asset: () => ctx.get("_asset"),
    head: ctx.get("_head"),
    suggestions: ["The axes of the figure", "Solve the equation for x", "The [MASK] of a [MASK] matrix."],
    onReading: ({ labels: p }) => {
      const order = [...labels.keys()].sort((a, b) => p[b] - p[a]);
      bars.show(order.map((i) => [labels[i], p[i]]));
    },
  });
  ctx.root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("press another token. It is hidden, and the BERT says what belongs there.", "按另一个词元：它会被藏起来，BERT 说那里应是什么。")),
    panel.field, panel.words, panel.message,
    h("div", { class: "bp-two" }, panel.answers,
      h("div", {}, h("p", { class: "bp-title" }, t("Which library is this from?", "这句话出自哪个库")), bars.node)),
    h("div", { class: "bp-more" }, h("p", { class: "bp-title" }, t("Or try another sentence", "或换一句")), panel.tries),
    panel.maps,
    h("p", { class: "bp-verdict lw-quiet" }, t(
      `A BERT of ${(ctx.get("_config").parameters / 1e6).toFixed(2)} million parameters that has read the documentation of eight Python libraries and nothing else. Your text stays in this page.`,
      `一个有 ${Math.round(ctx.get("_config").parameters / 1e4)} 万参数的 BERT，只读过八个 Python 库的文档。您输入的文字不会离开本页。`)));
  panel.start();
}

export default { render: (host) => mount(host, "bert-live", build) };
