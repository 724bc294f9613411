"""One widget on a bare page, as the book's loader or JupyterLab would show it.

The page imports the module that `widgets.base` assembles, from memory, and gives it a model
with the methods that anywidget documents. Nothing is served: Playwright answers for http://lw.test.
"""

import base64
import json
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from large_models.widgets import assets

# A page of its own for a test that does what cannot be undone: a script before all others, a clock.
new_page = pytest.mark.parametrize("page", ["new"], indirect=True)

WIDGETS = Path(assets.__file__).parent
ORIGIN = "http://lw.test"
PAGE = """<!doctype html><html lang="{lang}" data-theme="{theme}"><head><meta charset="utf-8">
<title>widget</title><meta name="viewport" content="width=device-width">
<style>
  :root {{ color-scheme: {theme} }}
  body {{ margin: 0; padding: 16px; background: {page}; color: {text};
    font: 16px/1.5 "DejaVu Sans", Verdana, sans-serif }}  /* wide: what fits here fits elsewhere */
  main {{ max-width: {width}px; margin: auto }}
</style></head><body><main><h1 style="font-size: 1.25rem">A page</h1>
<div id="host"></div><p id="after">The page goes on.</p></main></body></html>"""

START = """async ({esm, css, state, assetBase, attached}) => {
  const bytes = (text) => {
    const raw = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    return new DataView(raw.buffer);
  };
  for (const [key, value] of Object.entries(state)) {
    if (value && value.__bytes__ !== undefined) state[key] = bytes(value.__bytes__);
  }
  const listeners = new Map();
  const emit = (event, ...args) => [...(listeners.get(event) ?? [])].forEach((f) => f(...args));
  window.saved = {};
  window.sent = [];
  window.dirty = new Set();
  window.model = {
    get: (key) => state[key],
    set(key, value) {
      if (JSON.stringify(state[key]) === JSON.stringify(value)) return;
      state[key] = value;
      window.dirty.add(key);
      emit("change:" + key, model, value);
    },
    save_changes() {
      for (const key of window.dirty) window.saved[key] = state[key];
      window.dirty.clear();
    },
    on: (event, f) => listeners.set(event, [...(listeners.get(event) ?? []), f]),
    off: (event, f) => listeners.set(event, (listeners.get(event) ?? []).filter((g) => g !== f)),
    send(content) { window.sent.push(content); },
    answer: (content, text) => emit("msg:custom", content, text ? [bytes(text)] : []),
    listening: () => [...listeners.values()].flat().length,
  };
  if (assetBase) globalThis.lwAssetBase = assetBase;
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
  const url = URL.createObjectURL(new Blob([esm], {type: "text/javascript"}));
  const widget = (await import(url)).default;
  const cleanups = [await widget.initialize?.({model})];
  const host = document.getElementById("host");
  const [parent, next] = [host.parentNode, host.nextSibling];
  if (!attached) host.remove();
  window.host = host;
  cleanups.push(await widget.render({model, el: host}));
  if (attached === false) setTimeout(() => parent.insertBefore(host, next), 50);
  window.end = () => cleanups.forEach((f) => f?.());
}"""


def serve(page, lang="en", theme="light", width=760):
    """Answer for http://lw.test: the page, lib/large_models/widgets' files as modules, assets as
    scripts."""

    def answer(route, request):
        name = request.url.removeprefix(ORIGIN).lstrip("/")
        if name == "":
            look = {"light": ("#ffffff", "#1c242c"), "dark": ("#14181e", "#e3e8ed")}[theme]
            html = PAGE.format(lang=lang, theme=theme, width=width, page=look[0], text=look[1])
            route.fulfill(body=html, content_type="text/html")
        elif name.startswith("assets/") and name[7:-3] in assets.ASSETS:
            key = name[7:-3]
            text = base64.b64encode(assets.ASSETS[key]()).decode()
            script = f"globalThis.lwAsset({json.dumps(key)}, {json.dumps(text)})"
            route.fulfill(body=script, content_type="text/javascript")
        elif (WIDGETS / name).is_file():
            body = (WIDGETS / name).read_text("utf-8")
            route.fulfill(body=body, content_type="text/javascript")
        else:
            route.fulfill(status=404, body="")

    page.route("**/*", answer)
    page.goto(ORIGIN + "/")


