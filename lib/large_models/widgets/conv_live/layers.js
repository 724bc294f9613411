// Both convolution layers: tiles, each a button with its pictures. The first layer's can be switched
// off and opened.
import { h, legend, t } from "../kit/mod.js";
import { arrows, captions, frame, head, hovering, setName } from "./parts.js";

/** A layer's tiles; `kinds` are its pictures from left to right, `map` is the one that an arrow key
 *  steps through. onOpen(channel, byKey) is told of a press. */
function tilesOf(ctx, model, act, { group, channels, kinds, map, onOpen = () => {} }) {
  const tiles = Array.from({ length: channels }, (_, channel) => {
    const frames = kinds.map((kind) => frame(`cl-${kind}`));
    const node = h("button", { type: "button", class: "cl-tile" }, frames.map((each) => each.node));
    const whole = { layer: map, channel };
    const itemAt = (event) => {
      const n = frames.findIndex((each) => each.node.contains(event.target));
      if (kinds[n] === "kernel1") return whole;
      const [layer, at] = n < 0 ? [map, frames[kinds.indexOf(map)]] : [kinds[n], frames[n]];
      const [row, column] = at.at(event);
      return { layer, channel, row, column };
    };
    hovering(ctx, node, act, itemAt);
    ctx.listen(node, "focus", () => { if (node.matches(":focus-visible")) act.pin(whole, true); });
    ctx.listen(node, "click", (event) => {
      const byKey = event.detail === 0;
      act.pin(byKey ? whole : itemAt(event));
      onOpen(channel, byKey);
    });
    return { node, frames };
  });
  arrows(ctx, tiles.map(({ node }) => node), {
    to: (n, key) => model.neighbour(group, n, key),
    shifted: (n, key) => act.pin(model.stepInMap(map, n, key), true),
  });
  return tiles;
}

/** {first, second: nodes, frames by kind, tiles: nodes by layer, show(view), focus(channel)}. */
export function layersPart(ctx, model, act) {
  const [kinds1, kinds2] = [["kernel1", "conv1", "pool1"], ["conv2", "pool2"]];
  const one = tilesOf(ctx, model, act, { group: "first", channels: model.C1, kinds: kinds1, map: "conv1", onOpen: act.open });
  const two = tilesOf(ctx, model, act, { group: "second", channels: model.C2, kinds: kinds2, map: "conv2" });
  const switches = one.map((_, channel) => {
    const box = h("input", { type: "checkbox", "aria-label": t(`channel ${channel + 1} on`, `启用通道 ${channel + 1}`) });
    ctx.listen(box, "change", () => act.switchChannel(channel, box.checked));
    return box;
  });
  const frames = Object.fromEntries([
    ...kinds1.map((kind, n) => [kind, one.map((tile) => tile.frames[n])]),
    ...kinds2.map((kind, n) => [kind, two.map((tile) => tile.frames[n])]),
  ]);
  const scales = Object.fromEntries(["conv1", "pool1", "conv2", "pool2"].map((name) => [name, legend()]));
  const nodes = (tiles) => tiles.map(({ node }) => node);
  const [map, pool] = [t("map", "特征图"), t("pool", "池化")];
  return {
    frames, tiles: { one: nodes(one), two: nodes(two) },
    first: h("div", { class: "cl-layer cl-1" },
      head("learned", t("Layer 1", "第 1 层"), captions(t("kernel", "卷积核"), map, pool)),
      h("div", { class: "cl-tiles", role: "group", "aria-label": t("first layer", "第一层") },
        one.map(({ node }, n) => h("div", { class: "cl-row" }, h("label", { class: "cl-switch" }, switches[n]), node))),
      h("div", { class: "cl-scales" }, scales.conv1.node, scales.pool1.node)),
    second: h("div", { class: "cl-layer cl-2" },
      head("learned", t("Layer 2", "第 2 层"), captions(map, pool, map, pool)),
      h("div", { class: "cl-tiles", role: "group", "aria-label": t("second layer", "第二层") }, nodes(two)),
      h("div", { class: "cl-scales" }, scales.conv2.node, scales.pool2.node)),
    focus: (channel) => one[channel].node.focus(),
    show(view) {
      for (const [kind, pictures] of Object.entries(view.pictures)) {
        pictures.forEach((picture, channel) => frames[kind][channel].draw(picture));
      }
      for (const [name, scale] of Object.entries(view.scales)) scales[name].update(scale);
      view.first.forEach(({ off, open, name }, channel) => {
        one[channel].node.classList.toggle("cl-off", off);
        one[channel].node.setAttribute("aria-current", String(open));
        setName(one[channel].node, name);
        switches[channel].checked = !off;
      });
      view.second.forEach(({ name }, channel) => setName(two[channel].node, name));
    },
  };
}
