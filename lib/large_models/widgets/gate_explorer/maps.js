// The heat maps of units and steps, and their legends.
import { mapNames } from "./model.js";
import { drawMap, h, legend, t } from "../kit/mod.js";

/** One map: {node, draw(map)}. */
function mapPart(key, name, steered) {
  const plain = key === "rnn"; // its units are others: only the step is common
  const keys = plain ? t("Arrow keys: left and right another step.", "左右键换时间步。")
    : t("Arrow keys: up and down another unit, left and right another step.", "上下键换单元，左右键换时间步。");
  const canvas = h("canvas", { class: "ge-canvas", "aria-hidden": "true" });
  const frame = h("div", {
    class: "ge-map", tabindex: "0", role: "application",
    "aria-roledescription": t("map of units and steps", "单元与时间步的热图"),
    "aria-label": plain ? `${name}. ${keys}` : `${key}, ${name}. ${keys}`,
  }, canvas, plain ? null : h("i", { class: "ge-unit" }), h("i", { class: "ge-now" }));
  steered(frame, !plain);
  const title = h("div", { class: "ge-title" }, plain ? name : [h("b", { class: `ge-${key}` }, key), ` ${name}`]);
  return {
    node: h("div", { class: `ge-panel ge-panel-${key}` }, title, frame),
    draw: ({ values, shape, scale, max }) => drawMap(canvas, values, shape, { scale, max }),
  };
}

/** All of them: {node, show(maps)}; `steered(node, rows)` lets pointer and keys move the cursor there,
 *  `order` is the control that belongs to them. */
export function mapsPart({ steered, order }) {
  const maps = Object.fromEntries([...mapNames(), ["rnn", t("state of the plain RNN", "普通 RNN 的隐藏状态")]]
    .map(([key, name]) => [key, mapPart(key, name, steered)]));
  const { rnn, ...own } = maps;
  const legends = [legend(), legend(), legend()];
  return {
    node: h("div", { class: "ge-maps" }, Object.values(own).map(({ node }) => node),
      h("div", { class: "ge-legends" }, order, legends.map(({ node }) => node)), rnn.node),
    show({ maps: list, legends: scales }) {
      for (const map of list) maps[map.key].draw(map);
      scales.forEach((scale, i) => legends[i].update(scale));
    },
  };
}
