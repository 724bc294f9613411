// What the reader has typed stays in this browser: one entry of its storage a page. A browser that
// keeps nothing (templates/layout.html gives such a page a storage of its own) loses it with the page.

const NAME = "lw-typed:";

export class Kept {
  constructor(page) {
    this.name = NAME + page;
  }

  /** {cell's id: {text, book}}: what was typed, and the book's text at that time. */
  read() {
    try {
      return JSON.parse(localStorage.getItem(this.name)) ?? {};
    } catch {
      return {};
    }
  }

  write(cells) {
    const typed = {};
    for (const { id, edited, source, keptFrom, book } of cells) {
      if (edited) typed[id] = { text: source, book: keptFrom ?? book };
    }
    try {
      if (Object.keys(typed).length) localStorage.setItem(this.name, JSON.stringify(typed));
      else localStorage.removeItem(this.name);
      return true;
    } catch {
      return false; // full, or blocked since the page came
    }
  }
}

/** The page's notebook with what the reader has typed, as a file to keep. */
export function exported(notebook, sources) {
  const cells = notebook.cells.map((cell) => {
    const source = sources.get(cell.id) ?? cell.source;
    return cell.cell_type === "code" ? { ...cell, source, outputs: [], execution_count: null } : { ...cell, source };
  });
  return JSON.stringify({ ...notebook, cells }, null, 1);
}

export function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/x-ipynb+json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
