// A line at the foot of the page while Python is here: what it does, and buttons for all cells.

const TEXTS = {
  starting: "Python is starting in this page…",
  ready: "Python runs in this page.",
  running: "Python is running…",
  loading: "Fetching",
  stopped: "Python has stopped.",
  failed: "Python cannot run here.",
};

export class Panel {
  constructor(notebook) {
    this.element = document.createElement("div");
    this.element.className = "lw-python";
    this.element.hidden = true;
    this.status = document.createElement("span");
    this.status.setAttribute("role", "status");
    this.element.append(this.status);
    this.#add("Run all", () => notebook.runAll());
    this.#add("Stop", () => notebook.stop());
    this.#add("Reset", () => notebook.reset());
    this.own = [
      this.#add("Export my version", () => notebook.typed.export()),
      this.#add("Forget my version", () => notebook.typed.clear()),
    ];
    this.typed(false);
    document.querySelector(".bd-article")?.append(this.element);
  }

  #add(label, press) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: label });
    button.addEventListener("click", () => Promise.resolve(press()).catch((error) => this.say("failed", error.message)));
    this.element.append(button);
    return button;
  }

  /** Whether the reader has typed something that can be exported. */
  typed(some) {
    for (const button of this.own) button.hidden = !some;
    if (some) this.element.hidden = false;
  }

  say(state, detail = "") {
    this.element.hidden = false;
    this.element.dataset.state = state;
    this.status.textContent = `${TEXTS[state]}${detail ? ` ${detail}` : ""}`;
  }

  hide() {
    this.element.hidden = true;
  }
}
