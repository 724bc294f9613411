// The page's end of the worker: questions and their answers, and what the kernel posts by itself.

const SILENT = 120_000; // milliseconds without a word, after which a start is taken to have failed

/** A worker from a file, or from memory where a page may not start one from a file (file://). */
function startWorker(address, text) {
  if (text === undefined) return new Worker(address, { type: "module" });
  const memory = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  return new Worker(memory);
}

export class Python {
  /** @param hear is called with each message that answers nothing: output, widgets. */
  constructor(hear) {
    this.hear = hear;
    this.asked = new Map(); // number -> {resolve, reject}
    this.count = 0;
  }

  /** Starts the worker and Python in it. */
  async start({ worker, workerText, ...rest }) {
    this.worker = startWorker(worker, workerText);
    this.worker.onmessage = ({ data }) => this.#receive(data);
    const failed = new Promise((_, reject) => {
      this.worker.onerror = (event) => {
        reject(new Error(event.message || `${worker} did not start: the host of this page may forbid it`));
      };
      this.silence = setTimeout(() => reject(new Error("Python did not start. The host of this page may "
        + "forbid WebAssembly (Content-Security-Policy: script-src 'wasm-unsafe-eval').")), SILENT);
    });
    try {
      return await Promise.race([this.ask("start", rest), failed]);
    } finally {
      clearTimeout(this.silence);
    }
  }

  #receive({ answer, value, error, ...message }) {
    if (answer === undefined) {
      this.hear(message);
      return;
    }
    const { resolve, reject } = this.asked.get(answer);
    this.asked.delete(answer);
    error === undefined ? resolve(value) : reject(new Error(error));
  }

  ask(type, content) {
    this.count += 1;
    const ask = this.count;
    return new Promise((resolve, reject) => {
      this.asked.set(ask, { resolve, reject });
      this.worker.postMessage({ ask, type, ...content });
    });
  }

  /** Ends everything at once, an endless loop too. */
  stop() {
    this.worker?.terminate();
    clearTimeout(this.silence);
    for (const { reject } of this.asked.values()) reject(Object.assign(new Error("stopped"), { stopped: true }));
    this.asked.clear();
  }
}
