// The page as a notebook: which cells have to run before one, which have run and not changed.

import { Asking } from "./asking.js";
import { Cell } from "./cell.js";
import { Live } from "./live.js";
import { Panel } from "./panel.js";
import { Python } from "./python.js";
import { part, startMessage } from "./starting.js";
import { Typed } from "./typed.js";

class Notebook {
  /** @param setup of the build (book/ext/run.py): {name, pyodide, library, worker, files, cells}. */
  constructor(setup) {
    this.setup = setup;
    this.live = new Live((message) => this.python?.ask("comm", message));
    const showWidget = (id, place) => this.live.show(id, place);
    this.cells = new Map(setup.cells.map((given) => [given.id, new Cell(given, showWidget)]));
    this.panel = new Panel(this);
    this.runs = 0;
    this.#forget();
    this.asking = new Asking(this);
    this.typed = new Typed(this);
  }

  #forget() {
    this.python = undefined;
    this.started = undefined;
    this.loaded = new Set(); // packages and files
    this.queue = Promise.resolve();
    this.stopped = 0;
  }

  // --- what the reader presses ---

  /** Run, or Stop where that is what the button says. */
  async pressed(id) {
    const cell = this.cells.get(id);
    if (["running", "waiting"].includes(cell.state)) return this.stop();
    if (cell.answer) return undefined; // it has been asked
    if (!(await this.asking.may(cell))) return undefined;
    return this.#queued(() => this.#runWith([cell]));
  }

  /** Runs all cells that can run here, in order. */
  async runAll() {
    const all = [...this.cells.values()].filter((cell) => this.runnable(cell));
    const first = all.find((cell) => cell.element);
    const packages = [...new Set(all.flatMap((cell) => cell.packages))];
    if (!first || !(await this.asking.may({ ...first, packages, question: first.question.bind(first) }))) return undefined;
    return this.#queued(() => this.#runWith(all));
  }

  /** Ends what runs, and Python with it: what it knew is gone, the page stays. */
  stop() {
    this.stopped += 1;
    this.python?.stop();
    this.#forget();
    for (const cell of this.cells.values()) {
      if (["running", "waiting"].includes(cell.state)) cell.mark("failed", "Stopped. Python starts anew at the next run.");
      else if (cell.ran) cell.mark("stale", "Python has started anew since.");
      cell.ran = undefined;
    }
    this.panel.say("stopped");
  }

  /** Everything as the book has it; what was typed stays. */
  reset() {
    this.stop();
    for (const cell of this.cells.values()) {
      cell.outputs?.restore();
      cell.mark("idle", cell.edited ? "Edited." : "");
    }
    this.live.closeAll();
    this.panel.hide();
  }

  edit(id) {
    return this.typed.edit(this.cells.get(id));
  }

  /** Names that begin as a text does. */
  async completions(text) {
    return this.started ? this.python.ask("complete", { text }) : [];
  }

  /** Whether a cell can run here: as it is in the book, or because the reader has changed it. */
  runnable(cell) {
    return cell.absent.every((name) => name === "torch" && this.wheels) || cell.edited;
  }

  // --- running ---

  #queued(work) {
    const before = this.queue;
    const { stopped } = this;
    this.queue = before.then(() => (stopped === this.stopped ? work() : undefined)).catch((error) => {
      if (!error.stopped) this.panel.say("failed", String(error.message ?? error));
    });
    return this.queue;
  }

  async #start() {
    this.started ??= (async () => {
      const began = performance.now();
      const python = new Python((message) => this.#hear(message));
      this.python = python;
      this.panel.say("starting");
      await this.live.ready();
      await python.start(await startMessage(this.setup));
      for (const name of ["python", "numpy"]) this.loaded.add(name);
      for (const wheel of this.wheels ?? []) {
        await python.ask("wheel", { ...wheel, needs: this.setup.pyodide.torch.needs });
        this.loaded.add("torch");
      }
      this.startSeconds = (performance.now() - began) / 1000;
      this.panel.say("ready");
    })();
    try {
      await this.started;
    } catch (error) {
      this.python?.stop();
      this.#forget();
      throw error;
    }
  }

  async #load(cell) {
    const packages = cell.packages.filter((name) => !this.loaded.has(name));
    if (packages.length) {
      this.panel.say("loading", packages.map((name) => this.setup.pyodide.titles[name] ?? name).join(", "));
      await this.python.ask("load", { packages });
      packages.forEach((name) => this.loaded.add(name));
    }
    for (const name of cell.files) await this.#addFile(name);
  }

  async #addFile(name) {
    if (this.loaded.has(name)) return;
    const file = this.setup.files[name];
    if (!file) throw new Error(`${name} does not come with this page`);
    await this.python.ask("add", { name: file.folder, archive: await part(file) });
    this.loaded.add(name);
  }

  /** Runs cells, and before each what it needs and has not run as it stands. */
  async #runWith(wanted) {
    const last = wanted.at(-1);
    wanted.forEach((cell) => cell.mark("waiting", "Waiting for Python…"));
    try {
      await this.#start();
      for (const cell of wanted) {
        for (const needed of await this.#needs(cell)) {
          if (!this.#fresh(needed)) await this.#run(needed);
        }
        if (wanted.length === 1 || !this.#fresh(cell)) await this.#run(cell);
        else cell.mark("done");
      }
      this.panel.say("ready");
    } catch (error) {
      const text = error.stopped ? "Stopped. Python starts anew at the next run." : String(error.message ?? error);
      for (const cell of [...wanted, last]) {
        if (["waiting", "running"].includes(cell.state)) cell.mark("failed", text);
      }
      throw error;
    } finally {
      this.markStale();
    }
  }

  async #needs(cell) {
    const all = [...this.cells.values()];
    if (!all.some((other) => other.edited)) return cell.needs.map((id) => this.cells.get(id));
    const key = all.map((other) => other.source).join("\0");
    if (this.needsOf?.key !== key) this.needsOf = { key, found: new Map() };
    const { found } = this.needsOf;
    if (!found.has(cell)) {
      const sources = all.map((other) => other.source);
      const indices = await this.python.ask("needs", { sources, index: all.indexOf(cell) });
      found.set(cell, [...indices].map((index) => all[index]));
      cell.needs = found.get(cell).map(({ id }) => id);
    }
    return found.get(cell);
  }

  /** Whether a cell has run as it stands, after all that it needs. */
  #fresh(cell) {
    return cell.ran?.source === cell.source
      && cell.needs.every((id) => {
        const other = this.cells.get(id);
        if (!other.ran) return !this.runnable(other);
        return other.ran.source === other.source && other.ran.at < cell.ran.at;
      });
  }

  async #run(cell) {
    if (!this.runnable(cell)) return;
    cell.mark("running", "Running…");
    await this.#load(cell);
    this.panel.say("running");
    const { source } = cell;
    cell.outputs?.clear();
    const began = performance.now();
    let outcome = await this.python.ask("run", { cell: cell.id, source });
    for (let tries = 0; tries < 5 && /^(module|file):/.test(outcome); tries += 1) {
      if (!(await this.#fetchLacking(cell, outcome))) break;
      cell.outputs?.clear();
      outcome = await this.python.ask("run", { cell: cell.id, source });
    }
    this.runs += 1;
    cell.ran = { source, at: this.runs };
    const seconds = (performance.now() - began) / 1000;
    if (outcome === "ok") cell.mark("done", `Ran here in ${seconds < 0.1 ? Math.max(1, Math.round(seconds * 1000)) + " ms" : seconds.toFixed(1) + " s"}.`);
    else cell.mark("failed", "Did not run through.");
  }

  /** Something that was not foreseen: a package of Pyodide's, or a file of the book's. */
  async #fetchLacking(cell, outcome) {
    const [, kind, name] = /^(module|file):(.*)$/.exec(outcome);
    const known = kind === "file" ? name : this.setup.pyodide.modules[name];
    if (!known || this.loaded.has(known)) return false;
    if (kind === "file") {
      await this.#addFile(known);
    } else {
      if (!(await this.asking.may({ ...cell, packages: [known], absent: [] }))) return false;
      await this.#load({ packages: [known], files: [] });
    }
    return true;
  }

  #hear(message) {
    if (message.type.startsWith("comm_")) this.live.hear(message);
    else this.cells.get(message.cell)?.outputs?.hear(message);
  }

  /** Marks results that no longer follow from what the page shows. */
  markStale() {
    for (const cell of this.cells.values()) {
      if (cell.ran && ["done", "stale"].includes(cell.state)) {
        const fresh = this.#fresh(cell);
        if (!fresh) cell.mark("stale", cell.ran.source === cell.source ? "Something above has changed since." : "Edited since it ran.");
      }
    }
  }
}

export default Notebook;
