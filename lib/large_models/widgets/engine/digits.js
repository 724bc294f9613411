// A drawing on its road to the network: the same steps, and the same numbers, as data/digits.py.

export const DIGIT = {
  bitmap: 32,
  width: 24,
  block: 4,
  ink: 313,
  input: 28,
  narrow: 0.6,
  maxShear: 0.7,
};

/** A drawing, H x W values of ink 1 and paper 0, as a bitmap of 32 x 32 zeros and ones: cut out,
 *  straightened, scaled, brought to the ink of the data. All zero if there is no ink.
 * @param {ArrayLike<number>} gray
 * @param {number} H
 * @param {number} W
 */
export function normalizeDrawing(gray, H, W) {
  const { bitmap: N, width: WIDTH, block, narrow, maxShear } = DIGIT;
  let [n, r, c, rr, rc] = [0, 0, 0, 0, 0];
  let [top, bottom] = [H, -1];
  for (let y = 0; y < H; y++) {
    for (let x = 0; x < W; x++) {
      if (!(gray[y * W + x] >= 0.5)) continue;
      n += 1;
      r += y;
      c += x;
      rr += y * y;
      rc += y * x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
    }
  }
  const bitmap = new Uint8Array(N * N);
  if (!n) return bitmap;
  const spread = n * rr - r * r;
  const slope = spread ? (n * rc - r * c) / spread : 0;
  const shear = Math.min(Math.max(slope, -maxShear), maxShear);
  let [left, right] = [Infinity, -Infinity];
  for (let y = top; y <= bottom; y++) {
    for (let x = 0; x < W; x++) {
      if (!(gray[y * W + x] >= 0.5)) continue;
      const upright = x - shear * y;
      if (upright < left) left = upright;
      if (upright > right) right = upright;
    }
  }
  const height = bottom + 1 - top;
  const width = right + 1 - left;
  const wide = WIDTH * Math.min(1, width / height / narrow);

  // Each of 4 x 4 points in a bitmap pixel looks up the drawing where it comes from.
  let fine = new Float64Array(N * N);
  for (let i = 0; i < N * block; i++) {
    const y = Math.floor(top + (((i + 0.5) / block) * height) / N);
    for (let j = 0; j < N * block; j++) {
      const column = left + (((j + 0.5) / block - (N - wide) / 2) * width) / wide;
      const x = Math.floor(column + shear * y);
      if (x < 0 || x >= W || column < left || column >= left + width) continue;
      if (gray[y * W + x] >= 0.5) fine[Math.floor(i / block) * N + Math.floor(j / block)] += 1;
    }
  }
  for (let pass = 0; pass < 3; pass++) fine = sumOfNine(fine, N);
  const least = Math.max(1, Float64Array.from(fine).sort()[N * N - DIGIT.ink]);
  fine.forEach((value, i) => {
    bitmap[i] = value >= least ? 1 : 0;
  });
  return bitmap;
}

/** A drawing as a bitmap of 32 x 32 without any of that: a pixel is ink where at least half of what
 *  it covers is. H and W are multiples of 32.
 * @param {ArrayLike<number>} gray
 * @param {number} H
 * @param {number} W
 */
export function shrinkDrawing(gray, H, W) {
  const N = DIGIT.bitmap;
  const [tall, wide] = [H / N, W / N];
  const covered = new Float64Array(N * N);
  for (let y = 0; y < H; y++) {
    for (let x = 0; x < W; x++) {
      if (gray[y * W + x] >= 0.5) covered[Math.floor(y / tall) * N + Math.floor(x / wide)] += 1;
    }
  }
  return Uint8Array.from(covered, (ink) => (2 * ink >= tall * wide ? 1 : 0));
}

/** Ink pixels in each block of 4 x 4: 8 x 8 counts from 0 to 16.
 * @param {Uint8Array} bitmap
 */
export function countInk(bitmap) {
  const { bitmap: N, block } = DIGIT;
  const side = N / block;
  const counts = new Float32Array(side * side);
  bitmap.forEach((ink, i) => {
    counts[Math.floor(Math.floor(i / N) / block) * side + Math.floor((i % N) / block)] += ink;
  });
  return counts;
}

/** What the network sees: the counts as grey 0..1, enlarged to 28 x 28 by linear interpolation.
 * @param {ArrayLike<number>} counts
 */
export function toInput(counts) {
  const { bitmap, block, input: size } = DIGIT;
  const side = bitmap / block;
  const places = Array.from({ length: size }, (_, i) => {
    const middle = Math.min(Math.max(((i + 0.5) * side) / size - 0.5, 0), side - 1);
    const low = Math.min(Math.floor(middle), side - 2);
    return [low, middle - low];
  });
  const out = new Float32Array(size * size);
  places.forEach(([row, down], i) =>
    places.forEach(([column, across], j) => {
      const at = row * side + column;
      const above = counts[at] * (1 - across) + counts[at + 1] * across;
      const below = counts[at + side] * (1 - across) + counts[at + side + 1] * across;
      out[i * size + j] = (above * (1 - down) + below * down) / (block * block);
    })
  );
  return out;
}

/**
 * @param {Float64Array} image
 * @param {number} N
 */
function sumOfNine(image, N) {
  const out = new Float64Array(N * N);
  for (let y = 0; y < N; y++) {
    for (let x = 0; x < N; x++) {
      let sum = 0;
      for (let v = Math.max(0, y - 1); v <= Math.min(N - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(N - 1, x + 1); u++) sum += image[v * N + u];
      }
      out[y * N + x] = sum;
    }
  }
  return out;
}
