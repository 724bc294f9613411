// Pixels without a canvas: some browsers answer with noise where a page reads a canvas back.

/**
 * Draws strokes with a round pen: a pixel's ink follows from its distance to the nearest segment.
 * @param {number[][][]} strokes lists of points [x, y], percent of the side; one point is a dot
 * @param {number} side pixels
 * @param {number} pen the stroke's width, percent of the side
 * @param {Float32Array} ink side x side, overwritten: ink 1, paper 0, soft edges between
 */
export function drawStrokes(strokes, side, pen, ink) {
  ink.fill(0);
  const unit = side / 100;
  const radius = (pen * unit) / 2;
  for (const stroke of strokes) {
    stroke.forEach(([toX, toY], i) => {
      const [fromX, fromY] = stroke[Math.max(0, i - 1)];
      segment(fromX * unit, fromY * unit, toX * unit, toY * unit);
    });
  }
  return ink;

  /** @type {(x: number, y: number, toX: number, toY: number) => void} */
  function segment(x, y, toX, toY) {
    const [dx, dy] = [toX - x, toY - y];
    const length = dx * dx + dy * dy;
    const first = (/** @type {number} */ value) => Math.max(0, Math.floor(value - radius - 1));
    const last = (/** @type {number} */ value) => Math.min(side, Math.ceil(value + radius + 1));
    const [left, right] = [first(Math.min(x, toX)), last(Math.max(x, toX))];
    for (let row = first(Math.min(y, toY)); row < last(Math.max(y, toY)); row++) {
      for (let column = left; column < right; column++) {
        const [px, py] = [column + 0.5 - x, row + 0.5 - y]; // a pixel's middle
        const along = length ? Math.min(1, Math.max(0, (px * dx + py * dy) / length)) : 0;
        const distance = Math.hypot(px - along * dx, py - along * dy);
        const covered = Math.min(1, radius + 0.5 - distance);
        if (covered > ink[row * side + column]) ink[row * side + column] = covered;
      }
    }
  }
}

/**
 * The grey values of a PNG file as they were written (https://www.w3.org/TR/png-3/).
 * @param {Uint8Array} bytes a file of 8-bit greyscale, not interlaced
 * @returns {Promise<{width: number, height: number, gray: Uint8Array}>}
 */
export async function readGrayPng(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (view.getUint32(0) !== 0x89504e47 || view.getUint16(24) !== 0x0800 || bytes[28] !== 0) {
    throw new Error("expected a PNG file of 8-bit greyscale, not interlaced");
  }
  const packed = [];
  for (let at = 8; at < bytes.length; at += 12 + view.getUint32(at)) {
    if (view.getUint32(at + 4) === 0x49444154) { // IDAT
      packed.push(bytes.slice(at + 8, at + 8 + view.getUint32(at)));
    }
  }
  const stream = new Blob(packed).stream().pipeThrough(new DecompressionStream("deflate"));
  const filtered = new Uint8Array(await new Response(stream).arrayBuffer());
  const gray = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const kind = filtered[y * (width + 1)];
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const left = x ? gray[at - 1] : 0;
      const above = y ? gray[at - width] : 0;
      const corner = x && y ? gray[at - width - 1] : 0;
      gray[at] = filtered[at + y + 1] + predicted(kind, left, above, corner);
    }
  }
  return { width, height, gray };
}

/** @type {(kind: number, left: number, above: number, corner: number) => number} */
function predicted(kind, left, above, corner) {
  if (kind < 3) return [0, left, above][kind];
  if (kind === 3) return (left + above) >> 1;
  const guess = left + above - corner; // Paeth's: the nearest of the three
  const [a, b, c] = [left, above, corner].map((value) => Math.abs(guess - value));
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}
