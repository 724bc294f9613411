// What the reader is asked: whether Python and its packages may be fetched, and PyTorch.

import { fetchTorch } from "./torch.js";

export class Asking {
  constructor(notebook) {
    this.notebook = notebook;
    this.agreed = new Set(); // what may be fetched, by name
  }

  /** Whether the reader agrees to what is not here yet; a book that carries Python asks nothing. */
  async may(cell) {
    const { notebook } = this;
    if (!notebook.runnable(cell)) {
      await this.#sayAbsent(cell);
      return false;
    }
    const { hosted, host, megabytes } = notebook.setup.pyodide;
    if (hosted) return true;
    const wanted = (notebook.started ? [] : ["python", "numpy"]).concat(cell.packages)
      .filter((name) => megabytes[name] && !notebook.loaded.has(name) && !this.agreed.has(name));
    if (!wanted.length) return true;
    const total = wanted.reduce((sum, name) => sum + megabytes[name], 0);
    const names = wanted.map((name) => notebook.setup.pyodide.titles[name]).join(", ").replace(/, ([^,]*)$/, " and $1");
    const asked = cell.bar ? cell : notebook.cells.get(cell.id);
    const label = "Fetch and run";
    const answer = await asked.question(`To run this in the page, ${names} must be fetched from ${host}: about `
      + `${Math.round(total)} MB, once; the browser keeps it. Your code and your data stay in this page.`,
      [label, "Not now"]);
    if (answer !== label) return false;
    wanted.forEach((name) => this.agreed.add(name));
    return true;
  }

  async #sayAbsent(cell) {
    const { notebook } = this;
    const { titles, torch } = notebook.setup.pyodide;
    const missing = cell.absent.filter((name) => name !== "torch" || !notebook.wheels);
    const names = missing.map((name) => titles[name] ?? name).join(" and ");
    const add = `Add PyTorch (${torch.megabytes} MB, experimental)`;
    const offered = missing.every((name) => name === "torch");
    const answer = await cell.question(`This cell needs ${names}, which Python in this page does not have. It runs `
      + "in Colab, or in JupyterLab on your own machine: see the menu at the top of the page."
      + (offered ? ` A build of PyTorch for browsers, by others, can be fetched from ${torch.host}.` : ""),
      [...(offered ? [add] : []), "All right"]);
    if (answer === add) await this.#addTorch(cell);
  }

  /** Fetches PyTorch; Python starts anew with it. */
  async #addTorch(cell) {
    const { notebook } = this;
    cell.mark("waiting", "Fetching PyTorch…");
    try {
      const wheel = await fetchTorch(notebook.setup.pyodide.torch);
      notebook.stop();
      notebook.wheels = [wheel];
      ["python", "numpy"].forEach((name) => this.agreed.add(name));
      notebook.panel.say("stopped", "PyTorch comes with the next run.");
      cell.mark("idle", "PyTorch is here: run it.");
    } catch (error) {
      cell.mark("failed", String(error.message ?? error));
    }
  }
}
