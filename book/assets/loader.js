// Brings the page's widgets to life from their saved state: no kernel, no network.
//
// An anywidget gets what anywidget 0.11 gives it (https://anywidget.dev/en/afm): a model with get,
// set, save_changes, send, on, off and widget_manager; initialize and render with their clean-ups,
// signal, host, experimental. tests/browser/test_loader.py runs one widget here and under ipywidgets'
// own runtime and compares. What needs Python says so: there is nobody to save to or to ask.
//
// A page with a plain ipywidget (a slider, a link) gets ipywidgets' own runtime instead, for all.
{
  const here = new URL(".", document.currentScript.src).href;
  globalThis.lwAssetBase = `${here}lw-assets`;

  // --- models ----------------------------------------------------------------------------------

  const bytes = (view) => new Uint8Array(view.buffer ?? view, view.byteOffset, view.byteLength);

  function same(a, b) {
    if (Object.is(a, b)) return true;
    if (!a || !b || typeof a !== "object" || a.constructor !== b.constructor) return false;
    if (a instanceof Model) return false;
    if (ArrayBuffer.isView(a) || a instanceof ArrayBuffer) {
      if (a.byteLength !== b.byteLength) return false;
      [a, b] = [bytes(a), bytes(b)];
      return a.every((value, i) => value === b[i]);
    }
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((k) => k in b && same(a[k], b[k]));
  }

  class Model {
    #state;
    #listeners = []; // {name, callback, context}, in the order in which they came
    #setting = false;
    #pending = false;

    constructor(id, state, manager) {
      this.model_id = id;
      this.widget_manager = manager;
      this.#state = state;
    }

    get(name) {
      return this.#state[name];
    }

    set(name, value) {
      const values = typeof name === "object" ? name : { [name]: value };
      const changed = Object.keys(values).filter((key) => !same(this.#state[key], values[key]));
      const outermost = !this.#setting;
      this.#setting = true;
      try {
        Object.assign(this.#state, values);
        this.#pending ||= changed.length > 0;
        for (const key of changed) this.trigger(`change:${key}`, this, this.#state[key], {});
        // "change" once for all that was set, again if a listener has set more.
        while (outermost && this.#pending) {
          this.#pending = false;
          this.trigger("change", this, {});
        }
      } finally {
        if (outermost) this.#setting = false;
      }
      return this;
    }

    save_changes() {} // nobody to save to: the value is set, its listeners have heard
    send() {} // nobody to send to

    on(names, callback, context) {
      for (const name of names.split(/\s+/)) this.#listeners.push({ name, callback, context });
      return this;
    }

    off(names, callback, context) {
      const named = names ? names.split(/\s+/) : null;
      this.#listeners = this.#listeners.filter((l) => !((!named || named.includes(l.name))
        && (!callback || l.callback === callback) && (!context || l.context === context)));
      return this;
    }

    trigger(name, ...values) {
      for (const l of [...this.#listeners]) {
        if (l.name === name || l.name === "all") l.callback.call(l.context ?? this, ...values);
      }
      return this;
    }

    /** Ends the widget: aborts its signal, runs its clean-ups, removes its views. */
    close() {
      this.trigger("destroy", this);
    }
  }

  function readModels(saved) {
    const models = new Map();
    const manager = {
      has_model: (id) => models.has(id),
      async get_model(id) {
        if (!models.has(id)) throw new Error(`no widget model ${id} in this page`);
        return models.get(id);
      },
    };
    for (const [id, { state, buffers = [] }] of Object.entries(saved.state)) {
      for (const { data, path } of buffers) {
        const decoded = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
        const parent = path.slice(0, -1).reduce((at, key) => at[key], state);
        parent[path.at(-1)] = new DataView(decoded.buffer);
      }
      models.set(id, new Model(id, state, manager));
    }
    for (const model of models.values()) { // as ipywidgets does for these two, and no other
      for (const name of ["layout", "style"]) {
        const id = /^IPY_MODEL_(.+)/.exec(model.get(name))?.[1];
        if (models.has(id)) model.set(name, models.get(id));
      }
    }
    return models;
  }

  // --- anywidgets ------------------------------------------------------------------------------

  /** What a widget sees of a model: what it listens to with `context` ends with that context. */
  function proxy(model, context) {
    return {
      get: model.get.bind(model),
      set: model.set.bind(model),
      save_changes: model.save_changes.bind(model),
      send: model.send.bind(model),
      on: (name, callback) => { model.on(name, callback, context); },
      off: (name, callback) => { model.off(name, callback, context); },
      widget_manager: model.widget_manager,
    };
  }

  const tidy = async (cleanup) => {
    try {
      if (typeof cleanup === "function") await cleanup();
    } catch (error) {
      console.warn("A widget's clean-up failed.", error);
    }
  };

  async function importModule(source) {
    if (/^https?:\/\//.test(source)) return import(source);
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    return import(url).finally(() => URL.revokeObjectURL(url));
  }

  function addStyle(css, id) {
    if (!css || document.getElementById(id)) return; // the book's pages carry it in their head
    const style = /^https?:\/\//.test(css)
      ? Object.assign(document.createElement("link"), { rel: "stylesheet", href: css, id })
      : Object.assign(document.createElement("style"), { textContent: css, id });
    document.head.append(style);
  }

  /** AbortSignal.any, which not every browser in use has. */
  function eitherEnds(...signals) {
    const end = new AbortController();
    for (const signal of signals) {
      if (signal.aborted) end.abort(signal.reason);
      signal.addEventListener("abort", () => end.abort(signal.reason), { signal: end.signal });
    }
    return end.signal;
  }

  class Widget {
    #end = new AbortController();
    experimental = {
      invoke: (name) => Promise.reject(
        new Error(`"${name}" runs in Python: open this page as a notebook to use it.`)),
    };

    constructor(model) {
      this.model = model;
      model.on("destroy", () => this.#end.abort());
      this.ready = this.#start();
      this.ready.catch(() => {}); // shown where it is viewed
    }

    async #start() {
      addStyle(this.model.get("_css"), this.model.get("_anywidget_id"));
      const module = await importModule(this.model.get("_esm"));
      let definition = module.render ? { render: module.render } : module.default;
      if (typeof definition === "function") definition = await definition();
      if (!definition) throw new Error("the widget's module has no default export");
      this.definition = definition;
      const { signal } = this.#end;
      const context = Symbol("initialize");
      const { experimental } = this;
      const result = await definition.initialize?.({
        model: proxy(this.model, context), signal, experimental,
      });
      const finish = () => { this.model.off(null, null, context); tidy(result); };
      signal.aborted ? finish() : signal.addEventListener("abort", finish);
      return typeof result === "object" ? result ?? undefined : undefined;
    }

    async show(el, viewSignal) {
      await this.ready;
      const signal = eitherEnds(this.#end.signal, viewSignal);
      const context = Symbol("render");
      const { experimental } = this;
      const host = this.#host(signal);
      const result = await this.definition.render?.({
        model: proxy(this.model, context), el, signal, host, experimental,
      });
      const finish = () => { this.model.off(null, null, context); tidy(result); };
      signal.aborted ? finish() : signal.addEventListener("abort", finish);
    }

    /** Widgets in widgets: references look like "anywidget:ID". */
    #host(signal) {
      const find = async (ref) => {
        const id = /^anywidget:(.+)/.exec(ref)?.[1];
        if (!id) throw new Error(`not a reference to a widget: ${JSON.stringify(ref)}`);
        return this.model.widget_manager.get_model(id);
      };
      return {
        async getModel(ref) {
          const [model, context] = [await find(ref), Symbol("getModel")];
          signal.addEventListener("abort", () => model.off(null, null, context));
          return proxy(model, context);
        },
        async getWidget(ref) {
          const { model_id: id } = await find(ref);
          if (!widgets.has(id)) throw new Error(`widget ${id} is not an anywidget`);
          const widget = widgets.get(id);
          return {
            exports: await widget.ready,
            render: (view) => widget.show(view.el, view.signal ?? signal),
          };
        },
      };
    }
  }

  const widgets = new Map();

  function showView(script) {
    const { model_id: id } = JSON.parse(script.textContent);
    const reserved = script.previousElementSibling;
    const el = reserved?.matches(".lw-view") ? reserved : document.createElement("div");
    el.className = "lw-view";
    if (el !== reserved) script.before(el);
    const widget = widgets.get(id);
    const end = new AbortController();
    const fail = (error) => {
      console.error(error);
      const box = document.createElement("div");
      box.className = "lw";
      box.dataset.state = "error";
      box.setAttribute("role", "alert");
      box.textContent = document.documentElement.lang.startsWith("zh")
        ? `此组件无法启动：${error.message ?? error}`
        : `This widget could not start: ${error.message ?? error}`;
      el.replaceChildren(box);
    };
    if (!widget) return fail(new Error("its saved state is not in the page"));
    const layout = widget.model.get("layout");
    for (const name of ["width", "height", "min_width", "max_width", "min_height", "max_height",
      "margin", "padding", "border", "overflow"]) {
      const value = layout instanceof Model && layout.get(name);
      if (value) el.style.setProperty(name.replace("_", "-"), value);
    }
    const remove = () => { end.abort(); el.remove(); };
    widget.model.on("destroy", remove);
    // The placeholder goes in the same task in which the widget draws: nothing moves in between.
    const done = widget.ready.then(() => { el.replaceChildren(); return widget.show(el, end.signal); });
    return { el, remove, done: done.catch(fail) };
  }

  function startAnywidgets(saved, views) {
    const models = readModels(saved);
    for (const [id, model] of models) {
      if (model.get("_esm")) widgets.set(id, new Widget(model));
    }
    return { models, views: [...views].map(showView) };
  }

  // --- plain ipywidgets ------------------------------------------------------------------------

  function addScript(name) {
    return new Promise((resolve, reject) => {
      const src = `${here}html-manager/${name}`;
      document.head.append(Object.assign(document.createElement("script"), {
        src, onload: resolve, onerror: () => reject(new Error(`could not load ${src}`)),
      }));
    });
  }

  function startEverything(views) {
    for (const script of views) {
      if (script.previousElementSibling?.matches(".lw-view")) script.previousElementSibling.remove();
    }
    // The runtime asks for front ends that it does not carry, and hands over @jupyter-widgets/base;
    // anywidget's is an AMD module that wants it.
    let anywidget;
    globalThis.lwModule = (name, base) => {
      if (name !== "anywidget") throw new Error(`this book does not carry the widgets of ${name}`);
      anywidget ??= new Promise((resolve, reject) => {
        globalThis.define = (needs, factory) => resolve(factory(base));
        addScript("anywidget.js").catch(reject);
      });
      return anywidget;
    };
    addScript("embed.js");
  }

  // --- start -----------------------------------------------------------------------------------

  const state = document.querySelector('script[type="application/vnd.jupyter.widget-state+json"]');
  if (state) {
    const saved = JSON.parse(state.textContent);
    const views = document.querySelectorAll('script[type="application/vnd.jupyter.widget-view+json"]');
    const own = ["anywidget", "@jupyter-widgets/base"];
    const plain = Object.values(saved.state).some((model) => !own.includes(model.model_module));
    globalThis.lwPage = plain ? startEverything(views) : startAnywidgets(saved, views);
  }
}
