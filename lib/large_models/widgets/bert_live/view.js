// Type a sentence, hide a word, and a BERT reads it in the page. Python's side: __init__.py.
import { barList, bertPanel } from "../bert_panel/view.js";
import { h, mount, t } from "../kit/mod.js";
import { about, librariesView } from "./model.js";

function build(ctx) {
  const labels = ctx.get("_labels");
  const bars = barList(labels.length);
  const panel = bertPanel(ctx, {
    asset: () => ctx.get("_asset"),
    head: ctx.get("_head"),
    suggestions: ["The axes of the figure", "Solve the equation for x", "The [MASK] of a [MASK] matrix."],
    onReading: (reading) => bars.show(librariesView(labels, reading.labels)),
  });
  ctx.root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("press another token. It is hidden, and the BERT says what belongs there.", "按另一个词元：它会被藏起来，BERT 说那里应是什么。")),
    panel.field, panel.words, panel.message,
    h("div", { class: "bp-two" }, panel.answers,
      h("div", {}, h("p", { class: "bp-title" }, t("Which library is this from?", "这句话出自哪个库")), bars.node)),
    h("div", { class: "bp-more" }, h("p", { class: "bp-title" }, t("Or try another sentence", "或换一句")), panel.tries),
    panel.maps,
    h("p", { class: "bp-verdict lw-quiet" }, about(ctx.get("_config"))));
  panel.start();
}

export default { render: (host) => mount(host, "bert-live", build) };
