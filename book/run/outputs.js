// What a cell that has run shows, in the place of what the book shows.

const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

/** A line as a terminal shows it: what follows a carriage return overwrites what stands there. */
export function overwritten(line) {
  return line.split("\r").reduce((shown, part) => part + shown.slice(part.length), "");
}

/** What is printed: whole lines, and the last, which may be overwritten yet. */
export class Printed {
  constructor(done, last) {
    Object.assign(this, { done, last, raw: "" }); // nodes of text
  }

  add(text) {
    const lines = (this.raw + text).replaceAll("\r\n", "\n").split("\n");
    this.raw = lines.pop();
    this.done.data += lines.map((line) => `${overwritten(line)}\n`).join("");
    this.last.data = overwritten(this.raw);
  }
}

export class Outputs {
  /** @param cell the cell's element; @param showWidget draws a widget of Python's in an element. */
  constructor(cell, showWidget) {
    this.cell = cell;
    this.showWidget = showWidget;
    this.book = cell.querySelector(":scope > .cell_output");
    this.figures = [...(this.book?.querySelectorAll("figure") ?? [])].map((figure) => ({
      figure, svg: figure.querySelector("svg.figure"),
    })).filter(({ svg }) => svg);
  }

  /** Removes what was shown; the figures' captions stay where they are. */
  clear() {
    this.box?.remove();
    this.end = undefined;
    this.box = element("div", { className: "cell_output docutils container lw-live" });
    this.cell.append(this.box);
    if (this.book) this.book.hidden = true;
    this.next = 0;
    this.waiting = false;
  }

  /** Shows again what the book shows. */
  restore() {
    this.box?.remove();
    this.box = undefined;
    if (!this.book) return;
    for (const { figure, svg } of this.figures) {
      figure.querySelector("svg.figure").replaceWith(svg);
      if (!this.book.contains(figure)) this.book.append(figure);
    }
    this.book.hidden = false;
  }

  hear({ type, ...content }) {
    if (!this.box) this.clear();
    if (type === "clear") {
      content.wait ? this.waiting = true : this.clear();
      return;
    }
    if (this.waiting) this.clear();
    ({ stream: () => this.#stream(content), display: () => this.#display(content.data), error: () => this.#error(content) })[type]();
  }

  #stream({ name, text }) {
    if (this.end?.dataset.stream !== name) {
      const [done, last] = [new Text(), new Text()];
      this.printed = new Printed(done, last);
      this.end = element("div", { className: `output stream ${name === "stderr" ? "stderr" : ""}` },
        element("div", { className: "highlight" }, element("pre", {}, done, last)));
      this.end.dataset.stream = name;
      this.box.append(this.end);
    }
    this.printed.add(text);
  }

  #display(data) {
    this.end = undefined;
    const view = data["application/vnd.jupyter.widget-view+json"];
    const picture = ["image/png", "image/jpeg"].find((kind) => data[kind]);
    if (view) {
      const place = element("div", { className: "lw-view" });
      this.box.append(place);
      this.showWidget(view.model_id, place);
    } else if (data["image/svg+xml"]) {
      this.#figure(data["image/svg+xml"]);
    } else if (picture) {
      this.box.append(element("img", { src: `data:${picture};base64,${data[picture]}`, alt: "What this cell drew" }));
    } else if (data["text/html"]) {
      this.box.append(element("div", { className: "output text_html", innerHTML: data["text/html"] }));
    } else {
      const text = data["text/markdown"] ?? data["text/latex"] ?? data["text/plain"] ?? "";
      this.box.append(element("div", { className: "output text_plain" },
        element("div", { className: "highlight" }, element("pre", { textContent: text }))));
    }
  }

  /** A drawing takes the place of the book's, whose caption, number and words for the blind stay. */
  #figure(source) {
    const svg = new DOMParser().parseFromString(source, "text/html").querySelector("svg");
    const place = this.figures[this.next];
    this.next += 1;
    if (!place) {
      svg.setAttribute("aria-label", "What this cell drew");
      this.box.append(svg);
      return;
    }
    svg.setAttribute("aria-label", place.svg.getAttribute("aria-label"));
    place.figure.querySelector("svg.figure").replaceWith(svg);
    this.box.append(place.figure);
  }

  #error({ name, text, line, source, trace }) {
    this.end = undefined;
    const box = element("div", { className: "output lw-error" });
    box.setAttribute("role", "alert");
    if (!name) {
      box.append(element("p", { textContent: text })); // a sentence, such as what is not installed
    } else {
      const where = line ? `Line ${line}: ` : "";
      box.append(element("p", {}, where, ...(source ? [element("code", { textContent: source })] : [])),
        element("p", {}, element("strong", { textContent: name }), text ? `: ${text}` : ""));
      box.append(element("details", {}, element("summary", { textContent: "Python’s traceback" }),
        element("pre", { textContent: trace })));
    }
    this.box.append(box);
  }
}
