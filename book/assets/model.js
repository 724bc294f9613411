// A widget's model as anywidget gives it (https://anywidget.dev/en/afm): get, set, on, off,
// save_changes, send. Where Python runs in the page, a model has a connection to it (book/run).
{
  const { decode, fetchPart } = globalThis.lwParts;

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
    #late; // buffers whose data are not in the page
    #unsaved = new Set(); // names that the page has set since it last told Python

    constructor(id, { state, buffers = [], script, connection }, manager) {
      this.model_id = id;
      this.widget_manager = manager;
      this.script = script;
      this.connection = connection;
      this.#state = state;
      this.#late = buffers.filter((buffer) => buffer.script);
      for (const buffer of buffers) if (!buffer.script) this.#fill(buffer.path, buffer.data);
    }

    #fill(path, base64) {
      const parent = path.slice(0, -1).reduce((at, key) => at[key], this.#state);
      parent[path.at(-1)] = decode(base64);
    }

    /** Fetches the data that did not come with the page. */
    async complete() {
      await Promise.all(this.#late.map(async ({ path, part: name, script }) => {
        this.#fill(path, await fetchPart(name, script));
      }));
      this.#late = [];
    }

    get(name) {
      return this.#state[name];
    }

    set(name, value) {
      const values = typeof name === "object" ? name : { [name]: value };
      const changed = Object.keys(values).filter((key) => !same(this.#state[key], values[key]));
      const outermost = !this.#setting;
      this.#setting = true;
      for (const key of changed) this.#unsaved.add(key);
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

    /** Takes over what Python has set, which need not be told. */
    update(values) {
      const before = new Set(this.#unsaved);
      const names = Object.keys(values);
      this.set(values);
      for (const name of names) if (!before.has(name)) this.#unsaved.delete(name);
    }

    save_changes() { // without a connection the value is set, its listeners have heard
      const changes = [...this.#unsaved].map((name) => [name, this.#state[name]]);
      this.#unsaved.clear();
      if (changes.length) this.connection?.save(Object.fromEntries(changes));
    }

    send(content, _callbacks, buffers) {
      this.connection?.send(content, buffers);
    }

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

  globalThis.lwParts.Model = Model;
}
