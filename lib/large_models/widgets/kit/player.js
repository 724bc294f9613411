// First, back, play, forward.
import { iconButton } from "./controls.js";
import { h } from "./elements.js";
import { t } from "./language.js";

/** First, back, play or pause, forward. `step(n)` moves by n and returns whether it could;
 *  `perSecond()` is the pace, at most one step a second where the reader prefers reduced motion.
 *  Returns {node, stop(), playing()}; onState(playing) is told when it starts and stops. */
export function player(ctx, { step, first, perSecond = () => 4, onState = () => {} }) {
  let timer = 0;
  const stop = () => {
    if (!timer) return;
    clearTimeout(timer);
    timer = 0;
    play.set("play", t("play", "播放"));
    onState(false);
  };
  const tick = ctx.guard(() => {
    if (!step(1)) return stop();
    timer = setTimeout(tick, 1000 / (ctx.reducedMotion() ? Math.min(1, perSecond()) : perSecond()));
    return undefined;
  });
  const start = () => {
    timer = -1;
    play.set("pause", t("pause", "暂停"));
    onState(true);
    tick();
  };
  const play = iconButton("play", t("play", "播放"), () => (timer ? stop() : start()));
  const node = h("div", { class: "lw-player", role: "group", "aria-label": t("move the window", "移动窗口") },
    iconButton("first", t("to the start", "回到开头"), () => { stop(); first(); }).node,
    iconButton("back", t("one step back", "后退一步"), () => { stop(); step(-1); }).node,
    play.node,
    iconButton("forward", t("one step on", "前进一步"), () => { stop(); step(1); }).node);
  ctx.onCleanup(stop);
  ctx.listen(document, "visibilitychange", () => document.hidden && stop());
  return { node, stop, playing: () => timer !== 0 };
}
