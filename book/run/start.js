// Under each cell a bar with Run, Edit and Copy. The rest comes at the first press: run.js, what this page's
// cells need (book/ext/run.py), and then, where the reader agrees, Python.
{
  const { page } = document.currentScript.dataset;
  let notebook;

  const open = async () => {
    notebook ??= Promise.all([
      globalThis.lwParts.fetchPart("run", "run/run.js"),
      globalThis.lwParts.fetchPart(page, `run/pages/${page}.js`),
    ]).then(([Notebook, setup]) => new Notebook(JSON.parse(setup)));
    try {
      return await notebook;
    } catch (error) {
      notebook = undefined;
      throw error;
    }
  };

  const addButton = (bar, name, label, press) => {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: `lw-cell-${name}`, textContent: label });
    button.addEventListener("click", async () => {
      try {
        await press();
      } catch (error) {
        bar.dataset.state = "failed";
        bar.querySelector("[role=status]").textContent = String(error.message ?? error);
      }
    });
    bar.append(button);
  };

  /** A cell's text as it stands: the reader's, once there is an editor. */
  async function copy(cell, status) {
    const text = cell.querySelector(".cell_input pre").textContent;
    const source = notebook ? (await notebook).cells.get(cell.id).source : text;
    try {
      await navigator.clipboard.writeText(source.trimEnd());
      status.textContent = "Copied.";
    } catch {
      status.textContent = "This browser lets no page copy: mark the code instead.";
    }
  }

  // A page that a reader has saved comes with what was added to it then.
  for (const old of document.querySelectorAll(".lw-cell-bar, .lw-cell-question, .lw-editor, .lw-python")) old.remove();
  for (const code of document.querySelectorAll(".cell_input > [hidden]")) code.hidden = false;

  for (const cell of document.querySelectorAll("div.cell[id]")) {
    const input = cell.querySelector(".cell_input");
    if (!input) continue;
    const bar = document.createElement("div");
    bar.className = "lw-cell-bar";
    const status = document.createElement("span");
    addButton(bar, "run", "Run", async () => (await open()).pressed(cell.id));
    addButton(bar, "edit", "Edit", async () => (await open()).edit(cell.id));
    addButton(bar, "copy", "Copy", () => copy(cell, status));
    status.setAttribute("role", "status");
    const needed = [...cell.classList].filter((name) => name.startsWith("needs-")).map((name) => name.slice(6));
    if (needed.length) status.textContent = `Needs ${needed.join(" and ").replace("torch", "PyTorch")}.`;
    bar.append(status);
    input.after(bar);
  }
  const all = document.getElementById("lw-run-all"); // in the menu above the text
  if (all) {
    all.hidden = false;
    all.querySelector("button").addEventListener("click", () => open().then((notebook) => notebook.runAll()));
  }
  if (localStorage.getItem(`lw-typed:${page}`)) open().catch(() => {}); // of an earlier visit
  globalThis.lwRun = { open };
}
