// Pointer and keys over a picture that is a grid.

/** Pointer and keys over a picture that is a grid. The element gets the focus; `place(u, v)` turns
 *  a point (0..1 from left and top) into a place; hovering calls preview(place), leaving leave(),
 *  a press or drag hold(place), an arrow, Page or Home/End key step(rows, columns, key).
 *  Dragging a finger sideways holds; up and down still scrolls the page. */
export function steer(ctx, node, { place, preview, leave, hold, step }) {
  const at = (event) => {
    const box = node.getBoundingClientRect();
    const clamp = (x) => Math.max(0, Math.min(1 - 1e-9, x));
    return place(clamp((event.clientX - box.left) / box.width), clamp((event.clientY - box.top) / box.height));
  };
  ctx.listen(node, "pointerdown", (event) => {
    if (event.button !== 0) return;
    node.setPointerCapture(event.pointerId);
    hold(at(event));
  });
  ctx.listen(node, "pointermove", (event) => {
    if (event.buttons & 1) hold(at(event));
    else if (event.pointerType === "mouse") preview(at(event));
  });
  ctx.listen(node, "pointerleave", () => leave());
  const keys = {
    ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
    PageUp: [-10, 0], PageDown: [10, 0], Home: [0, -Infinity], End: [0, Infinity],
  };
  ctx.listen(node, "keydown", (event) => {
    if (!keys[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const far = event.shiftKey ? 10 : 1;
    step(...keys[event.key].map((n) => n * far));
  });
}
