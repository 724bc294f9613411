// Colour scales: from a number to its colour. Plain arithmetic, so models may ask too.

// Anchors (position 0..255, colour) of matplotlib's RdBu_r and cividis: interpolated in between,
// equal to matplotlib's tables within 3 of 255 levels (tests/js/test_kit.py).
const ANCHORS = {
  diverging: [[0, "053061"], [25.5, "2166ac"], [51, "4393c3"], [76.5, "92c5de"], [102, "d1e5f0"],
    [127.5, "f7f7f7"], [153, "fddbc7"], [178.5, "f4a582"], [204, "d6604d"], [229.5, "b2182b"],
    [255, "67001f"]],
  magnitude: [[0, "00224e"], [21, "003170"], [23, "013271"], [28, "123570"], [34, "1e3a6f"],
    [52, "36466c"], [84, "565c6d"], [126, "7b7a78"], [147, "8f8a78"], [179, "aea371"],
    [205, "c9b965"], [232, "e7d150"], [251, "fde334"], [255, "fee838"]],
  gray: [[0, "000000"], [255, "ffffff"]],
};

// 256 colours a scale, each one 32-bit number as a canvas stores it (on little-endian machines).
const TABLES = Object.fromEntries(Object.entries(ANCHORS).map(([name, anchors]) => {
  const colors = new Uint8ClampedArray(4 * 256).fill(255);
  for (let level = 0, a = 0; level < 256; level++) {
    while (anchors[a + 1][0] < level) a += 1;
    const [[from, low], [to, high]] = [anchors[a], anchors[a + 1]];
    for (let channel = 0; channel < 3; channel++) {
      const [x, y] = [low, high].map((hex) => parseInt(hex.slice(2 * channel, 2 * channel + 2), 16));
      colors[4 * level + channel] = x + ((y - x) * (level - from)) / (to - from);
    }
  }
  return [name, new Uint32Array(colors.buffer)];
}));

/** Colour [r, g, b] of a value on a scale: "diverging" from -max to max, zero in the middle;
 *  "magnitude" and "gray" from 0 to max. */
export function colorOf(scale, value, max = 1) {
  const unit = scale === "diverging" ? (value / max + 1) / 2 : value / max;
  const level = Math.max(0, Math.min(255, Math.floor((max > 0 ? unit : 0.5) * 256)));
  const color = TABLES[scale][level];
  return [color & 255, (color >> 8) & 255, (color >> 16) & 255];
}

/** CSS colour, and the ink (black or white) that reads best on it. */
export function paint(scale, value, max = 1) {
  const [r, g, b] = colorOf(scale, value, max);
  // Relative luminance as WCAG 2 defines it; above 0.179 black has the higher contrast.
  const [R, G, B] = [r, g, b].map((c) => (
    c <= 10 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  const dark = 0.2126 * R + 0.7152 * G + 0.0722 * B < 0.179;
  return { background: `rgb(${r} ${g} ${b})`, ink: dark ? "#ffffff" : "#000000" };
}

/** The colours of values as a canvas keeps them, one 32-bit number each; NaN is transparent. */
export function pixelsOf(values, { scale = "gray", max = 1 } = {}, pixels = new Uint32Array(values.length)) {
  const table = TABLES[scale];
  const factor = max > 0 ? (scale === "diverging" ? 128 : 256) / max : 0;
  const zero = scale === "diverging" || max <= 0 ? 128 : 0;
  for (let i = 0; i < pixels.length; i++) {
    const level = Math.floor(values[i] * factor + zero);
    pixels[i] = table[level < 0 ? 0 : level > 255 ? 255 : level]; // NaN: none, so transparent
  }
  return pixels;
}
