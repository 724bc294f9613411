// What the worker starts with: from files where the page may fetch, else from scripts beside it.

const started = document.querySelector('script[src*="run/start.js"]').src;

/** The address of a file of the book's, from its folder of static files. */
export const beside = (name) => new URL(name, new URL("../", started)).href;

/** A file that the build has put into a script, as bytes. */
export async function part({ part: name, script }) {
  const { decode, fetchPart } = globalThis.lwParts;
  return decode(await fetchPart(name, script)).buffer;
}

/** Python's start message. @param setup of the build (book/ext/run.py). */
export async function startMessage({ pyodide, library, worker }) {
  const local = location.protocol === "file:";
  const archive = await part(library);
  const made = { worker: beside("run/worker.js"), library: archive, packages: ["numpy"] };
  if (local) made.workerText = new TextDecoder().decode(await part(worker));
  if (!pyodide.hosted) return { ...made, index: pyodide.index };
  if (!local) return { ...made, index: beside(pyodide.index) };
  const names = Object.keys(pyodide.parts);
  const files = await Promise.all(names.map((name) => part(pyodide.parts[name])));
  return { ...made, index: "", files: Object.fromEntries(names.map((name, i) => [name, new Uint8Array(files[i])])) };
}
