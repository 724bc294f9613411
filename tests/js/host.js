// Runs scripts for tests/js/engine.py: a question a line on stdin, its answer a line on stdout.
// What the tests' JavaScript prints goes to stderr, so that it cannot mix with the answers.
const root = Deno.args[0]; // where import("/engine/nn.js") leads
console.log = console.error;

const KINDS = { Float32Array, Float64Array, Int32Array, Uint8Array, BigInt64Array };
const NAMES = new Map(Object.entries(KINDS).map(([name, kind]) => [kind, name]));
const scopes = new Map(); // a test module's own globals

function encoded(value) {
  if (typeof value === "number") {
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { __number__: Object.is(value, -0) ? "-0" : String(value) };
  }
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if (NAMES.has(value.constructor)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return { __array__: NAMES.get(value.constructor), data: bytes.toBase64() };
  }
  if (Array.isArray(value)) return value.map(encoded);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, encoded(part)]));
}

function decoded(_key, value) {
  if (value === null || typeof value !== "object") return value;
  if ("__number__" in value) return Number(value.__number__);
  if ("__array__" in value) return new KINDS[value.__array__](Uint8Array.fromBase64(value.data).buffer);
  return value;
}

async function answer({ scope: name, script, arg }) {
  if (!scopes.has(name)) {
    const scope = {};
    scopes.set(name, Object.assign(scope, { window: scope }));
  }
  const text = script.replaceAll(/\bimport\((["'])\//g, `import($1${root}/`);
  const found = new Function("scope", `with (scope) { return (${text}\n); }`)(scopes.get(name));
  return encoded(await (typeof found === "function" ? found(arg) : found));
}

let rest = "";
for await (const piece of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + piece).split("\n");
  rest = lines.pop();
  for (const line of lines) {
    let said;
    try {
      said = { value: await answer(JSON.parse(line, decoded)) };
    } catch (error) {
      said = { error: error?.message ?? String(error), stack: error?.stack };
    }
    const bytes = new TextEncoder().encode(JSON.stringify(said) + "\n");
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  }
}
