// Generated sounds in noise, their spectrogram, and what a small CNN hears. Python's side: speech_lab.py.
import { conv2d, linear, relu, softmax, tensor } from "./nn.js";
import { unpack } from "./packed.js";
import { bytesOf, drawMap, h, mount, probability, segmented, select, t, uniqueId } from "./ui.js";

const SPEECH_RATE = 10000; // samples a second
const SPEECH_LENGTH = 4000; // samples of a clip
const SPEECH_FRAME = 128;
const SPEECH_HOP = 80;
const SPEECH_DEPTH = 60; // decibels from black to white
const SPEECH_WIDTHS = [60, 90, 150]; // of the formants, Hz
const SPEECH_SOURCE_WIDTH = 100;
const SPEECH_LOUDNESS = 0.4; // of the loudest sample that is played

// --- the sound: data/speech.py, for one clip ------------------------------------------------------

/** A pulse whenever a turn is complete, shared between the two samples around that moment. */
function speechPulses(pitch, inside) {
  const pulses = new Float64Array(pitch.length);
  let turns = 0;
  for (let n = 0; n < pitch.length; n++) {
    const before = Math.floor(turns);
    turns += inside[n] ? pitch[n] / SPEECH_RATE : 0;
    const whole = Math.floor(turns);
    if (whole <= before) continue;
    const late = ((turns - whole) * SPEECH_RATE) / pitch[n];
    pulses[n] += 1 - late;
    if (n) pulses[n - 1] += late;
  }
  return pulses;
}

/** Klatt's resonator; frequencyAt(n) in Hz. */
function speechResonate(x, frequencyAt, width) {
  const C = -Math.exp((-2 * Math.PI * width) / SPEECH_RATE);
  const radius = 2 * Math.exp((-Math.PI * width) / SPEECH_RATE);
  const y = new Float64Array(x.length);
  let [before, twice] = [0, 0];
  for (let n = 0; n < x.length; n++) {
    const B = radius * Math.cos((2 * Math.PI * frequencyAt(n)) / SPEECH_RATE);
    y[n] = (1 - B - C) * x[n] + B * before + C * twice;
    [before, twice] = [y[n], before];
  }
  return y;
}

/** A sound in the middle of the clip. hertz: pitch, three formants at the start, three at the end. */
export function speechSynthesize([middle, ...formants], seconds) {
  const first = Math.round(((SPEECH_LENGTH / SPEECH_RATE - seconds) / 2) * SPEECH_RATE);
  const [pitch, along, swell] = [0, 1, 2].map(() => new Float64Array(SPEECH_LENGTH));
  const inside = new Uint8Array(SPEECH_LENGTH);
  for (let n = 0; n < SPEECH_LENGTH; n++) {
    let place = (n - first) / (seconds * SPEECH_RATE);
    inside[n] = place >= 0 && place < 1 ? 1 : 0;
    place = Math.min(1, Math.max(0, place));
    pitch[n] = middle * (1.08 + (0.88 - 1.08) * place);
    swell[n] = inside[n] * Math.min((Math.min(place, 1 - place) * seconds) / 0.02, 1);
    const glide = Math.min(1, Math.max(0, (place - 0.25) / 0.5));
    along[n] = glide * glide * (3 - 2 * glide);
  }
  let wave = speechResonate(speechPulses(pitch, inside).map((v, n) => v * swell[n]), () => 0, SPEECH_SOURCE_WIDTH);
  wave = wave.map((v, n) => v - (n ? wave[n - 1] : 0)); // the lips let changes of the stream out
  SPEECH_WIDTHS.forEach((width, f) => {
    const [low, high] = [formants[f], formants[f + 3]];
    wave = speechResonate(wave, (n) => low + (high - low) * along[n], width);
  });
  return Float32Array.from(speechLoud(wave));
}

function speechLoud(wave) {
  const most = wave.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return wave.map((v) => v / most);
}

const speechSquare = (values) => values.reduce((a, v) => a + v * v, 0) / values.length;

/** The noise of widgets.speech_lab.noise, number for number. */
export function speechNoise() {
  let state = 0;
  const draw = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const sums = Float64Array.from({ length: SPEECH_LENGTH }, () => draw() + draw() + draw() + draw() - 2);
  const size = Math.sqrt(speechSquare(sums));
  return sums.map((v) => v / size);
}

/** The sound so many decibels above the noise, the loudest sample 1. */
export function speechMix(wave, noise, decibels) {
  const share = Math.sqrt(speechSquare(Float64Array.from(wave)) / 10 ** (decibels / 10));
  return speechLoud(noise.map((v, n) => wave[n] + share * v));
}

// --- the picture: formulas/spectrogram.py ---------------------------------------------------------

/** The squared sizes of the Fourier transform of a real frame, from zero to half the rate. The
 *  frame's length is a power of two: even and odd samples are transformed first, and so on. */
export function speechPower(frame) {
  const N = frame.length;
  const bits = Math.log2(N);
  const [re, im] = [new Float64Array(N), new Float64Array(N)];
  for (let n = 0; n < N; n++) {
    let turned = 0;
    for (let bit = 0; bit < bits; bit++) turned |= ((n >> bit) & 1) << (bits - 1 - bit);
    re[turned] = frame[n];
  }
  for (let half = 1; half < N; half *= 2) {
    for (let k = 0; k < half; k++) {
      const [c, s] = [Math.cos((-Math.PI * k) / half), Math.sin((-Math.PI * k) / half)];
      for (let at = k; at < N; at += 2 * half) {
        const to = at + half;
        const [x, y] = [re[to] * c - im[to] * s, re[to] * s + im[to] * c];
        [re[to], im[to]] = [re[at] - x, im[at] - y];
        re[at] += x;
        im[at] += y;
      }
    }
  }
  return re.subarray(0, N / 2 + 1).map((v, k) => v * v + im[k] * im[k]);
}

/** The spectrogram, a tensor (1, K, M): low frequencies first, 1 the loudest spot. */
export function speechPicture(samples) {
  const M = Math.floor((samples.length - SPEECH_FRAME) / SPEECH_HOP) + 1;
  const K = SPEECH_FRAME / 2 + 1;
  const power = new Float64Array(K * M);
  let most = 0;
  for (let m = 0; m < M; m++) {
    const frame = samples.slice(m * SPEECH_HOP, m * SPEECH_HOP + SPEECH_FRAME)
      .map((v, n) => v * Math.sin((Math.PI * n) / SPEECH_FRAME) ** 2);
    speechPower(frame).forEach((v, k) => { power[k * M + m] = v; most = Math.max(most, v); });
  }
  const least = 10 ** (-SPEECH_DEPTH / 10);
  return tensor(Float32Array.from(power, (v) => 1 + (10 * Math.log10(Math.max(v / most, least))) / SPEECH_DEPTH), [1, K, M]);
}

/** The network's ten probabilities. w: the weights by name. */
export function speechForward(w, picture) {
  const first = relu(conv2d(picture, w["conv1.weight"], w["conv1.bias"], { stride: 2 }));
  const second = relu(conv2d(first, w["conv2.weight"], w["conv2.bias"], { stride: 2 }));
  const M = second.shape[2];
  const rows = second.data.length / M;
  const mean = Float32Array.from({ length: rows }, (_, r) => second.data.subarray(r * M, (r + 1) * M).reduce((a, b) => a + b, 0) / M);
  return softmax(linear(tensor(mean, [rows]), w["output.weight"], w["output.bias"])).data;
}

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
