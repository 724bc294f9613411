// What the widgets share besides arithmetic: mounting, languages, themes, controls, colour scales.
//
// A widget is `export default { render: (host) => mount(host, "its-name", build) }`; `build(ctx)`
// fills ctx.root. Text from the reader only ever becomes text nodes and values, never HTML.

// --- elements -----------------------------------------------------------------------------------

/** An element: h("button", {class: "lw-button", onclick: f}, "text", child, ...). A property that
 *  is null, undefined or false is left out; `style` is an object; "svg:path" makes SVG. */
export function h(tag, props = {}, ...children) {
  const node = tag.startsWith("svg:")
    ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4))
    : document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "style") for (const [k, v] of Object.entries(value)) node.style.setProperty(k, v);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

/** True where the page is Chinese. */
export function isChinese() {
  return document.documentElement.lang.toLowerCase().startsWith("zh");
}

/** The text in the page's language. */
export function t(en, zh) {
  return isChinese() ? zh : en;
}

let lastId = 0;

/** An id that no other element of the page has. */
export function uniqueId(prefix = "lw") {
  lastId += 1;
  return `${prefix}-${lastId}-${Math.random().toString(36).slice(2, 8)}`;
}

// --- mounting -----------------------------------------------------------------------------------

/** Puts a widget into its host element: `build(ctx)` may be async and may return a clean-up.
 *  The root says how it is going in data-state: loading, ready, error. Returns the clean-up.
 *
 *  ctx: root; model; t; get(key); sync({key: value, ...}) to the model and Python;
 *  watch(keys, callback) for changes from anywhere; listen(target, type, callback, options);
 *  redraw(callback) makes a function that runs the callback once in the next frame, however often
 *  it is called; onTheme(callback); onResize(node, callback); onCleanup(callback); color("--lw-in");
 *  say(text) to a screen reader; guard(callback), whose errors are shown in the widget;
 *  reducedMotion(). Everything that is listened to ends with the widget. */
export function mount({ model, el }, name, build) {
  const root = h("div", {
    class: "lw", "data-widget": name, "data-state": "loading", lang: isChinese() ? "zh-CN" : "en",
    "data-lm-suppress-shortcuts": "true", // or JupyterLab would take the arrow keys
  });
  el.append(root);
  const cleanups = [];
  let alive = true;

  const fail = (error) => {
    if (!alive) return;
    console.error(error);
    root.dataset.state = "error";
    root.querySelector(":scope > .lw-error")?.remove();
    root.prepend(h("p", { class: "lw-error", role: "alert" },
      t("This widget stopped: ", "此组件已停止："), String(error?.message ?? error)));
  };
  const guard = (callback) => (...args) => {
    try {
      const result = callback(...args);
      if (result instanceof Promise) return result.catch(fail);
      return result;
    } catch (error) {
      return fail(error);
    }
  };

  const ctx = {
    root, model, t, guard, fail,
    get: (key) => model.get(key),
    sync(changes) {
      for (const [key, value] of Object.entries(changes)) model.set(key, value);
      model.save_changes();
    },
    watch(keys, callback) {
      const safe = guard(callback);
      for (const key of [].concat(keys)) {
        model.on(`change:${key}`, safe);
        cleanups.push(() => model.off(`change:${key}`, safe));
      }
    },
    listen(target, type, callback, options) {
      const safe = guard(callback);
      target.addEventListener(type, safe, options);
      cleanups.push(() => target.removeEventListener(type, safe, options));
    },
    redraw(callback) {
      const safe = guard(callback);
      let frame = 0;
      cleanups.push(() => cancelAnimationFrame(frame));
      return () => {
        if (!frame && alive) frame = requestAnimationFrame(() => { frame = 0; safe(); });
      };
    },
    onTheme(callback) {
      const observer = new MutationObserver(guard(callback));
      const attributeFilter = ["data-theme", "data-jp-theme-light", "theme", "class"];
      for (const node of [document.documentElement, document.body]) {
        observer.observe(node, { attributes: true, attributeFilter });
      }
      cleanups.push(() => observer.disconnect());
    },
    onResize(node, callback) {
      const observer = new ResizeObserver(guard(callback));
      observer.observe(node);
      cleanups.push(() => observer.disconnect());
    },
    onCleanup: (callback) => cleanups.push(callback),
    color: (variable) => getComputedStyle(root).getPropertyValue(variable).trim(),
    reducedMotion: () => matchMedia("(prefers-reduced-motion: reduce)").matches,
    say: () => {},
  };
  const end = () => {
    alive = false;
    for (const cleanup of cleanups.splice(0).reverse()) cleanup();
    root.remove();
  };

  // JupyterLab puts an element in its page after it was drawn: until then nothing has a colour or a
  // size. On a page that is there the build starts at once.
  const start = () => {
    if (!alive) return;
    if (root.isConnected) begin();
    else requestAnimationFrame(start);
  };
  const begin = guard(async () => {
    // A build without awaiting is ready at once: a synchronous error or result, no extra tick.
    const result = build(ctx);
    const done = (cleanup) => {
      if (typeof cleanup === "function") cleanups.push(cleanup);
      const live = h("div", { class: "lw-hidden", "aria-live": "polite" });
      root.append(live);
      let timer = 0;
      // Spoken once things rest, so that a held arrow key does not read out every step.
      ctx.say = (text) => {
        clearTimeout(timer);
        timer = setTimeout(() => { live.textContent = text; }, 500);
      };
      cleanups.push(() => clearTimeout(timer));
      if (root.dataset.state === "loading") root.dataset.state = "ready";
      if (!alive) end();
    };
    if (result instanceof Promise) done(await result);
    else done(result);
  });
  start();
  return end;
}

