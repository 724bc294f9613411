// Widgets of Python's: loader.js draws them, the worker's comms keep them and Python in step.

import { beside } from "./starting.js";

const script = (name) => new Promise((resolve, reject) => {
  const src = beside(name);
  document.head.append(Object.assign(document.createElement("script"), {
    src, onload: resolve, onerror: () => reject(new Error(`${src} did not load`)),
  }));
});

/** Where buffers stand in a state, and the state without them. */
export function takeBuffers(value, path = [], found = { paths: [], buffers: [] }) {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    found.paths.push(path);
    const { buffer = value, byteOffset = 0, byteLength } = value;
    found.buffers.push(new Uint8Array(buffer.slice(byteOffset, byteOffset + byteLength)));
    return { plain: undefined, ...found };
  }
  if (!value || typeof value !== "object") return { plain: value, ...found };
  const plain = Array.isArray(value) ? [] : {};
  for (const [key, part] of Object.entries(value)) {
    const place = Array.isArray(value) ? Number(key) : key;
    const taken = takeBuffers(part, [...path, place], found);
    if (!(part instanceof ArrayBuffer || ArrayBuffer.isView(part))) plain[key] = taken.plain;
    else if (Array.isArray(value)) plain[key] = null;
  }
  return { plain, ...found };
}

/** A state with its buffers in their places, as DataViews. */
export function putBuffers(state, paths = [], buffers = []) {
  paths.forEach((path, i) => {
    const { buffer, byteOffset, byteLength } = buffers[i];
    const parent = path.slice(0, -1).reduce((at, key) => at[key], state);
    parent[path.at(-1)] = new DataView(buffer, byteOffset, byteLength);
  });
  return state;
}

export class Live {
  /** @param send takes {comm, data, buffers} for Python. */
  constructor(send) {
    this.send = send;
    this.open = new Set();
  }

  /** Loads what draws widgets, if the page has none of its own. */
  async ready() {
    if (globalThis.lwPage) return;
    await script("model.js");
    await script("loader.js");
  }

  hear({ type, comm, data, buffers }) {
    const page = globalThis.lwPage;
    if (type === "comm_open") {
      this.open.add(comm);
      page.open(comm, putBuffers(data.state, data.buffer_paths, buffers), {
        save: (changes) => {
          const { plain, paths, buffers: taken } = takeBuffers(changes);
          this.send({ comm, data: { method: "update", state: plain, buffer_paths: paths }, buffers: taken });
        },
        send: (content, sent = []) => this.send({ comm, data: { method: "custom", content }, buffers: sent.map((part) => takeBuffers(part).buffers[0]) }),
      });
    } else if (type === "comm_close") {
      this.open.delete(comm);
      page.close(comm);
    } else if (data.method === "update") {
      page.update(comm, putBuffers(data.state, data.buffer_paths, buffers));
    } else if (data.method === "custom") {
      page.message(comm, data.content, buffers.map((part) => new DataView(part.buffer, part.byteOffset, part.byteLength)));
    }
  }

  show(id, place) {
    globalThis.lwPage.show(id, place);
  }

  closeAll() {
    for (const comm of this.open) globalThis.lwPage.close(comm);
    this.open.clear();
  }
}
