// What the reader sets: the tab, the kernel by name and size, how the window moves.
import { menuOf, nameOf, picked, resized } from "./kernel_model.js";
import { h, segmented, select, stepper, t, toggle } from "../kit/mod.js";

/** The controls: {tabs, clip, speeds: nodes, convolution, pooling: lists of nodes, pace(), show()}.
 *  onTab(tab) and onKernel(traits) are what the reader chooses; pace() is in steps a second. */
export function settingsPart(ctx, { onTab, onKernel }) {
  const { get } = ctx;
  const kernels = get("_kernels");

  const tabs = segmented(t("Layer", "层"), [
    ["convolution", t("Convolution", "卷积")], ["pooling", t("Pooling", "池化")],
  ], onTab, { hideLabel: true });
  const picker = select(t("Kernel", "卷积核"), menuOf(kernels), (name) => {
    if (name === "own") picker.set(nameOf(kernels, get("kernel")));
    else onKernel(picked(kernels, name));
  });
  const sizes = segmented(t("Size", "大小"), [[3, "3 × 3"], [5, "5 × 5"]], (K) => {
    ctx.sync({ kernel: resized(get("kernel"), K) });
  });
  const whole = (key, label, min, max) => (
    { key, ...stepper(label, { min, max }, (value) => ctx.sync({ [key]: value })) });
  const steppers = [
    whole("stride", t("stride", "步幅"), 1, 4), whole("padding", t("padding", "填充"), 0, 6),
    whole("dilation", t("dilation", "膨胀"), 1, 3),
  ];
  const hops = [whole("pool_window", t("window", "窗口"), 2, 4), whole("pool_stride", t("stride", "步幅"), 1, 4)];
  const modes = segmented(t("Take the", "取"), [
    ["max", t("largest", "最大值")], ["average", t("mean", "平均值")],
  ], (pool) => ctx.sync({ pool }));
  const clip = toggle(t("cut to 0–255 like a photo", "像照片一样截到 0–255"), (on) => ctx.sync({ clip: on }));
  let pace = 3;
  const speeds = segmented(t("Pace", "速度"), [[3, t("slow", "慢")], [30, t("fast", "快")]], (value) => {
    pace = value;
  }, { hideLabel: true });
  speeds.set(pace);

  const nodes = (controls) => controls.map(({ node }) => node);
  return {
    tabs: tabs.node, clip: clip.node, speeds: speeds.node, pace: () => pace,
    convolution: [picker.node, sizes.node, ...nodes(steppers)], pooling: [modes.node, ...nodes(hops)],
    show() {
      for (const control of [...steppers, ...hops]) control.set(get(control.key));
      modes.set(get("pool"));
      clip.set(get("clip"));
      tabs.set(get("tab"));
      picker.set(nameOf(kernels, get("kernel")));
      sizes.set(get("kernel").length);
    },
  };
}

/** The size of the output, in words and in numbers: {node, show(formula)}. */
export function formulaPart() {
  const node = h("p", { class: "ke-formula" });
  const parts = (line) => line.map((part) => (
    Array.isArray(part) ? h("span", { class: `lw-${part[1]}` }, part[0]) : part));
  return {
    node,
    show({ label, words, numbers, result }) {
      node.replaceChildren(
        h("span", { class: "lw-label" }, label), h("span", {}, parts(words)),
        h("span", {}, "= ", parts(numbers), "\u00a0=\u00a0", h("b", { class: "lw-out" }, result)));
    },
  };
}
