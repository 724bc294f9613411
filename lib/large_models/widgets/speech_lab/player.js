// Hearing a sound, only when the reader presses.
import { h, t } from "../kit/mod.js";

/** A button that plays and stops, and what is wrong: {node}. sound() gives {samples, rate}. */
export function soundPlayer(ctx, sound) {
  let audio = null;
  let playing = null;
  const note = h("span", { class: "lw-quiet", role: "status" });
  const button = h("button", {
    type: "button", class: "lw-button sl-play", onclick: ctx.guard(() => (playing ? stop() : play())),
  });
  const label = () => { button.textContent = playing ? t("■ Stop", "■ 停止") : t("▶ Play", "▶ 播放"); };
  function stop() {
    if (!playing) return;
    const source = playing;
    playing = null;
    source.onended = null;
    source.stop();
    label();
  }
  function play() {
    const Context = globalThis.AudioContext ?? globalThis.webkitAudioContext;
    if (!Context) {
      note.textContent = t("This browser cannot play sound.", "此浏览器不能播放声音。");
      return;
    }
    audio ??= new Context();
    audio.resume();
    const { samples, rate } = sound();
    const buffer = audio.createBuffer(1, samples.length, rate);
    buffer.getChannelData(0).set(samples);
    playing = audio.createBufferSource();
    playing.buffer = buffer;
    playing.connect(audio.destination);
    playing.onended = () => { playing = null; label(); };
    playing.start();
    label();
  }
  label();
  ctx.onCleanup(() => { stop(); audio?.close(); });
  return { node: h("div", { class: "sl-hear" }, button, note) };
}
