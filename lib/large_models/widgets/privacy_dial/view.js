// Two attacks, false alarms held fixed: histograms of what an attack sees, and its ROC.
// Python's side: __init__.py; what follows from the choices: model.js.
import { h, mount, probability, segmented, slider, t } from "../kit/mod.js";
import { histogramPart, rocPart } from "./charts.js";
import { dialModel, wayText } from "./model.js";

/** Names and numbers, in two lists: {first, rest, show(values)}. */
function numbersPart() {
  const values = {};
  const row = (key, label, kind = "") => {
    values[key] = h("span", { class: "pd-value" });
    return h("div", { class: "pd-row" }, h("span", { class: kind }, label), values[key]);
  };
  return {
    first: h("div", { class: "pd-rows pd-first" },
      row("found", t("members found", "找出的成员"), "pd-key pd-key-members"),
      row("wrong", t("others called members (guessing finds as many)", "误判为成员的他人（瞎猜也能找出这么多）"),
        "pd-key pd-key-others"),
      row("most", t("the promise allows at most", "承诺允许的上限"))),
    rest: h("div", { class: "pd-rows" },
      row("area", t("AUC, 48 networks", "AUC，48 个网络")),
      row("accuracy", t("accuracy on held-out digits", "留出数字上的准确率")),
      row("epsilon", t("ε, with δ = 0.0001", "ε，δ = 0.0001"))),
    show(texts) { for (const [key, text] of Object.entries(texts)) values[key].textContent = text; },
  };
}

function build(ctx) {
  const model = dialModel(ctx.get);
  let spoken = false; // what the reader changes is read out, what Python changes is not
  const change = (key) => (value) => {
    spoken = true;
    ctx.sync({ [key]: value });
  };
  const controls = {
    attack: segmented(t("Attack", "攻击"), [["loss", t("loss", "损失")], ["lira", "LiRA"]], change("attack")),
    whose: segmented(t("Among", "对谁"), [["all", t("all", "全部")], ["odd", t("those who stand out", "与众不同者")]],
      change("whose")),
    way: slider(ctx, t("Training", "训练方式"), { values: model.ways, told: wayText, onInput: change("way") }),
    false_alarms: slider(ctx, t("False alarms", "误报"), {
      values: model.shares, told: probability, onInput: change("false_alarms"),
    }),
  };
  const numbers = numbersPart();
  const histogram = histogramPart(ctx, () => draw());
  const roc = rocPart();

  const draw = ctx.redraw(() => {
    const view = model.view();
    for (const [key, control] of Object.entries(controls)) control.set(view[key]);
    histogram.show(view, model.histogram(histogram.width()));
    roc.show(model.roc());
    numbers.show(view.values);
    if (spoken) ctx.say(view.said);
    spoken = false;
  });
  ctx.root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("change the attack from loss to LiRA, and watch the members found.", "把攻击从“损失”换成 LiRA，看找出的成员比例。")),
    h("div", { class: "pd-top" }, controls.attack.node, controls.whose.node),
    h("div", { class: "pd-top" }, controls.way.node, controls.false_alarms.node),
    numbers.first,
    h("div", { class: "pd-views" },
      h("div", { class: "pd-left" }, histogram.node, numbers.rest), h("div", { class: "pd-right" }, roc.node)));
  ctx.watch(["way", "attack", "whose", "false_alarms"], draw);
  ctx.onTheme(draw);
  draw();
}

export default { render: (host) => mount(host, "privacy-dial", build) };