def state_of(widget):
    """The synced state of a Python widget as JSON, bytes in base64."""
    state = {}
    for key, value in widget.get_state().items():
        if isinstance(value, (bytes, memoryview)):
            value = {"__bytes__": base64.b64encode(bytes(value)).decode()}
        if key not in ("_esm", "_css", "layout", "tabbable", "tooltip"):
            state[key] = value
    return state


def show(page, widget, lang="en", theme="light", width=760, with_assets=True, attached=True):
    """Show a Python widget on a bare page and wait until it is ready or has failed.

    Not `attached`: it is drawn into an element that gets into the page afterwards; None: never.

    In the page: `model` (the fake model, with `answer(content, base64)` to play the kernel),
    `saved` (what reached Python), `sent` (custom messages), `end()` (the clean-up).
    """
    serve(page, lang, theme, width)
    page.evaluate(
        START,
        {
            "esm": widget._esm,
            "css": widget._css,
            "state": state_of(widget),
            "assetBase": f"{ORIGIN}/assets" if with_assets else None,
            "attached": attached,
        },
    )
    root = page.locator(".lw")
    if attached is None:
        return root
    page.wait_for_selector('.lw:not([data-state="loading"])')
    return root


def settle(page):
    """Wait until the frame after the last change is drawn."""
    page.evaluate("() => new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(f)))")


def model(page, key):
    """A trait as the page has it."""
    return page.evaluate("(key) => model.get(key)", key)


def set_from_python(page, **traits):
    page.evaluate("(t) => Object.entries(t).forEach(([k, v]) => model.set(k, v))", traits)
    settle(page)


def saved(page, key):
    """What Python was told last; a moved cursor is told once it rests."""
    page.wait_for_function("(key) => key in saved", arg=key)
    return page.evaluate("(key) => saved[key]", key)


def tabbed(page, most):
    """What Tab reaches in the widget from here on, by name, in at most so many steps."""
    seen = []
    while len(seen) < most:
        page.keyboard.press("Tab")
        name = page.evaluate("""() => document.activeElement.closest(".lw") &&
          (document.activeElement.getAttribute("aria-label")
           ?? document.activeElement.labels?.[0]?.textContent
           ?? document.activeElement.textContent)""")
        if not name:
            break
        seen.append(name)
    return seen


def told(page, **expected):
    """Wait until Python has been told just this: a moved cursor is told once it rests."""
    page.wait_for_function(
        "(all) => Object.entries(all).every(([key, value]) => saved[key] === value)", arg=expected
    )


def delays(page):
    """A function: for how many milliseconds the page has asked to wait since now, in order."""
    page.evaluate("""() => {
      const wait = globalThis.setTimeout;
      globalThis.asked = [];
      globalThis.setTimeout = (f, ms, ...rest) => { asked.push(ms); return wait(f, ms, ...rest); };
    }""")
    return lambda: page.evaluate("() => asked")


def serious(page):
    """What axe-core finds of serious or critical impact: [(rule, [HTML, ...]), ...]."""
    found = Axe().run(page).response["violations"]
    return [
        (v["id"], [n["html"][:120] for n in v["nodes"]][:3])
        for v in found
        if v["impact"] in ("serious", "critical")
    ]


def kept_height(page):
    """How much room the page keeps for the widget that it shows, before that is there."""
    return page.locator(".lw").evaluate(
        """(widget) => {
          const empty = document.createElement("div");
          Object.assign(empty.dataset, {widget: widget.dataset.widget, state: "loading"});
          empty.className = "lw";
          document.getElementById("host").append(empty);
          return empty.getBoundingClientRect().height;
        }"""
    )
