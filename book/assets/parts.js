// What a widget is made of, for loader.js: scripts that bring its code or data (book/ext/scripts.py),
// modules from memory, styles.
{
  const here = new URL(".", document.currentScript.src).href;
  const chinese = document.documentElement.lang.startsWith("zh");

  const forbidden = []; // what the page's host has forbidden so far
  addEventListener("securitypolicyviolation", (event) => forbidden.push(event));

  /** An error that says which of the host's rules is in the way, if one is. */
  async function explained(error, address) {
    await new Promise((done) => setTimeout(done, 50)); // the browser reports a moment later
    const event = forbidden.find((e) => e.blockedURI && address.startsWith(e.blockedURI));
    if (!event) return error;
    const rule = event.effectiveDirective;
    const memory = chinese ? "从内存运行的代码（blob:）" : "code that runs from memory (blob:)";
    const what = address.startsWith("blob:") ? memory : address;
    return new Error(chinese
      ? `此网页所在主机的内容安全策略（${rule}）禁止${what}`
      : `the page's host forbids ${what} by its Content-Security-Policy, rule ${rule}`);
  }

  const parts = new Map(); // name -> {promise, arrive, asked}

  function part(name) {
    if (!parts.has(name)) {
      const made = {};
      made.promise = new Promise((arrive) => {
        made.arrive = (value) => { made.arrived = true; arrive(value); };
      });
      parts.set(name, made);
    }
    return parts.get(name);
  }

  globalThis.lwWidget = (name, definition) => part(name).arrive(definition);
  globalThis.lwData = globalThis.lwWidget;

  /** What a script hands over under a name; the first widget's scripts are in the page's head. */
  function fetchPart(name, address) {
    const wanted = part(name);
    if (wanted.arrived) return wanted.promise;
    wanted.asked ??= new Promise((resolve, reject) => {
      wanted.promise.then(resolve);
      const src = here + address;
      // by the file's name: a browser that saves a page puts all its files into one folder
      const named = `script[src*="${address.split("/").at(-1)}"]`;
      const there = document.readyState !== "complete" && document.querySelector(named);
      const script = there || Object.assign(document.createElement("script"), { src, defer: true });
      script.addEventListener("error", async () => {
        script.remove();
        wanted.asked = undefined;
        const lost = Object.assign(new Error(`${src} did not load`), { again: true });
        reject(await explained(lost, src));
      });
      if (!there) document.head.append(script);
    });
    return wanted.asked;
  }

  async function importModule(source) {
    if (/^https?:\/\//.test(source)) return import(source);
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    try {
      return await import(url);
    } catch (error) {
      throw await explained(error, url);
    } finally {
      URL.revokeObjectURL(url);
    }
  }

  function addStyle(css, id) {
    if (!css || document.getElementById(id)) return; // the book's pages carry it in their head
    const style = /^https?:\/\//.test(css)
      ? Object.assign(document.createElement("link"), { rel: "stylesheet", href: css, id })
      : Object.assign(document.createElement("style"), { textContent: css, id });
    document.head.append(style);
  }

  function decode(base64) {
    const text = atob(base64);
    const decoded = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) decoded[i] = text.charCodeAt(i);
    return new DataView(decoded.buffer);
  }

  globalThis.lwParts = { addStyle, chinese, decode, fetchPart, importModule };
}
