// The editor of a cell: CodeMirror, loaded at the first edit, in the place of the book's code.

const { fetchPart } = globalThis.lwParts;
let loading;

/** CodeMirror's names (book/vendor/codemirror); asked for again if it did not load. */
function codeMirror() {
  loading ??= fetchPart("codemirror", "run/codemirror.js").catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** Names that exist: after a dot those of the object, else Python's and the cell's own words. */
function completer(notebook) {
  return async (context) => {
    const word = context.matchBefore(/[\w.]+/);
    if (!word || (word.from === word.to && !context.explicit)) return null;
    const dot = word.text.lastIndexOf(".");
    const inText = [...context.state.doc.toString().matchAll(/\b[A-Za-z_]\w*/g)].map(([name]) => name);
    const known = await notebook.completions(word.text);
    const labels = dot >= 0 ? known.map((name) => name.slice(dot + 1)) : [...new Set([...known, ...inText])];
    const options = labels.filter((label) => label && label !== word.text).map((label) => ({ label }));
    return { from: word.from + dot + 1, options, validFor: /^\w*$/ };
  };
}

function extensions(notebook, cell, cm) {
  const run = () => {
    notebook.pressed(cell.id);
    return true;
  };
  return [
    cm.history(),
    cm.drawSelection(),
    cm.indentOnInput(),
    cm.bracketMatching(),
    cm.closeBrackets(),
    cm.highlightActiveLine(),
    cm.indentUnit.of("    "),
    cm.EditorState.tabSize.of(4),
    cm.syntaxHighlighting(cm.classHighlighter),
    new cm.LanguageSupport(cm.pythonLanguage),
    cm.autocompletion({ override: [completer(notebook)] }),
    cm.keymap.of([
      { key: "Shift-Enter", run },
      { key: "Mod-Enter", run },
      ...cm.closeBracketsKeymap,
      ...cm.completionKeymap,
      cm.indentWithTab, // Escape, then Tab, leaves the editor
      ...cm.defaultKeymap,
      ...cm.historyKeymap,
    ]),
    cm.EditorView.contentAttributes.of({
      "aria-label": "Code of this cell. Shift and Enter run it; Escape, then Tab, leaves it.",
      autocapitalize: "off",
      autocorrect: "off",
      spellcheck: "false",
    }),
    cm.EditorView.updateListener.of((update) => {
      if (update.docChanged) notebook.typed.changed(cell, update.state.doc.toString());
    }),
  ];
}

/** Opens a cell's editor, or brings it into focus. */
export async function openEditor(notebook, cell, { focus = true } = {}) {
  if (!cell.view) {
    const cm = await codeMirror();
    cell.given = cell.element.querySelector(".cell_input > div");
    const place = document.createElement("div");
    place.className = "lw-editor";
    place.translate = false;
    cell.given.after(place);
    cell.given.hidden = true;
    cell.view = new cm.EditorView({ doc: cell.source, extensions: extensions(notebook, cell, cm), parent: place });
  }
  if (focus) cell.view.focus();
}

/** Puts another text into a cell's editor. */
export function setText(cell, text) {
  cell.view?.dispatch({ changes: { from: 0, to: cell.view.state.doc.length, insert: text } });
}

/** The book's code again, in the place of the editor. */
export function closeEditor(cell) {
  if (!cell.view) return;
  cell.view.dom.parentElement.remove();
  cell.view.destroy();
  cell.view = undefined;
  cell.given.hidden = false;
}
