// Python in the page: Pyodide in a worker. It talks to python.js alone:
//
//   page -> worker   {ask, type: "start" | "load" | "add" | "run" | "needs" | "complete" | "comm"}
//   worker -> page   {answer, value} or {answer, error}, and what the kernel posts (page_kernel)

// A page from file:// may start no module worker, and Pyodide wants one: this makes it believe.
self.importScripts = () => {
  throw new TypeError("this worker imports modules");
};

const IN_MEMORY = "https://in.memory/"; // an address for what is fetched from memory

let pyodide;
let kernel;
let cells;

const memory = new Map(); // files that are here already, by their names

/** Answers for files that are in memory: all of Pyodide's where the page may not fetch (file://). */
const fetchFar = self.fetch;
self.fetch = async (input, ...rest) => {
  const name = decodeURIComponent(String(input.url ?? input).split("/").pop());
  if (!memory.has(name)) return fetchFar(input, ...rest);
  const type = { wasm: "application/wasm", json: "application/json" }[name.split(".").pop()];
  return new Response(memory.get(name), { headers: { "Content-Type": type ?? "application/octet-stream" } });
};

const address = (name) => URL.createObjectURL(new Blob([memory.get(name)], { type: "text/javascript" }));

/** Python's None as JSON has it: Pyodide makes it undefined. */
function withNull(value) {
  if (value === undefined) return null;
  if (!value || typeof value !== "object") return value;
  for (const key of Object.keys(value)) value[key] = withNull(value[key]);
  return value;
}

/** Hands the page what the kernel posts: copies, never Python's own objects. */
function post(message, buffers) {
  const plain = { dict_converter: Object.fromEntries, create_pyproxies: false };
  postMessage({ ...withNull(message.toJs(plain)), buffers: buffers.toJs(plain) });
}

function unpack(archive, folder) {
  pyodide.FS.mkdirTree(folder);
  pyodide.unpackArchive(archive, "zip", { extractDir: folder });
}

const answers = {
  async start({ index, files, library, packages }) {
    const options = { indexURL: index, packages, env: {
      HOME: "/home/pyodide", LARGE_MODELS_SKLEARN_DATA: "/book/sklearn_data",
    } };
    let entry = `${index}pyodide.mjs`;
    if (files) {
      for (const [name, content] of Object.entries(files)) memory.set(name, content);
      entry = address("pyodide.mjs");
      const core = await import(address(memory.has("pyodide.asm.mjs") ? "pyodide.asm.mjs" : "pyodide.asm.js"));
      options.createPyodideModule = core.default; // of 314; older ones define a global
      options.lockFileURL = `${IN_MEMORY}pyodide-lock.json`;
      options.indexURL = IN_MEMORY;
    }
    const { loadPyodide } = await import(entry);
    pyodide = await loadPyodide(options);
    unpack(library, "/book");
    pyodide.runPython("import sys; sys.path.insert(0, '/book')");
    kernel = pyodide.pyimport("page_kernel").Kernel(post);
    cells = pyodide.pyimport("cells");
    return { version: pyodide.version, packages: Object.keys(pyodide.loadedPackages) };
  },

  /** More of Pyodide's own packages, such as Matplotlib. */
  async load({ packages }) {
    await pyodide.loadPackage(packages, { messageCallback() {} });
    const there = Object.keys(pyodide.loadedPackages).map((name) => name.toLowerCase());
    const missing = packages.filter((name) => !there.includes(name));
    if (missing.length) throw new Error(`${missing.join(", ")} did not load`);
  },

  /** What the book ships beside its library: an archive of a folder. */
  add({ name, archive }) {
    unpack(archive, name);
  },

  /** A wheel from elsewhere, whose digest the page has verified, and what it needs of Pyodide's. */
  async wheel({ name, archive, needs }) {
    memory.set(name, archive);
    await answers.load({ packages: needs });
    await pyodide.loadPackage(`${IN_MEMORY}${encodeURIComponent(name)}`, { messageCallback() {} });
    const project = name.split("-")[0];
    if (!(project in pyodide.loadedPackages)) throw new Error(`${name} could not be loaded`);
  },

  run: ({ cell, source }) => kernel.run(cell, source),
  needs: ({ sources, index }) => cells.needs(pyodide.toPy(sources), index).toJs(),
  complete: ({ text }) => kernel.complete(text).toJs(),

  comm({ comm, data, buffers }) {
    kernel.comms.receive(comm, pyodide.toPy(data), pyodide.toPy(buffers ?? []));
  },
};

self.onmessage = async ({ data: { ask, type, ...rest } }) => {
  try {
    postMessage({ answer: ask, value: await answers[type](rest) });
  } catch (error) {
    postMessage({ answer: ask, error: String(error.message ?? error) });
  }
};
