// What a widget is given: bytes that came with it, and files that it loads when they are needed.
import { h } from "./elements.js";
import { t } from "./language.js";

/** The bytes of a synced bytes trait, whatever the front end made of it. */
export function bytesOf(value) {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return new Uint8Array(value ?? 0);
}

/** The bytes as float32 values (little-endian, as NumPy's "<f4"). */
export function float32Of(value) {
  return new Float32Array(bytesOf(value).slice().buffer);
}

const ASSET_SECONDS = 20; // a busy kernel answers late, a missing one never

/** The bytes of one of widgets/assets.py's ASSETS: from the page's own files where the book
 *  set globalThis.lwAssetBase (a script, since file:// lets a page load nothing else), from the
 *  kernel otherwise. */
export function loadAsset(model, name) {
  return new Promise((resolve, reject) => {
    const missing = () => reject(new Error(t(
      `“${name}” could not be loaded: neither the book's files nor a running kernel answered.`,
      `无法加载“${name}”：书中的文件和运行中的内核都没有应答。`,
    )));
    const timer = setTimeout(missing, ASSET_SECONDS * 1000);
    const settle = (finish, value) => { clearTimeout(timer); finish(value); };
    if (globalThis.lwAssetBase !== undefined) {
      clearTimeout(timer); // a script tells when it cannot be had; a slow line is no reason to give up
      globalThis.lwAsset ??= (key, base64) => { globalThis.lwAsset[`file:${key}`] = base64; };
      const answer = () => {
        const base64 = globalThis.lwAsset[`file:${name}`];
        if (base64 === undefined) return settle(missing);
        return settle(resolve, Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));
      };
      if (globalThis.lwAsset[`file:${name}`] !== undefined) return answer();
      document.head.append(h("script", {
        src: `${globalThis.lwAssetBase}/${name}.js`, onload: answer, onerror: () => settle(missing),
        defer: true, // for the page's copy that a reader saves
      }));
      return undefined;
    }
    const listen = (message, buffers) => {
      if (message?.type !== "asset" || message.name !== name) return;
      model.off("msg:custom", listen);
      if (message.error || !buffers?.length) settle(missing);
      else settle(resolve, bytesOf(buffers[0]));
    };
    model.on("msg:custom", listen);
    model.send({ type: "asset", name });
    return undefined;
  });
}
