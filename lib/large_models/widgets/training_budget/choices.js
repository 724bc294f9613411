// What is chosen for a plan: a published one, the machine, how the work is split.
import { h, segmented, select, t } from "../kit/mod.js";

/** All choices: {plans, ways, precision: nodes for their places, show(view)}. */
export function choicesPart(ctx, { model, change }) {
  const named = (names) => names.map((name) => [name, name]);
  const preset = select(t("Plan", "方案"), [["", t("my own plan", "自己的方案")], ...named(model.published)],
    ctx.guard((name) => change(model.chosen(name))));
  const one = (key, label, options) => segmented(label, options, (value) => change({ [key]: value }));
  const choices = {
    machine: select(t("Machine", "机器"), named(model.machines), (machine) => change({ machine })),
    precision: one("precision", t("Precision", "精度"), [["bf16", t("16 bits, mixed", "16 位混合")], ["fp32", "fp32"]]),
    zero: one("zero", t("Copies (data parallel)", "副本（数据并行）"),
      [[0, t("whole", "完整")], [1, "ZeRO 1"], [2, "ZeRO 2"], [3, t("3 = FSDP", "3 即 FSDP")]]),
    recompute: one("recompute", t("Recompute", "重新计算"),
      [["none", t("nothing", "不重算")], ["attention", t("attention", "注意力")], ["all", t("all", "全部")]]),
  };
  const split = (key, label) => select(label, [], ctx.guard((value) => change(model.splitBy(key, Number(value)))));
  const splits = {
    pipeline: split("pipeline", t("Pipeline stages p", "流水线级数 p")),
    tensor: split("tensor", t("Tensor parallel t", "张量并行 t")),
  };
  const row = (...controls) => h("div", { class: "tb-choices" }, controls.map((control) => control.node));
  return {
    plans: row(preset, choices.machine),
    ways: row(splits.pipeline, splits.tensor, choices.zero, choices.recompute),
    precision: row(choices.precision),
    show(view) {
      preset.set(view.preset);
      for (const [key, control] of Object.entries(choices)) control.set(view.choices[key]);
      for (const [key, control] of Object.entries(splits)) {
        control.fill(named(view.splits[key].ways));
        control.set(view.splits[key].value);
      }
    },
  };
}
