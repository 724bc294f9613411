// A picture in one colour: each value says how opaque its pixel is.

/** Draws values of 0 to 255, one canvas pixel each, in a colour "#rrggbb"; CSS sizes the canvas.
 *  values: H * W, rows last. */
export function drawInk(canvas, values, [H, W], hex) {
  const color = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  if (canvas.width !== W || canvas.height !== H) Object.assign(canvas, { width: W, height: H });
  const image = new ImageData(W, H);
  for (let i = 0; i < H * W; i++) image.data.set([...color, values[i]], 4 * i);
  canvas.getContext("2d").putImageData(image, 0, 0);
}
