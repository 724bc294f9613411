// A kernel slides over a photograph. Python's side, and what each trait means: __init__.py.
import { kernelPart } from "./kernel.js";
import * as model from "./model.js";
import { photosPart } from "./photos.js";
import { picturesPart } from "./pictures.js";
import { formulaPart, settingsPart } from "./settings.js";
import { answerPart, lensPart } from "./window.js";
import { h, mount, player, t } from "../kit/mod.js";

const REST = 150; // milliseconds after which a moved window is told to Python: a drag is one change

function build(ctx) {
  const { root, get } = ctx;
  let layer = null; // what the settings make of the photograph; null when something has changed
  let shown = null; // the layer that the pictures show
  let spot = [get("row"), get("col")];
  let hover = null; // the place under the mouse; the held one comes back when it leaves
  let spoken = false;
  let measured = false;
  let saving = 0;
  ctx.onCleanup(() => clearTimeout(saving));

  /** The layer now, null while there is no photograph yet. */
  function layerNow() {
    if (!layer && photos.pixels()) {
      layer = model.layerOf(Object.fromEntries(model.SETTINGS.map((key) => [key, get(key)])), photos.pixels());
    }
    return layer;
  }
  const place = () => model.placeOf(layerNow(), hover ?? spot);

  // --- moving the window ------------------------------------------------------------------------
  function moveTo(to) {
    if (!layerNow()) return;
    spot = model.within(layerNow(), to);
    hover = null;
    draw();
    clearTimeout(saving);
    saving = setTimeout(() => ctx.sync({ row: spot[0], col: spot[1] }), REST);
  }
  const look = (at) => { hover = at; draw(); };
  const moves = {
    placeUnder: (side, u, v) => layerNow() && model.placeUnder(layerNow(), side, u, v),
    preview: (at) => { if (!play.playing()) look(at); },
    leave: () => { if (hover) look(null); },
    hold(at) {
      play.stop();
      if (at) moveTo(at);
    },
    step(rows, columns) {
      if (!layerNow()) return;
      const { row, col } = place();
      play.stop();
      moveTo([row + rows, col + columns]);
      spoken = true;
    },
  };
  const play = player(ctx, {
    step(n) {
      const next = layerNow() && model.stepped(layerNow(), place(), n);
      if (next) moveTo(next);
      spoken ||= Boolean(next);
      return Boolean(next);
    },
    first: () => moveTo([0, 0]), perSecond: () => settings.pace(), onState: () => draw(),
  });

  // --- the parts --------------------------------------------------------------------------------
  const pictures = picturesPart(ctx, moves);
  const [lens, kernel, answer, formula] = [lensPart(), kernelPart(ctx), answerPart(), formulaPart()];
  const photos = photosPart(ctx, { onImage: renew });
  const settings = settingsPart(ctx, {
    onTab(tab) {
      spot = model.placeInTab(tab, spot, get("pool_stride"));
      ctx.sync({ tab, row: spot[0], col: spot[1] });
    },
    onKernel(traits) {
      ctx.sync(traits);
      kernel.restore();
    },
  });
  photos.drop(pictures.input.frame);
  pictures.input.below.append(play.node, settings.speeds);
  pictures.output.below.append(settings.clip);

  const panel = (tab, ...children) => h("div", { class: "ke-panel", "data-tab": tab }, children);
  root.append(
    h("div", { class: "ke-stack" },
      h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")), t(
        "choose another kernel, and watch the output. Then change one of its numbers.",
        "换一个卷积核，看输出怎样改变。再改变其中的一个数。")),
      photos.message),
    h("div", { class: "ke-bar" }, photos.menu, photos.file, settings.tabs),
    h("div", { class: "ke-grid" },
      pictures.input.node,
      h("div", { class: "ke-operator" }, panel("convolution", settings.convolution), panel("pooling", settings.pooling)),
      formula.node, pictures.output.node, lens.node,
      h("div", { class: "ke-weights" }, panel("convolution", kernel.node),
        panel("pooling", h("div", { class: "ke-title lw-learned" }, t("No kernel", "没有卷积核")),
          h("p", { class: "ke-none lw-quiet" },
            t("Pooling has no weights: nothing is learned here.", "池化没有权重：这里没有需要学习的东西。")))),
      answer.node),
    photos.credit);

  // --- drawing ----------------------------------------------------------------------------------
  function measure() {
    pictures.measure();
    lens.measure();
    measured = true;
  }
  const draw = ctx.redraw(() => {
    const now = layerNow();
    if (!now) return;
    if (!measured) measure();
    if (shown !== now) {
      shown = now;
      pictures.show(model.picturesOf(now));
      formula.show(model.formulaOf(now));
      kernel.show();
    }
    const at = place();
    const products = model.productsOf(now, at);
    pictures.mark(model.marksOf(now, at, pictures.side(), play.playing()));
    lens.show(model.lensOf(now, at, lens.width()));
    answer.show(products);
    if (spoken) ctx.say(products.said);
    spoken = false;
  });
  function renew() {
    root.dataset.tab = get("tab");
    settings.show();
    layer = null;
    draw();
  }

  ctx.watch(model.SETTINGS, renew);
  ctx.watch(["row", "col"], () => { spot = [get("row"), get("col")]; draw(); });
  const remeasure = () => { measure(); draw(); };
  ctx.onTheme(remeasure);
  ctx.onResize(root, remeasure);
  renew();
  return photos.follow();
}

export default { render: (host) => mount(host, "kernel-explorer", build) };
