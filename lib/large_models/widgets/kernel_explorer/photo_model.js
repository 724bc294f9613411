// The photographs to choose from, and what is made of a reader's file, as plain data.
import { t } from "../kit/language.js";

export const OWN = "own"; // the reader's file
const SMALLEST = 28;      // pixels a side
const LARGEST = 256;

/** The menu of photographs; the reader's file is among them once there is one. */
export function photoMenu(withOwn) {
  return [
    ["china", t("temple in China", "中国的寺庙")], ["flower", t("flower", "花")],
    ["portrait", t("portrait", "肖像")], ["digit", t("handwritten digit", "手写数字")],
    ...(withOwn ? [[OWN, t("your own file", "您自己的文件")]] : []),
  ];
}

/** Who made a photograph; of a reader's file, where it stays. */
export function creditOf(credits, name) {
  return credits[name] ?? t(
    "Your file stays in this page: it is sent nowhere.", "您的文件只留在本页面中，不会发送到任何地方。");
}

/** What is said of a file that could not be read. */
export function unreadable(name) {
  return t(`“${name}” is not an image that this browser can read.`, `“${name}”不是本浏览器能读取的图像。`);
}

/** What is said where the browser alters what a page reads. */
export function alteredText() {
  return t(
    "Your browser alters pixels that a page reads, so as not to be recognised: "
      + "your own file looks noisy here. The other photographs do not.",
    "为防止被识别，您的浏览器会改动网页读取的像素：您的文件在这里带有噪点，其他照片不受影响。");
}

/** The largest square in the middle of an image, and how many pixels a side are made of it. */
export function cutOf(width, height) {
  const side = Math.min(width, height);
  return {
    side, left: (width - side) / 2, top: (height - side) / 2,
    size: Math.max(SMALLEST, Math.min(LARGEST, side)),
  };
}

/** The gray values of colours [red, green, blue, opacity, ...]. */
export function grayOf(colors) {
  // The weights of red, green and blue in brightness: ITU-R BT.601.
  return Float32Array.from({ length: colors.length / 4 }, (_, i) => Math.round(
    0.299 * colors[4 * i] + 0.587 * colors[4 * i + 1] + 0.114 * colors[4 * i + 2]));
}

/** Opaque colours that differ from pixel to pixel: what a browser that alters pixels gives back differs. */
export function knownColors(pixels) {
  return Uint8ClampedArray.from({ length: 4 * pixels }, (_, i) => (i % 4 < 3 ? (7 * i) % 256 : 255));
}
