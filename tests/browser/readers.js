// What test_readers.py asks of a page, as functions in `globalThis.readers`.
globalThis.readers = (() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();

  /** [r, g, b, opacity] of a CSS colour. */
  function rgba(color) {
    if (!known.has(color)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(color, [r, g, b, a / 255]);
    }
    return known.get(color);
  }

  const over = ([r, g, b, a], under) => [r, g, b].map((c, i) => c * a + under[i] * (1 - a));

  function luminance(color) {
    const [R, G, B] = color.map((c) => (c <= 10 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * R + 0.7152 * G + 0.0722 * B + 0.05;
  }

  function behind(element) {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.push(rgba(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
  }

  /** Map: element -> {background, fill, stroke, shadow}, each its contrast with what is behind it. */
  function painted() {
    const found = new Map();
    for (const e of document.querySelectorAll(".lw *, .fa-solid, .icon, svg.figure *")) {
      const { width, height } = e.getBoundingClientRect();
      if (!e.checkVisibility() || (width < 1 && height < 1) || e.matches("input, select, textarea")) continue;
      const style = getComputedStyle(e);
      const under = behind(e.parentElement);
      const marks = {};
      const add = (kind, color, opacity = 1) => {
        const [r, g, b, a] = rgba(color);
        const [x, y] = [luminance(over([r, g, b, a * opacity], under)), luminance(under)];
        marks[kind] = Math.max(x, y) / Math.min(x, y);
      };
      if (!(e instanceof SVGElement)) {
        add("background", style.backgroundColor);
        if (style.boxShadow !== "none") marks.shadow = 21;
      } else if (e instanceof SVGGeometryElement) {
        for (const kind of ["fill", "stroke"]) {
          if (/^(rgb|color)/.test(style[kind])) add(kind, style[kind], Number(style[`${kind}Opacity`]));
        }
      }
      found.set(e, marks);
    }
    return found;
  }

  const name = (e) => `${e.closest(".lw")?.dataset.widget ?? ""} <${e.localName} class="${e.getAttribute("class") ?? ""}">`;

  /** What `before` tells apart by a colour of 1.3 : 1 and the page no longer does by 1.2 : 1. */
  function lost(before) {
    const now = painted();
    const gone = new Set();
    for (const [e, marks] of before) {
      if (!e.isConnected || e.matches(".theme-switch")) continue; // where the system chooses, it has no use
      for (const [kind, contrast] of Object.entries(marks)) {
        if (contrast >= 1.3 && !(now.get(e)?.[kind] >= 1.2)) gone.add(`${kind} of ${name(e)}`);
      }
    }
    return [...gone];
  }

  /** Map: element -> [left, width] within the picture, formula, table, code or widget it is in. */
  function places() {
    const found = new Map();
    for (const whole of document.querySelectorAll(".lw, .highlight pre, .katex-base, svg.figure, .text_html")) {
      const { x: left } = whole.getBoundingClientRect();
      for (const e of whole.querySelectorAll("*")) {
        const { x, width, height } = e.getBoundingClientRect();
        if (e.checkVisibility() && width + height > 0 && !found.has(e)) found.set(e, [x - left, width]);
      }
    }
    return found;
  }

  /** What stands elsewhere than before, by more than a pixel and a half. */
  function moved(before) {
    const now = places();
    const strays = [...before].filter(([e, [x]]) => !(Math.abs(now.get(e)?.[0] - x) <= 1.5));
    return [...new Set(strays.map(([e]) => name(e)))];
  }

  /** Numbers whose sign stands behind them: [number of signs, texts]. */
  function turned() {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    const [texts, place] = [[], (node, at) => {
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      return range.getBoundingClientRect();
    }];
    let signs = 0;
    for (let node; (node = walker.nextNode());) {
      if (node.parentElement.closest("script, style, noscript, .katex-mathml")) continue;
      for (const { 0: text, index } of node.data.matchAll(/(?<![\w.)\]])[−+<>≤≥-]\s?\d/g)) {
        const [sign, digit] = [place(node, index), place(node, index + text.length - 1)];
        if (!sign.width || sign.bottom < digit.top || sign.top > digit.bottom) continue;
        signs += 1;
        if (sign.x > digit.x) texts.push(`${node.data.slice(0, 60)} in ${name(node.parentElement)}`);
      }
    }
    return [signs, texts];
  }

  /** As a browser's translation does it: every text gets into elements of the translator's. */
  function translate() {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const nodes = [];
    while (walker.nextNode()) nodes.push(walker.currentNode);
    let kept = 0;
    for (const node of nodes) {
      if (!node.data.trim() || node.parentElement.closest("script, style, noscript, textarea, svg, .katex")) continue;
      if (node.parentElement.closest(".notranslate, [translate=no]")) { kept += 1; continue; }
      const outer = document.createElement("font");
      const inner = outer.appendChild(document.createElement("font"));
      outer.style.verticalAlign = inner.style.verticalAlign = "inherit";
      inner.textContent = node.data.replace(/[A-Za-z]{2,}/g, "كلمة");
      node.replaceWith(outer);
    }
    document.documentElement.lang = "ar";
    document.documentElement.classList.add("translated-rtl");
    return kept;
  }

  /** Controls that lie on each other, or partly outside the window. */
  function crowded() {
    const kinds = "button, input:not([type=radio]), select, textarea, .lw-segment, summary";
    const shown = [...document.querySelectorAll(kinds)].filter((e) => e.closest(".lw, .bd-header-article")
      && e.checkVisibility({ visibilityProperty: true, opacityProperty: true }));
    const boxes = shown.map((e) => e.getBoundingClientRect());
    const crosses = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
      && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
    return shown.filter((e, i) => boxes[i].width > 0 && (boxes[i].left < -1 || boxes[i].right > innerWidth + 1
      || shown.some((other, j) => j > i && !e.contains(other) && !other.contains(e)
        && crosses(boxes[i], boxes[j])))).map(name);
  }

  return { crowded, painted, lost, places, moved, turned, translate };
})();
