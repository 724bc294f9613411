// Generated sounds in noise, their spectrogram, and what a small CNN hears. Python's side: __init__.py.
import { unpack } from "../engine/packed.js";
import { axis, bar, bytesOf, drawMap, h, mount, segmented, select, slider, t, wholeNumbers } from "../kit/mod.js";
import { COLUMNS, speakerNames, speechModel, told } from "./model.js";
import { soundPlayer } from "./player.js";

const TRAITS = ["sound", "speaker", "noise"];
const HEIGHT = 60; // of the wave

/** The sound's wave and its spectrogram, with their axes. */
function picturePart() {
  const path = h("svg:path", { class: "sl-line" });
  const wave = h("svg:svg", {
    class: "sl-wave", viewBox: `0 0 ${COLUMNS} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true",
  }, path);
  const canvas = h("canvas", { class: "sl-picture", "aria-hidden": "true" });
  const ticks = (texts, name) => (
    h("div", { class: name, "aria-hidden": "true" }, texts.map((text) => h("span", {}, text))));
  const y = axis([-1, 1], [HEIGHT, 0]);
  return {
    node: h("div", { class: "sl-see" },
      h("div", {}), wave,
      ticks(["5 kHz", "", "0"], "sl-hertz"), canvas,
      h("div", {}), ticks(["0 s", t("time", "时间"), "0.4 s"], "sl-seconds")),
    show(view) {
      path.setAttribute("d", view.wave.map(([low, high], column) => (
        `M${column + 0.5} ${y(high).toFixed(1)}V${(y(low) + 0.5).toFixed(1)}`)).join(""));
      drawMap(canvas, view.picture.values, view.picture.size, { scale: "magnitude" });
    },
  };
}

/** What the network hears. */
function answerPart(sounds) {
  const verdict = h("p", { class: "sl-verdict" });
  const bars = sounds.map((sound) => {
    const one = bar(sound);
    return { one, node: h("li", { class: "sl-bar" }, one.parts) };
  });
  return {
    node: h("div", { class: "sl-answer" }, verdict,
      h("ul", { class: "sl-bars", "aria-label": t("the network's probabilities", "网络给出的概率") },
        bars.map(({ node }) => node))),
    show(view) {
      view.rows.forEach(({ share, truth, best }, k) => {
        bars[k].one.set(share);
        bars[k].node.classList.toggle("sl-truth", truth);
        bars[k].node.classList.toggle("sl-best", best);
      });
      verdict.textContent = view.verdict;
      verdict.classList.toggle("sl-wrong", !view.right);
    },
  };
}

function build(ctx) {
  const { root, get } = ctx;
  const [sounds, voices] = [get("_sounds"), get("_voices")];
  const model = speechModel({ sounds, voices, weights: unpack(bytesOf(get("_weights"))) });
  const traits = () => Object.fromEntries(TRAITS.map((key) => [key, get(key)]));
  let spoken = false; // whether what is heard is to be said
  const change = (changes) => { spoken = true; ctx.sync(changes); };

  const sound = segmented(t("Sound", "声音"), sounds.map((name) => [name, name]), (name) => change({ sound: name }));
  sound.node.classList.add("sl-sounds");
  const speaker = select(t("Speaker, not heard in training", "说话人（训练中未出现）"), [...speakerNames(voices).entries()],
    (value) => change({ speaker: Number(value) }));
  const noise = slider(ctx, t("Noise", "噪声"), { // to the right there is more of it
    values: wholeNumbers(-10, 40).reverse(), told, onInput: (value) => change({ noise: value }),
  });
  const player = soundPlayer(ctx, () => model.hear(traits()));
  const picture = picturePart();
  const answer = answerPart(sounds);

  const draw = ctx.redraw(() => {
    const now = traits();
    const view = model.hear(now);
    sound.set(now.sound);
    speaker.set(now.speaker);
    noise.set(now.noise);
    picture.show(view);
    answer.show(view);
    if (spoken) ctx.say(view.said);
    spoken = false;
  });
  root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")), t(
      "drag the noise from the left end to the right. How sure is the network then, and of what?",
      "把噪声从最左端拖到最右端。网络还有多大把握，听成了什么？")),
    sound.node,
    h("div", { class: "sl-top" }, speaker.node, noise.node, player.node),
    h("div", { class: "sl-main" }, picture.node, answer.node));
  ctx.watch(TRAITS, draw);
  draw();
}

export default { render: (host) => mount(host, "speech-lab", build) };