// --- data ---------------------------------------------------------------------------------------

/** The bytes of a synced bytes trait, whatever the front end made of it. */
export function bytesOf(value) {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return new Uint8Array(value ?? 0);
}

/** The bytes as float32 values (little-endian, as NumPy's "<f4"). */
export function float32Of(value) {
  return new Float32Array(bytesOf(value).slice().buffer);
}

const ASSET_SECONDS = 20; // a busy kernel answers late, a missing one never

/** The bytes of one of widgets/assets.py's ASSETS: from the page's own files where the book
 *  set globalThis.lwAssetBase (a script, since file:// lets a page load nothing else), from the
 *  kernel otherwise. */
export function loadAsset(model, name) {
  return new Promise((resolve, reject) => {
    const missing = () => reject(new Error(t(
      `“${name}” could not be loaded: neither the book's files nor a running kernel answered.`,
      `无法加载“${name}”：书中的文件和运行中的内核都没有应答。`,
    )));
    const timer = setTimeout(missing, ASSET_SECONDS * 1000);
    const settle = (finish, value) => { clearTimeout(timer); finish(value); };
    if (globalThis.lwAssetBase !== undefined) {
      clearTimeout(timer); // a script tells when it cannot be had; a slow line is no reason to give up
      globalThis.lwAsset ??= (key, base64) => { globalThis.lwAsset[`file:${key}`] = base64; };
      const answer = () => {
        const base64 = globalThis.lwAsset[`file:${name}`];
        if (base64 === undefined) return settle(missing);
        return settle(resolve, Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));
      };
      if (globalThis.lwAsset[`file:${name}`] !== undefined) return answer();
      document.head.append(h("script", {
        src: `${globalThis.lwAssetBase}/${name}.js`, onload: answer, onerror: () => settle(missing),
      }));
      return undefined;
    }
    const listen = (message, buffers) => {
      if (message?.type !== "asset" || message.name !== name) return;
      model.off("msg:custom", listen);
      if (message.error || !buffers?.length) settle(missing);
      else settle(resolve, bytesOf(buffers[0]));
    };
    model.on("msg:custom", listen);
    model.send({ type: "asset", name });
    return undefined;
  });
}

// --- colour scales ------------------------------------------------------------------------------

