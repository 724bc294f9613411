// Arrow keys among buttons of which Tab reaches only the chosen one: a row of them, or a grid.

/** Listens on `node` for arrows, Home and End. buttons(): all of them, null where a grid has a gap;
 *  at(): the index of the chosen one; across(): how many stand in a row, where there is more than
 *  one row; pick(index) chooses, and that button gets the focus. Nothing lies beyond the ends.
 *  scrolls: whether the page may scroll to it. */
export function roving(ctx, node, { buttons, at, across = () => 1, pick, scrolls = true }) {
  ctx.listen(node, "keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const [all, row] = [buttons(), across()];
    // Where the focus is: a second key in one frame comes before the first is drawn.
    const focused = all.findIndex((button) => button?.contains(event.target));
    const now = focused < 0 ? at() : focused;
    const to = {
      ArrowLeft: now - 1, ArrowRight: now + 1, ArrowUp: now - row, ArrowDown: now + row, Home: 0, End: all.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (!all[to]) return;
    pick(to);
    buttons()[to].focus({ preventScroll: !scrolls });
  });
}
