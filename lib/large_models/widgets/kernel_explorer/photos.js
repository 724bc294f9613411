// The photographs: the book's own, and the reader's file, which stays in the page.
import { tensor } from "../engine/nn.js";
import { readGrayPng } from "../engine/pixels.js";
import { bytesOf, h, loadAsset, select, t } from "../kit/mod.js";
import { OWN, alteredText, creditOf, cutOf, grayOf, knownColors, photoMenu, unreadable } from "./photo_model.js";

/** One of the book's photographs: its gray values as they were written. */
async function readPicture(bytes, name) {
  const { width: size, gray } = await readGrayPng(bytes);
  return { name, size, pixels: tensor(Float32Array.from(gray), [1, size, size]) };
}

/** The gray values of a reader's image file: the largest square in its middle. Only the browser can
 *  decode it, so this alone is read back from a canvas. */
async function readFile(file) {
  const bitmap = await createImageBitmap(file);
  const { side, left, top, size } = cutOf(bitmap.width, bitmap.height);
  const pen = new OffscreenCanvas(size, size).getContext("2d", { willReadFrequently: true });
  const known = knownColors(size * size);
  pen.putImageData(new ImageData(known, size, size), 0, 0);
  const noisy = pen.getImageData(0, 0, size, size).data.some((value, i) => value !== known[i]);
  pen.fillStyle = "white";
  pen.fillRect(0, 0, size, size);
  pen.imageSmoothingEnabled = side > size;
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, left, top, side, side, 0, 0, size, size);
  bitmap.close();
  const gray = grayOf(pen.getImageData(0, 0, size, size).data);
  return { name: OWN, noisy, size, pixels: tensor(gray, [1, size, size]) };
}

/** Which photograph is shown: {menu, file: [button, input], message, credit: elements, pixels(): null
 *  until the first is there, follow(): to the one that the trait names, drop(node): takes files}.
 *  onImage() is called when there is another. */
export function photosPart(ctx, { onImage }) {
  const { get } = ctx;
  let image = null; // {name, size, pixels: tensor (1, size, size) of 0 to 255}
  let own = null;   // the reader's file, once there is one
  let loading = 0;  // what is awaited last is shown, not what comes last
  let excuse = "";  // why the first photograph is not the one that was asked for
  let choices = 0;  // of files and photographs: what was chosen last is shown, not what was read last

  const menu = select(t("Photograph", "照片"), photoMenu(false), (photo) => ctx.sync({ photo }));
  const input = h("input", {
    type: "file", accept: "image/*", class: "lw-hidden", tabindex: "-1", "aria-hidden": "true",
  });
  ctx.listen(input, "change", () => input.files[0] && open(input.files[0]));
  const button = h("button", { type: "button", class: "lw-button", onclick: () => input.click() },
    t("Your file…", "您的文件…"));
  const message = h("p", { class: "ke-message", role: "status" });
  const credit = h("p", { class: "ke-credit lw-quiet" });

  const bytesFor = (name) => (
    name === get("_image_name") ? bytesOf(get("_image")) : loadAsset(ctx.model, `picture-${name}`));
  function goBack() {
    const name = image?.name ?? get("_image_name");
    ctx.sync({ photo: name });
    menu.set(name);
  }

  async function follow() {
    const name = get("photo");
    menu.set(name);
    if (image?.name === name && name !== OWN) return;
    loading += 1;
    const turn = loading;
    try {
      if (name === OWN && !own) return goBack();
      const next = name === OWN ? own : await readPicture(await bytesFor(name), name);
      if (turn !== loading) return;
      image = next;
      credit.textContent = creditOf(get("_credits"), name);
      message.textContent = image.noisy ? alteredText() : excuse;
      excuse = "";
      if (get("_size") !== image.size) ctx.sync({ _size: image.size });
    } catch (error) {
      if (turn !== loading) return;
      if (!image && name === get("_image_name")) throw error;
      if (!image) excuse = error.message;
      goBack();
      message.textContent = error.message;
    }
    onImage();
  }

  async function open(file) {
    choices += 1;
    const choice = choices;
    let read = null;
    try {
      read = await readFile(file);
    } catch {
      if (choice === choices) message.textContent = unreadable(file.name);
      return;
    } finally {
      if (choice === choices) input.value = "";
    }
    if (choice !== choices) return;
    own = read;
    menu.fill(photoMenu(true));
    menu.set(OWN); // a menu filled anew stands at its first entry
    image = image?.name === OWN ? { ...image, name: null } : image;
    if (get("photo") === OWN) await follow();
    else ctx.sync({ photo: OWN });
  }

  ctx.watch("photo", () => {
    if (get("photo") !== OWN) choices += 1;
    return follow();
  });
  return {
    menu: menu.node, file: [button, input], message, credit, follow,
    pixels: () => image?.pixels ?? null,
    drop(node) {
      ctx.listen(node, "dragover", (event) => { event.preventDefault(); });
      ctx.listen(node, "drop", (event) => {
        event.preventDefault();
        if (event.dataTransfer.files[0]) open(event.dataTransfer.files[0]);
      });
    },
  };
}