// Anchors (position 0..255, colour) of matplotlib's RdBu_r and cividis: interpolated in between,
// equal to matplotlib's tables within 3 of 255 levels (tests/js/test_ui.py).
const ANCHORS = {
  diverging: [[0, "053061"], [25.5, "2166ac"], [51, "4393c3"], [76.5, "92c5de"], [102, "d1e5f0"],
    [127.5, "f7f7f7"], [153, "fddbc7"], [178.5, "f4a582"], [204, "d6604d"], [229.5, "b2182b"],
    [255, "67001f"]],
  magnitude: [[0, "00224e"], [21, "003170"], [23, "013271"], [28, "123570"], [34, "1e3a6f"],
    [52, "36466c"], [84, "565c6d"], [126, "7b7a78"], [147, "8f8a78"], [179, "aea371"],
    [205, "c9b965"], [232, "e7d150"], [251, "fde334"], [255, "fee838"]],
  gray: [[0, "000000"], [255, "ffffff"]],
};

// 256 colours a scale, each one 32-bit number as a canvas stores it (on little-endian machines).
const TABLES = Object.fromEntries(Object.entries(ANCHORS).map(([name, anchors]) => {
  const colors = new Uint8ClampedArray(4 * 256).fill(255);
  for (let level = 0, a = 0; level < 256; level++) {
    while (anchors[a + 1][0] < level) a += 1;
    const [[from, low], [to, high]] = [anchors[a], anchors[a + 1]];
    for (let channel = 0; channel < 3; channel++) {
      const [x, y] = [low, high].map((hex) => parseInt(hex.slice(2 * channel, 2 * channel + 2), 16));
      colors[4 * level + channel] = x + ((y - x) * (level - from)) / (to - from);
    }
  }
  return [name, new Uint32Array(colors.buffer)];
}));

/** Colour [r, g, b] of a value on a scale: "diverging" from -max to max, zero in the middle;
 *  "magnitude" and "gray" from 0 to max. */
export function colorOf(scale, value, max = 1) {
  const unit = scale === "diverging" ? (value / max + 1) / 2 : value / max;
  const level = Math.max(0, Math.min(255, Math.floor((max > 0 ? unit : 0.5) * 256)));
  const color = TABLES[scale][level];
  return [color & 255, (color >> 8) & 255, (color >> 16) & 255];
}

