// What SpeechLab shows and plays: a generated sound in noise, its spectrogram, and what a CNN hears.
import { SPEECH_RATE, speechForward, speechMix, speechNoise, speechPicture, speechSynthesize } from "../engine/speech.js";
import { t } from "../kit/language.js";
import { probability } from "../kit/numbers.js";

const LOUDNESS = 0.4; // of the loudest sample that is played
export const COLUMNS = 490; // of the wave

/** What the slider stands at: decibels of the sound above the noise. */
export function told(decibels) {
  if (decibels === 0) return t("as loud as the sound", "与声音一样响");
  return decibels > 0 ? t(`${decibels} dB below the sound`, `比声音低 ${decibels} dB`)
    : t(`${-decibels} dB above the sound`, `比声音高 ${-decibels} dB`);
}

/** The speakers, as they are listed: who it is, and the mean pitch. */
export function speakerNames(voices) {
  const groups = { man: t("a man", "男声"), woman: t("a woman", "女声"), child: t("a child", "童声") };
  return voices.map(({ group, hertz }) => (
    `${groups[group]}, ${Math.round(hertz.reduce((sum, [pitch]) => sum + pitch, 0) / hertz.length)} Hz`));
}

/** The lowest and the highest sample of each column, -1 to 1: [[low, high], ...]. */
function waveOf(samples) {
  const step = samples.length / COLUMNS;
  return Array.from({ length: COLUMNS }, (_, column) => {
    let [low, high] = [1, -1];
    for (let n = Math.floor(column * step); n < (column + 1) * step; n++) {
      low = Math.min(low, samples[n]);
      high = Math.max(high, samples[n]);
    }
    return [low, high];
  });
}

/** A spectrogram as a picture, low frequencies at the bottom: {values, size [H, W]}. */
function pictureOf({ data, shape: [, K, M] }) {
  const values = new Float32Array(K * M);
  for (let k = 0; k < K; k++) values.set(data.subarray(k * M, (k + 1) * M), (K - 1 - k) * M);
  return { values, size: [K, M] };
}

/** sounds: their names; voices: of each speaker {group, seconds, hertz}; weights: {name: tensor}.
 *
 *  `hear({sound, speaker, noise})` gives {samples as they are played, rate, wave, picture,
 *  rows [{name, share, truth, best}, ...], verdict, right, said}. */
export function speechModel({ sounds, voices, weights }) {
  const noise = speechNoise();
  let clean = { key: "", wave: null }; // the last sound, without noise

  function cleanOf(sound, speaker) {
    const key = `${speaker} ${sound}`;
    const { hertz, seconds } = voices[speaker];
    if (clean.key !== key) clean = { key, wave: speechSynthesize(hertz[sounds.indexOf(sound)], seconds) };
    return clean.wave;
  }

  return {
    hear({ sound, speaker, noise: decibels }) {
      const samples = speechMix(cleanOf(sound, speaker), noise, decibels);
      const picture = speechPicture(samples);
      const chances = Array.from(speechForward(weights, picture));
      const best = chances.indexOf(Math.max(...chances));
      const right = sounds[best] === sound;
      const verdict = right ? t(`It hears “${sound}”: right.`, `它听成“${sound}”：正确。`)
        : t(`It hears “${sounds[best]}”. It was “${sound}”.`, `它听成“${sounds[best]}”，其实是“${sound}”。`);
      return {
        samples: Float32Array.from(samples, (v) => LOUDNESS * v), rate: SPEECH_RATE,
        wave: waveOf(samples), picture: pictureOf(picture),
        rows: sounds.map((name, k) => ({ name, share: chances[k], truth: name === sound, best: k === best })),
        verdict, right, said: `${verdict} ${probability(chances[best])}`,
      };
    },
  };
}
