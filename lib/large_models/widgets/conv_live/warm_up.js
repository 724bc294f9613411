// A browser compiles what has run a few times: the first stroke shall be as quick as the tenth.

const RUNS = 10;

/** Calls rehearse() a few times while the page has nothing else to do. */
export function warmUp(ctx, rehearse) {
  // Safari has no requestIdleCallback.
  const [later, never] = globalThis.requestIdleCallback
    ? [requestIdleCallback, cancelIdleCallback] : [(callback) => setTimeout(callback, 50), clearTimeout];
  let left = RUNS;
  const once = ctx.guard(() => {
    rehearse();
    left -= 1;
    if (left) idle = later(once);
  });
  let idle = later(once);
  ctx.onCleanup(() => never(idle));
}
