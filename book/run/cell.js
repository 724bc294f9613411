// A cell of the page: its source, its bar (Run or Stop, Edit, what is going on), its outputs.

import { Outputs } from "./outputs.js";

export class Cell {
  /** @param given of the build: {id, source, needs, absent, packages, files} (book/cells.py). */
  constructor(given, showWidget) {
    Object.assign(this, given);
    this.book = given.source; // as the book has it
    this.element = document.getElementById(this.id);
    this.bar = this.element?.querySelector(".lw-cell-bar");
    this.outputs = this.element && new Outputs(this.element, showWidget);
    this.ran = undefined; // {source, at}: the text that ran last, and the how-manieth run it was
  }

  get edited() {
    return this.source !== this.book;
  }

  /** idle, waiting, running, done, stale, failed; `text` says it in words. */
  mark(state, text = "") {
    if (!this.bar) return;
    this.bar.dataset.state = state;
    this.element.dataset.run = state;
    this.bar.querySelector("[role=status]").textContent = text;
    const run = this.bar.querySelector(".lw-cell-run");
    run.textContent = state === "running" || state === "waiting" ? "Stop" : "Run";
  }

  get state() {
    return this.bar?.dataset.state ?? "idle";
  }

  /** Says something under the cell, with buttons; resolves to the label of the pressed one. */
  question(text, labels) {
    this.answer?.(undefined);
    const box = document.createElement("div");
    box.className = "lw-cell-question";
    box.setAttribute("role", "group");
    const said = document.createElement("p");
    said.textContent = text;
    box.append(said);
    return new Promise((resolve) => {
      this.answer = (label) => {
        box.remove();
        this.answer = undefined;
        resolve(label);
      };
      for (const label of labels) {
        const button = document.createElement("button");
        Object.assign(button, { type: "button", textContent: label });
        button.addEventListener("click", () => this.answer(label));
        box.append(button);
      }
      this.bar.after(box);
      box.querySelector("button").focus();
    });
  }
}
