// Drag the number of labels: curves and confusion. Python's side: __init__.py; what follows: model.js.
import { h, mount, segmented, slider, t } from "../kit/mod.js";
import { countText, curvesModel } from "./model.js";
import { curvesPart, rowsPart, tablePart } from "./parts.js";

function build(ctx) {
  const model = curvesModel(ctx.get);
  let spoken = false; // what the reader changes is read out, what Python changes is not
  const change = (values) => {
    spoken = true;
    ctx.sync(values);
  };
  const task = segmented(t("Task", "任务"),
    [["packages", t("which library", "哪个库")], ["sections", t("which section", "哪一节")]], (value) => change({ task: value }));
  const count = slider(ctx, t("Labels", "标注"), {
    values: model.counts, told: countText,
    onInput: (value) => change({ count: value === "all" ? value : Number(value) }),
  });
  const curves = curvesPart(ctx, () => draw());
  const rows = rowsPart(ctx, model.ways, (way) => change({ way }));
  const table = tablePart();

  const draw = ctx.redraw(() => {
    const view = model.view();
    task.set(view.task);
    count.set(view.count);
    curves.show(model.plot(curves.width()));
    rows.show(view.rows);
    table.show(view.table);
    if (spoken) ctx.say(view.said);
    spoken = false;
  });
  ctx.root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("drag the slider from 0 labels to all of them. Who is ahead, and when?", "把滑块从 0 个标注拖到全部。谁领先，在什么时候？")),
    h("div", { class: "lc-top" }, task.node, count.node),
    curves.node,
    h("p", { class: "lc-note lw-quiet" }, t("The share found for each label, averaged over the labels, on test files. Vertical bars: one standard deviation over five seeds. Dotted line: guessing.",
      "测试文件上各标签找回比例的平均；竖线：五个种子的一个标准差；点线：瞎猜。")),
    rows.node, table.node);
  ctx.watch(["task", "count", "way"], draw);
  ctx.onTheme(draw);
  draw();
}

export default { render: (host) => mount(host, "label-curves", build) };
