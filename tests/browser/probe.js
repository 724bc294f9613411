// A widget that writes down all that it is given and all that happens to it, for test_loader.py.
function describe(value) {
  if (value instanceof DataView) {
    return `DataView ${[...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)]}`;
  }
  if (Array.isArray(value)) return value.map(describe);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, describe(v)]));
  }
  return value === undefined ? "undefined" : value;
}

export default async () => {
  const log = [];
  const note = (what, ...values) => log.push([what, ...values.map(describe)]);
  let views = 0;
  return {
    initialize(given) {
      const { model, signal } = given;
      note("initialize is given", Object.keys(given).sort());
      note("the model has", Object.keys(model).sort());
      (globalThis.probes ??= {})[model.get("name")] = { log, note, model };
      signal.addEventListener("abort", () => note("initialize's signal"));
      model.on("change:count", () => note("initialize hears count", model.get("count")));
      return () => note("initialize's clean-up");
    },

    async render(given) {
      const { model, el, signal, host, experimental } = given;
      const view = ++views;
      const my = (what, ...values) => note(`view ${view} ${what}`, ...values);
      my("is given", Object.keys(given).sort());
      my("element", el.tagName, el.childNodes.length, el.isConnected);
      my("experimental has", Object.keys(experimental), "host has", Object.keys(host).sort());
      for (const key of ["count", "ratio", "flag", "nothing", "words", "table", "data", "nested",
        "missing", "sibling"]) {
        my(`get ${key}`, model.get(key));
      }
      my("layout", model.get("layout").get("width"));
      my("style on the page", getComputedStyle(el.parentElement).width !== "");

      if (view === 1) {
        // events: order, arguments, how often
        const one = (...args) => my("count changed", args.length, args[1], args[0].get("count"));
        const all = (...args) => my("something changed", args.length);
        model.on("change:count", one);
        model.on("change:count change:ratio", () => my("count or ratio"));
        model.on("change", all);
        my("on returns", model.on("nothing", () => {}), "save", model.save_changes());
        my("set returns itself", typeof model.set("count", 2).get);
        model.set("count", 2); // no change, no event
        model.set({ count: 3, ratio: 0.25 });
        model.set("words", ["a", "b"]); // equal by value, no event
        model.set("words", ["a", "c"]);
        model.set("data", new DataView(new Uint8Array([97, 98, 255]).buffer)); // equal too
        my("listeners can set more");
        model.off("change", all); // ipywidgets' runtime loses "change" when a listener sets more
        const more = () => { if (model.get("count") < 6) model.set("count", model.get("count") + 1); };
        model.on("change:count", more);
        model.set("count", 4);
        model.off("change:count", more);
        model.off("change:count", one);
        model.on("change", all);
        model.set("count", 7);
        model.off("change");
        model.set("count", 8);
        model.off("change:count");
        model.set("count", 9);
        model.on("change:count", one);
        model.off(); // everything this view listens to, and nothing else
        model.set("count", 10);
        my("a listener may fail", (() => {
          const fail = () => { throw new Error("on purpose"); };
          model.on("change:flag", fail);
          try { model.set("flag", false); } catch (error) { return error.message; } finally {
            model.off("change:flag", fail);
          }
        })());
        model.send({ hello: 1 });
        model.on("msg:custom", (...args) => my("message", ...args));

        // other models
        const id = model.get("sibling");
        if (id) {
          const sibling = await model.widget_manager.get_model(id.slice("IPY_MODEL_".length));
          my("sibling", sibling.get("name"), sibling.get("count"));
          const again = await host.getModel(`anywidget:${id.slice(10)}`);
          my("host's model", Object.keys(again).sort(), again.get("name"));
          const widget = await host.getWidget(`anywidget:${id.slice(10)}`);
          const inner = document.createElement("div");
          el.append(inner);
          await widget.render({ el: inner });
          my("host's widget", Object.keys(widget).sort(), widget.exports.twice(4), inner.textContent);
        }
        my("no such reference", await host.getModel("IPY_MODEL_x").then(() => "?", () => "no"));
      }
      model.on("change:ratio", () => my("hears ratio", model.get("ratio")));
      signal.addEventListener("abort", () => my("signal"));
      el.append(Object.assign(document.createElement("b"), { className: "probe", textContent: `view ${view}` }));
      my("colour from _css", getComputedStyle(el.querySelector(".probe")).color);
      my("done");
      return () => my("clean-up");
    },
  };
};
