// Generated sounds in noise, their spectrogram, and what a small CNN hears. Python's side: __init__.py.
import { unpack } from "../engine/packed.js";
import { SPEECH_RATE, speechForward, speechMix, speechNoise, speechPicture, speechSynthesize } from "../engine/speech.js";
import { bytesOf, drawMap, h, mount, probability, segmented, select, t, uniqueId } from "../kit/mod.js";

const SPEECH_LOUDNESS = 0.4; // of the loudest sample that is played

function build(ctx) {
  const { root, get } = ctx;
  const sounds = get("_sounds");
  const voices = get("_voices");
  const w = unpack(bytesOf(get("_weights")));
  const noise = speechNoise();
  let samples = null; // what is shown and played
  let clean = { key: "", wave: null };
  let spoken = false;
  const change = (changes) => { spoken = true; ctx.sync(changes); };

  // --- controls ---------------------------------------------------------------------------------------
  const pick = segmented(t("Sound", "声音"), sounds.map((sound) => [sound, sound]), (sound) => change({ sound }));
  pick.node.classList.add("sl-sounds");
  const groups = { man: t("a man", "男声"), woman: t("a woman", "女声"), child: t("a child", "童声") };
  const speaker = select(t("Speaker, not heard in training", "说话人（训练中未出现）"), voices.map(({ group, hertz }, n) => (
    [n, `${groups[group]}, ${Math.round(hertz.reduce((a, row) => a + row[0], 0) / hertz.length)} Hz`])),
  (value) => change({ speaker: Number(value) }));
  const id = uniqueId();
  const level = h("output", { class: "sl-level", for: id });
  const range = h("input", {
    type: "range", id, min: -40, max: 10, step: 1, // to the right there is more noise
    oninput: ctx.guard(() => change({ noise: 0 - Number(range.value) })),
  });
  const told = (decibels) => (decibels > 0 ? t(`${decibels} dB below the sound`, `比声音低 ${decibels} dB`)
    : decibels < 0 ? t(`${-decibels} dB above the sound`, `比声音高 ${-decibels} dB`) : t("as loud as the sound", "与声音一样响"));

  // --- hearing it: only when the reader presses -------------------------------------------------------
  let audio = null;
  let playing = null;
  const note = h("span", { class: "lw-quiet", role: "status" });
  const button = h("button", { type: "button", class: "lw-button sl-play", onclick: ctx.guard(() => (playing ? stop() : play())) });
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
    const buffer = audio.createBuffer(1, samples.length, SPEECH_RATE);
    buffer.getChannelData(0).set(samples.map((v) => SPEECH_LOUDNESS * v));
    playing = audio.createBufferSource();
    playing.buffer = buffer;
    playing.connect(audio.destination);
    playing.onended = () => { playing = null; label(); };
    playing.start();
    label();
  }
  label();
  ctx.onCleanup(() => { stop(); audio?.close(); });

  // --- the wave and the picture -----------------------------------------------------------------------
  const WAVE = { width: 490, height: 60 };
  const line = h("svg:path", { class: "sl-line" });
  const wave = h("svg:svg", { class: "sl-wave", viewBox: `0 0 ${WAVE.width} ${WAVE.height}`, preserveAspectRatio: "none", "aria-hidden": "true" }, line);
  const canvas = h("canvas", { class: "sl-picture", "aria-hidden": "true" });
  const ticks = (texts, name) => h("div", { class: name, "aria-hidden": "true" }, texts.map((text) => h("span", {}, text)));

  function drawWave() {
    const step = samples.length / WAVE.width;
    const y = (v) => ((1 - v) * WAVE.height) / 2;
    let path = "";
    for (let column = 0; column < WAVE.width; column++) {
      let [low, high] = [1, -1];
      for (let n = Math.floor(column * step); n < (column + 1) * step; n++) {
        low = Math.min(low, samples[n]);
        high = Math.max(high, samples[n]);
      }
      path += `M${column + 0.5} ${y(high).toFixed(1)}V${(y(low) + 0.5).toFixed(1)}`;
    }
    line.setAttribute("d", path);
  }

  function drawPicture(picture) {
    const [, K, M] = picture.shape;
    const upright = new Float32Array(K * M); // low frequencies at the bottom
    for (let k = 0; k < K; k++) upright.set(picture.data.subarray(k * M, (k + 1) * M), (K - 1 - k) * M);
    drawMap(canvas, upright, [K, M], { scale: "magnitude" });
  }

  // --- the answer -------------------------------------------------------------------------------------
  const bars = sounds.map((sound) => {
    const fill = h("span", { class: "sl-fill" });
    const value = h("span", { class: "sl-value" });
    return { node: h("li", { class: "sl-bar" }, h("span", { class: "sl-name" }, sound), h("span", { class: "sl-track", "aria-hidden": "true" }, fill), value), fill, value };
  });
  const verdict = h("p", { class: "sl-verdict" });

  function drawAnswer(chances) {
    const best = chances.indexOf(Math.max(...chances));
    const truth = sounds.indexOf(get("sound"));
    bars.forEach(({ node, fill, value }, k) => {
      fill.style.setProperty("--share", `${100 * chances[k]}%`);
      value.textContent = probability(chances[k]);
      node.classList.toggle("sl-truth", k === truth);
      node.classList.toggle("sl-best", k === best);
    });
    verdict.textContent = best === truth ? t(`It hears “${sounds[best]}”: right.`, `它听成“${sounds[best]}”：正确。`)
      : t(`It hears “${sounds[best]}”. It was “${sounds[truth]}”.`, `它听成“${sounds[best]}”，其实是“${sounds[truth]}”。`);
    verdict.classList.toggle("sl-wrong", best !== truth);
    if (spoken) ctx.say(`${verdict.textContent} ${probability(chances[best])}`);
    spoken = false;
  }

  const draw = ctx.redraw(() => {
    const [sound, who, decibels] = ["sound", "speaker", "noise"].map(get);
    pick.set(sound);
    speaker.set(who);
    range.value = -decibels;
    level.textContent = told(decibels);
    range.setAttribute("aria-valuetext", told(decibels));
    const key = `${who} ${sound}`;
    if (clean.key !== key) clean = { key, wave: speechSynthesize(voices[who].hertz[sounds.indexOf(sound)], voices[who].seconds) };
    samples = speechMix(clean.wave, noise, decibels);
    const picture = speechPicture(samples);
    drawWave();
    drawPicture(picture);
    drawAnswer(Array.from(speechForward(w, picture)));
  });
  root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("drag the noise from the left end to the right. How sure is the network then, and of what?", "把噪声从最左端拖到最右端。网络还有多大把握，听成了什么？")),
    pick.node,
    h("div", { class: "sl-top" }, speaker.node,
      h("div", { class: "sl-slider" }, h("label", { class: "lw-label", for: id }, t("Noise", "噪声")), level, range),
      h("div", { class: "sl-hear" }, button, note)),
    h("div", { class: "sl-main" },
      h("div", { class: "sl-see" },
        h("div", {}), wave,
        ticks(["5 kHz", "", "0"], "sl-hertz"), canvas,
        h("div", {}), ticks(["0 s", t("time", "时间"), "0.4 s"], "sl-seconds")),
      h("div", { class: "sl-answer" }, verdict,
        h("ul", { class: "sl-bars", "aria-label": t("the network's probabilities", "网络给出的概率") }, bars.map(({ node }) => node)))));
  ctx.watch(["sound", "speaker", "noise"], draw);
  draw();
}

export default { render: (host) => mount(host, "speech-lab", build) };
