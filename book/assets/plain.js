// A page with a plain ipywidget (a slider, a link) gets ipywidgets' own runtime, for all its widgets.
{
  const here = new URL(".", document.currentScript.src).href;
  globalThis.lwAssetBase = `${here}lw-assets`;
  const views = document.querySelectorAll('script[type="application/vnd.jupyter.widget-view+json"]');
  for (const { previousElementSibling: reserved } of views) {
    if (reserved?.matches(".lw-view")) reserved.remove();
  }

  function say(sentence) {
    if (document.querySelector(".lw[data-state=error]")) return;
    const box = document.createElement("div");
    box.className = "lw";
    box.dataset.state = "error";
    box.setAttribute("role", "alert");
    box.textContent = sentence;
    views[0]?.before(box);
  }

  addEventListener("securitypolicyviolation", ({ blockedURI, effectiveDirective: rule }) => {
    if (!rule.startsWith("script-src")) return;
    const what = { eval: "code made from text (eval)", blob: "code that runs from memory (blob:)" };
    say(`Widgets on this page cannot start: its host forbids ${what[blockedURI] ?? blockedURI} by `
      + `its Content-Security-Policy, rule ${rule}.`);
  });

  function addScript(name) {
    return new Promise((resolve, reject) => {
      const src = `${here}html-manager/${name}`;
      document.head.append(Object.assign(document.createElement("script"), {
        src, onload: resolve, onerror: () => reject(new Error(`could not load ${src}`)),
      }));
    });
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
  addScript("embed.js").catch((error) => say(error.message));
}
