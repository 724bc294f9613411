// What CheckpointScrubber shows beside the panel: how much the BERT finds, over its training.
import { t } from "../kit/language.js";
import { count, probability } from "../kit/numbers.js";

const MOST = 0.5; // the share at the curve's top

/** The name of the weights after so many steps. */
export const assetOf = (step) => `bert-docs-${String(step).padStart(6, "0")}`;

/** What the slider stands at. */
export const told = (step) => t(`after ${count(step)} steps`, `${count(step)} 步之后`);

/** curve: [[step, share found], ...]; steps: those of the slider; most: the share that the most
 *  frequent token finds. Places from 0 to 1: {points [{x, y, now}, ...], level: where `most` lies,
 *  note [before, what is found now, after]}. */
export function trainingView({ steps, curve, most, step }) {
  const found = new Map(curve);
  const points = steps.map((at, i) => ({ x: i / (steps.length - 1), y: found.get(at) / MOST, now: at === step }));
  return {
    points, level: most / MOST,
    note: [
      t("Where [MASK] stands in held-out text, it finds ", "在没读过的文字里，[MASK] 处的词元它找回 "),
      probability(found.get(step)),
      t(`; always saying the most frequent token finds ${probability(most)} (dotted).`,
        `；总答最常见的词元可找回 ${probability(most)}（点线）。`),
    ],
  };
}
