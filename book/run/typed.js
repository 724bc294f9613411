// What the reader types: editors, the reader's version and the book's, what stays in the browser.

import { closeEditor, openEditor, setText } from "./editing.js";
import { download, exported, Kept } from "./kept.js";

export class Typed {
  constructor(notebook) {
    this.notebook = notebook;
    this.kept = new Kept(notebook.setup.name);
    this.#takeUp(this.kept.read());
  }

  /** Shows again what the reader has typed on an earlier visit. */
  #takeUp(typed) {
    for (const [id, { text, book }] of Object.entries(typed)) {
      const cell = this.notebook.cells.get(id);
      if (!cell?.element || text === cell.book) continue;
      Object.assign(cell, { source: text, keptFrom: book });
      openEditor(this.notebook, cell, { focus: false });
      cell.element.closest("details")?.setAttribute("open", "");
      this.#sayTyped(cell, book === cell.book ? "Your version." : "Your version. The book’s has changed since.");
    }
    if (Object.keys(typed).length) this.notebook.panel.typed(true);
  }

  #sayTyped(cell, text) {
    cell.mark("idle", text);
    this.#offerBook(cell);
  }

  /** A button that shows the book's version, and then the reader's again. */
  #offerBook(cell) {
    const edit = cell.bar.querySelector(".lw-cell-edit");
    if (cell.edited) edit.textContent = "Book’s version";
    else edit.textContent = cell.typed === undefined ? "Edit" : "Your version";
  }

  /** Opens the editor; once something is typed, goes between the reader's version and the book's. */
  async edit(cell) {
    if (cell.edited) {
      cell.typed = cell.source;
      setText(cell, cell.book);
    } else if (cell.typed !== undefined) {
      setText(cell, cell.typed);
    } else {
      await openEditor(this.notebook, cell);
    }
    this.#offerBook(cell);
  }

  changed(cell, source) {
    cell.source = source;
    if (cell.edited) cell.typed = undefined;
    const stays = this.kept.write(this.notebook.cells.values());
    this.notebook.panel.typed([...this.notebook.cells.values()].some(({ edited }) => edited));
    if (cell.ran) this.notebook.markStale();
    else cell.mark("idle", !cell.edited ? "" : stays ? "Kept in this browser." : "This browser keeps nothing: export it.");
    this.#offerBook(cell);
  }

  async export() {
    const { name, notebook } = this.notebook.setup;
    const given = JSON.parse(await globalThis.lwParts.fetchPart(notebook, `run/notebooks/${name}.js`));
    const sources = new Map([...this.notebook.cells.values()].filter(({ edited }) => edited).map(({ id, source }) => [id, source]));
    download(`${name}.ipynb`, exported(given, sources));
  }

  /** Forgets what was typed: every cell is the book's again. */
  clear() {
    for (const cell of this.notebook.cells.values()) {
      if (!cell.edited && cell.typed === undefined) continue;
      setText(cell, cell.book);
      Object.assign(cell, { source: cell.book, typed: undefined, keptFrom: undefined });
      closeEditor(cell);
      this.#sayTyped(cell, "");
    }
    this.kept.write(this.notebook.cells.values());
    this.notebook.panel.typed(false);
  }
}
