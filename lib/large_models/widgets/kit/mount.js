// A widget's life: it starts in its host element, listens, says how it is going, and ends.
//
// A widget is `export default { render: (host) => mount(host, "its-name", build) }`; `build(ctx)`
// fills ctx.root.
import { h } from "./elements.js";
import { isChinese, t } from "./language.js";

/** A variable's colour as "#rrggbb": where colours are forced it is the name of one of the system's. */
function hexOf(root, variable) {
  const value = getComputedStyle(root).getPropertyValue(variable).trim();
  if (value.startsWith("#")) return value;
  root.style.caretColor = value;
  const levels = getComputedStyle(root).caretColor.match(/\d+/g) ?? [];
  root.style.caretColor = "";
  return `#${levels.slice(0, 3).map((level) => Number(level).toString(16).padStart(2, "0")).join("")}`;
}

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
      if (!globalThis.ResizeObserver) { // the window's size is what there is to go by
        ctx.listen(globalThis, "resize", callback);
        return ctx.redraw(callback)();
      }
      const observer = new ResizeObserver(guard(callback));
      observer.observe(node);
      return cleanups.push(() => observer.disconnect());
    },
    onCleanup: (callback) => cleanups.push(callback),
    color(variable) {
      if (!colors.has(variable)) colors.set(variable, hexOf(root, variable));
      return colors.get(variable);
    },
    reducedMotion: () => matchMedia("(prefers-reduced-motion: reduce)").matches,
    say: () => {},
  };
  // Asked for while drawing, a colour makes the page compute its styles: once a theme is enough.
  const colors = new Map();
  ctx.onTheme(() => colors.clear()); // the first to hear of it
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
