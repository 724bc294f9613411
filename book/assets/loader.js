// Brings the page's widgets to life from their saved state: no kernel, no network.
//
// An anywidget gets what anywidget 0.11 gives it (https://anywidget.dev/en/afm): a model with get,
// set, save_changes, send, on, off and widget_manager; initialize and render with their clean-ups,
// signal, host, experimental. tests/browser/test_loader.py runs one widget here and under ipywidgets'
// own runtime and compares. What needs Python says so: there is nobody to save to or to ask, unless
// Python runs in the page (book/run): its widgets come with a connection.
//
// The book's own widgets start when they come near the view, the first at once; their code and data
// are scripts beside this one (book/ext/scripts.py). `lwPage.startAll()` starts them all. A reader's
// own anywidget carries its module in its state and runs from memory, at once.
//
// A page with a plain ipywidget (a slider, a link) gets plain.js instead, for all.
{
  const here = new URL(".", document.currentScript.src).href;
  globalThis.lwAssetBase = `${here}lw-assets`;
  globalThis.lwAsset = (key, base64) => { globalThis.lwAsset[`file:${key}`] = base64; };

  const { addStyle, chinese, fetchPart, importModule, Model } = globalThis.lwParts;

  // --- models ----------------------------------------------------------------------------------

  const models = new Map();
  const manager = {
    has_model: (id) => models.has(id),
    async get_model(id) {
      if (!models.has(id)) throw new Error(`no widget model ${id} in this page`);
      await models.get(id).complete();
      return models.get(id);
    },
  };

  function readModels(saved) {
    for (const [id, model] of Object.entries(saved.state)) {
      models.set(id, new Model(id, model, manager));
    }
    for (const model of models.values()) { // as ipywidgets does for these two, and no other
      for (const name of ["layout", "style"]) {
        const id = /^IPY_MODEL_(.+)/.exec(model.get(name))?.[1];
        if (models.has(id)) model.set(name, models.get(id));
      }
    }
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
    experimental = { invoke: (name, ...rest) => this.#invoke(name, ...rest) };

    constructor(model) {
      this.model = model;
      model.on("destroy", () => this.#end.abort());
      if (!model.script) this.start().catch(() => {}); // shown where it is viewed
    }

    /** Loads and initializes the widget, once; again if a script did not load. */
    start() {
      this.ready ??= this.#start().catch((error) => {
        if (error.again) this.ready = undefined;
        throw error;
      });
      return this.ready;
    }

    async #start() {
      const { model } = this;
      addStyle(model.get("_css"), model.get("_anywidget_id"));
      const [module] = await Promise.all([
        model.script
          ? fetchPart(model.get("_anywidget_id"), model.script).then((made) => ({ default: made }))
          : importModule(model.get("_esm")),
        model.complete(),
      ]);
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

    /** Asks Python, as anywidget does. */
    #invoke(name, msg, { buffers = [], signal } = {}) {
      const { model } = this;
      if (!model.connection) {
        return Promise.reject(new Error(`"${name}" runs in Python: open this page as a notebook to use it.`));
      }
      const id = `${name}-${Math.random()}`;
      return new Promise((resolve, reject) => {
        const hear = (content, sent) => {
          if (content?.id !== id) return;
          model.off("msg:custom", hear);
          resolve([content.response, sent]);
        };
        signal?.addEventListener("abort", () => { model.off("msg:custom", hear); reject(signal.reason); });
        model.on("msg:custom", hear);
        model.send({ id, kind: "anywidget-command", name, msg }, undefined, buffers);
      });
    }

    async show(el, viewSignal) {
      await this.start();
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
            exports: await widget.start(),
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
    if (el !== reserved) script.before(el);
    empty(el);
    addStill(el);
    return viewOf(id, el);
  }

  /** A page that a browser has saved holds widgets as they were: pictures of them, without life. */
  function empty(el) {
    const saved = el.querySelector(":scope > .lw:not([data-state='loading'])");
    if (!saved) return;
    const place = document.createElement("div");
    place.className = "lw";
    Object.assign(place.dataset, { widget: saved.dataset.widget ?? "", state: "loading" });
    el.replaceChildren(place);
  }

  /** Paper may come before the widget: it shows the picture that stands where no script runs. */
  function addStill(el) {
    const instead = el.querySelector("noscript");
    if (!instead) return;
    const made = document.createElement("template");
    made.innerHTML = instead.textContent;
    for (const picture of made.content.querySelectorAll("img")) {
      picture.className = "lw-still";
      picture.loading = "lazy"; // until it is printed
      instead.after(picture);
    }
  }

  /** A view of a model in an element, to be started. */
  function viewOf(id, el) {
    el.className = "lw-view";
    const widget = widgets.get(id);
    const end = new AbortController();
    const place = [...el.childNodes];
    const fail = (error) => {
      console.error(error);
      const box = document.createElement("div");
      box.className = "lw";
      box.dataset.state = "error";
      box.setAttribute("role", "alert");
      const reason = error.message ?? error;
      box.textContent = chinese ? `此组件无法启动：${reason}` : `This widget could not start: ${reason}`;
      if (error.again) {
        const again = document.createElement("button");
        again.textContent = chinese ? "重试" : "Try again";
        again.addEventListener("click", () => { el.replaceChildren(...place); draw(); });
        box.append(" ", again);
      }
      el.replaceChildren(box);
    };
    const draw = () => {
      // The placeholder goes in the same task in which the widget draws: nothing moves in between.
      const drawn = widget.start().then(() => { el.replaceChildren(); return widget.show(el, end.signal); });
      return drawn.catch(fail);
    };
    if (!widget) {
      fail(new Error("its saved state is not in the page"));
      return { el, start() {} };
    }
    const layout = widget.model.get("layout");
    for (const name of ["width", "height", "min_width", "max_width", "min_height", "max_height",
      "margin", "padding", "border", "overflow"]) {
      const value = layout instanceof Model && layout.get(name);
      if (value) el.style.setProperty(name.replace("_", "-"), value);
    }
    const view = {
      el,
      remove() { end.abort(); el.remove(); },
      start: () => { view.done ??= draw(); },
    };
    widget.model.on("destroy", view.remove);
    if (!widget.model.script) view.start();
    return view;
  }

  function startAnywidgets(saved, views) {
    readModels(saved);
    for (const [id, model] of models) {
      if (model.script || model.get("_esm")) widgets.set(id, new Widget(model));
    }
    const shown = [...views].map(showView);
    const startAll = () => shown.forEach((view) => view.start());
    shown[0]?.start();
    addEventListener("beforeprint", startAll);
    if (globalThis.IntersectionObserver) {
      const near = new IntersectionObserver((entries) => {
        for (const { target, isIntersecting } of entries) {
          if (!isIntersecting) continue;
          near.unobserve(target);
          shown.find(({ el }) => el === target).start();
        }
      }, { rootMargin: "100% 0px" });
      for (const { el } of shown) near.observe(el);
    } else {
      startAll();
    }
    return { models, views: shown, startAll, ...withPython() };
  }

  // --- Python in the page ------------------------------------------------------------------------

  /** What book/run asks of the widgets: Python has made, shown, changed or closed one. */
  function withPython() {
    const scripts = new Map();
    for (const model of models.values()) scripts.set(model.get("_anywidget_id"), model.script);
    return {
      open(id, state, connection) {
        const script = scripts.get(state._anywidget_id);
        models.set(id, new Model(id, { state, script, connection }, manager));
        for (const name of ["layout", "style"]) {
          const key = /^IPY_MODEL_(.+)/.exec(state[name])?.[1];
          if (models.has(key)) models.get(id).update({ [name]: models.get(key) });
        }
        if (state._esm) widgets.set(id, new Widget(models.get(id)));
      },
      update: (id, values) => models.get(id)?.update(values),
      message: (id, content, buffers) => models.get(id)?.trigger("msg:custom", content, buffers),
      close(id) {
        models.get(id)?.close();
        models.delete(id);
        widgets.delete(id);
      },
      show(id, el) {
        if (widgets.has(id)) viewOf(id, el).start();
        else el.textContent = "This is a widget of ipywidgets’ own: it moves in JupyterLab, not in this page.";
      },
    };
  }

  // --- start -----------------------------------------------------------------------------------

  const state = document.querySelector('script[type="application/vnd.jupyter.widget-state+json"]');
  const views = document.querySelectorAll('script[type="application/vnd.jupyter.widget-view+json"]');
  const saved = state ? JSON.parse(state.textContent) : { state: {} };
  globalThis.lwPage = startAnywidgets(saved, views);
}