/** CSS colour, and the ink (black or white) that reads best on it. */
export function paint(scale, value, max = 1) {
  const [r, g, b] = colorOf(scale, value, max);
  // Relative luminance as WCAG 2 defines it; above 0.179 black has the higher contrast.
  const [R, G, B] = [r, g, b].map((c) => (
    c <= 10 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  const dark = 0.2126 * R + 0.7152 * G + 0.0722 * B < 0.179;
  return { background: `rgb(${r} ${g} ${b})`, ink: dark ? "#ffffff" : "#000000" };
}

/** Draws values, one canvas pixel each; CSS sizes the canvas. values: H * W, rows last. */
export function drawMap(canvas, values, [H, W], { scale = "gray", max = 1 } = {}) {
  if (canvas.width !== W || canvas.height !== H) Object.assign(canvas, { width: W, height: H });
  const image = new ImageData(W, H);
  const pixels = new Uint32Array(image.data.buffer);
  const table = TABLES[scale];
  const factor = max > 0 ? (scale === "diverging" ? 128 : 256) / max : 0;
  const zero = scale === "diverging" || max <= 0 ? 128 : 0;
  for (let i = 0; i < pixels.length; i++) {
    const level = Math.floor(values[i] * factor + zero);
    pixels[i] = table[level < 0 ? 0 : level > 255 ? 255 : level]; // NaN: none, so transparent
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** A legend that moves with its scale: {node, update({scale, max, labels})}; `labels` are
 *  placed from left to right. */
export function legend() {
  const bar = h("canvas", { class: "lw-legend-bar", "aria-hidden": "true" });
  const marks = h("div", { class: "lw-legend-marks" });
  const node = h("div", { class: "lw-legend" }, bar, marks);
  let drawn = "";
  return {
    node,
    update({ scale, max, labels }) {
      if (drawn !== scale) {
        const ramp = Float32Array.from({ length: 256 }, (_, i) => (i + 0.5) / 256);
        if (scale === "diverging") ramp.forEach((v, i) => { ramp[i] = 2 * v - 1; });
        drawMap(bar, ramp, [1, 256], { scale });
        drawn = scale;
      }
      const texts = labels ?? (scale === "diverging"
        ? [number(-max), "0", `+${number(max)}`] : ["0", number(max)]);
      if (marks.textContent !== texts.join("")) {
        marks.replaceChildren(...texts.map((text) => h("span", {}, text)));
      }
    },
  };
}

// --- numbers ------------------------------------------------------------------------------------

/** A number as a reader wants it: at most `digits` significant ones, a true minus sign. */
export function number(value, digits = 3) {
  if (Number.isNaN(value)) return "NaN";
  const decimals = Math.max(0, digits - Math.max(1, Math.floor(Math.log10(Math.abs(value) || 1)) + 1));
  const text = value.toFixed(decimals);
  const short = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  return (short === "-0" ? "0" : short).replace("-", "−");
}

/** A probability or a share, 0 to 1, as every widget shows it: "12.3%", "<0.1%", ">99.9%". */
export function probability(p) {
  if (Number.isNaN(p)) return "NaN";
  if (p === 0 || p === 1) return `${100 * p}%`;
  if (p < 0.0005) return "<0.1%";
  return p >= 0.9995 ? ">99.9%" : `${(100 * p).toFixed(1)}%`;
}

/** What a reader typed, as a number: "-1", "−1", "0,5", ".5", "1/9"; NaN if it is none. */
export function parseNumber(text) {
  const plain = text.trim().replace("−", "-").replace(",", ".");
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:\s*\/\s*(\d+\.?\d*))?$/.exec(plain);
  if (!match) return NaN;
  const value = Number(match[1]) / (match[2] === undefined ? 1 : Number(match[2]));
  return Number.isFinite(value) ? value : NaN;
}

// --- controls -----------------------------------------------------------------------------------
// Each returns {node, set(value)}; set shows a value without calling back.

/** A labelled choice. options: [[value, text], ...], or {label, options} for a group of them. */
export function select(label, options, onPick) {
  const id = uniqueId();
  const box = h("select", { class: "lw-select", id, onchange: () => onPick(box.value) });
  const entry = ([value, text]) => h("option", { value }, text);
  const fill = (list) => box.replaceChildren(...list.map((o) => (Array.isArray(o)
    ? entry(o) : h("optgroup", { label: o.label }, o.options.map(entry)))));
  fill(options);
  return {
    node: h("div", { class: "lw-field" }, h("label", { class: "lw-label", for: id }, label), box),
    box, fill,
    set(value) { if (box.value !== String(value)) box.value = value; },
  };
}

/** A whole number with a button on either side. */
export function stepper(label, { min, max }, onChange) {
  let value = min;
  const name = h("span", { class: "lw-label" }, label);
  const shown = h("output", { class: "lw-stepper-value" });
  const less = h("button", {
    type: "button", class: "lw-icon-button", "aria-label": t(`less ${label}`, `减小${label}`),
    onclick: () => value > min && onChange(value - 1),
  }, "−");
  const more = h("button", {
    type: "button", class: "lw-icon-button", "aria-label": t(`more ${label}`, `增大${label}`),
    onclick: () => value < max && onChange(value + 1),
  }, "+");
  const node = h("div", { class: "lw-field", role: "group", "aria-label": label },
    name, h("div", { class: "lw-stepper" }, less, shown, more));
  return {
    node,
    set(next) {
      value = next;
      shown.textContent = next;
      // Not `disabled`: a button that is pressed to its end must keep the focus.
      less.setAttribute("aria-disabled", String(next <= min));
      more.setAttribute("aria-disabled", String(next >= max));
    },
  };
}

/** One of a few, side by side: native radio buttons, so the arrow keys work. */
export function segmented(label, options, onPick, { hideLabel = false } = {}) {
  const group = uniqueId();
  const inputs = options.map(([value]) => h("input", {
    type: "radio", name: group, value, onchange: () => onPick(value),
  }));
  const node = h("div", { class: "lw-field", role: "radiogroup", "aria-label": label },
    hideLabel ? null : h("span", { class: "lw-label" }, label),
    h("div", { class: "lw-segments" }, options.map(([, text], i) => (
      h("label", { class: "lw-segment" }, inputs[i], h("span", {}, text))))));
  return {
    node,
    set(value) {
      inputs.forEach((input, i) => { input.checked = options[i][0] === value; });
    },
  };
}

/** A switch with its text. */
export function toggle(label, onChange) {
  const box = h("input", { type: "checkbox", onchange: () => onChange(box.checked) });
  return {
    node: h("label", { class: "lw-toggle" }, box, h("span", {}, label)),
    set(value) { box.checked = Boolean(value); },
  };
}

const ICONS = {
  first: "M4 4v12M16 4 7 10l9 6z", back: "M14 4 5 10l9 6z", forward: "m6 4 9 6-9 6z",
  play: "m5 3 12 7-12 7z", pause: "M6 4v12M14 4v12", clear: "m5 5 10 10M15 5 5 15",
};

/** A button with a picture. name: one of first, back, forward, play, pause, clear. */
export function iconButton(name, label, onclick) {
  const path = h("svg:path", { d: ICONS[name] });
  const node = h("button", { type: "button", class: "lw-icon-button", "aria-label": label, title: label, onclick },
    h("svg:svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, path));
  return {
    node,
    set(next, text) {
      path.setAttribute("d", ICONS[next]);
      node.setAttribute("aria-label", text);
      node.title = text;
    },
  };
}

/** First, back, play or pause, forward. `step(n)` moves by n and returns whether it could;
 *  `perSecond()` is the pace, at most one step a second where the reader prefers reduced motion.
 *  Returns {node, stop(), playing()}; onState(playing) is told when it starts and stops. */
export function player(ctx, { step, first, perSecond = () => 4, onState = () => {} }) {
  let timer = 0;
  const stop = () => {
    if (!timer) return;
    clearTimeout(timer);
    timer = 0;
    play.set("play", t("play", "播放"));
    onState(false);
  };
  const tick = ctx.guard(() => {
    if (!step(1)) return stop();
    timer = setTimeout(tick, 1000 / (ctx.reducedMotion() ? Math.min(1, perSecond()) : perSecond()));
    return undefined;
  });
  const start = () => {
    timer = -1;
    play.set("pause", t("pause", "暂停"));
    onState(true);
    tick();
  };
  const play = iconButton("play", t("play", "播放"), () => (timer ? stop() : start()));
  const node = h("div", { class: "lw-player", role: "group", "aria-label": t("move the window", "移动窗口") },
    iconButton("first", t("to the start", "回到开头"), () => { stop(); first(); }).node,
    iconButton("back", t("one step back", "后退一步"), () => { stop(); step(-1); }).node,
    play.node,
    iconButton("forward", t("one step on", "前进一步"), () => { stop(); step(1); }).node);
  ctx.onCleanup(stop);
  ctx.listen(document, "visibilitychange", () => document.hidden && stop());
  return { node, stop, playing: () => timer !== 0 };
}

/** Pointer and keys over a picture that is a grid. The element gets the focus; `place(u, v)` turns
 *  a point (0..1 from left and top) into a place; hovering calls preview(place), leaving leave(),
 *  a press or drag hold(place), an arrow, Page or Home/End key step(rows, columns, key).
 *  Dragging a finger sideways holds; up and down still scrolls the page. */
export function steer(ctx, node, { place, preview, leave, hold, step }) {
  const at = (event) => {
    const box = node.getBoundingClientRect();
    const clamp = (x) => Math.max(0, Math.min(1 - 1e-9, x));
    return place(clamp((event.clientX - box.left) / box.width), clamp((event.clientY - box.top) / box.height));
  };
  ctx.listen(node, "pointerdown", (event) => {
    if (event.button !== 0) return;
    node.setPointerCapture(event.pointerId);
    hold(at(event));
  });
  ctx.listen(node, "pointermove", (event) => {
    if (event.buttons & 1) hold(at(event));
    else if (event.pointerType === "mouse") preview(at(event));
  });
  ctx.listen(node, "pointerleave", () => leave());
  const keys = {
    ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
    PageUp: [-10, 0], PageDown: [10, 0], Home: [0, -Infinity], End: [0, Infinity],
  };
  ctx.listen(node, "keydown", (event) => {
    if (!keys[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const far = event.shiftKey ? 10 : 1;
    step(...keys[event.key].map((n) => n * far));
  });
}
