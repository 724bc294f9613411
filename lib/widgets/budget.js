// What a training run needs: memory on each GPU, operations, days. The arithmetic of
// lib/formulas/budget.py, which says where the formulas come from; tests hold the two equal.
import { t } from "./ui.js";

const HOUR = 3600;
// Bytes a parameter: weights, gradients, what Adam keeps.
const STATES = { fp32: [4, 4, 8], bf16: [2, 2, 12] };

/** Why this is no plan, in the page's language; null if it is one. `machine`: {peak_32, ...}. */
export function trouble(run, machine) {
  const { precision, pipeline, layers, tensor, count } = run;
  if (precision === "fp32" && machine.peak_32 === null) {
    return t(`No peak in fp32 is published for ${run.machine}.`, `${run.machine} 没有公布 fp32 峰值。`);
  }
  if (pipeline > layers) {
    return t(`A pipeline of ${pipeline} stages needs at least ${pipeline} layers; there are ${layers}.`,
      `${pipeline} 级流水线至少需要 ${pipeline} 层，现在只有 ${layers} 层。`);
  }
  const group = tensor * pipeline;
  if (count % group) {
    return t(`${count} GPUs do not divide into groups of ${tensor} × ${pipeline} = ${group}.`,
      `${count} 块 GPU 不能分成每组 ${tensor} × ${pipeline} = ${group} 块。`);
  }
  return null;
}

/** How many copies of the model share the data. */
export const copies = (run) => run.count / (run.tensor * run.pipeline);

/** What the model needs: 6 N D + 12 L h s D. */
export function operations(run) {
  return (6 * run.parameters + 12 * run.layers * run.hidden_size * run.seq_len) * run.tokens;
}

/** Hours that one GPU would need for all of it. */
export function gpuHours(run, machine) {
  const peak = run.precision === "fp32" ? machine.peak_32 : machine.peak_16;
  return operations(run) / (peak * run.utilisation * HOUR);
}

/** Bytes on the GPU that holds most: {weights, gradients, optimiser, activations}. */
export function memory(run) {
  const shard = run.parameters / (run.tensor * run.pipeline);
  const [weights, gradients, optimiser] = STATES[run.precision].map((bytes) => bytes * shard);
  const d = copies(run);
  return {
    weights: weights / (run.zero >= 3 ? d : 1),
    gradients: gradients / (run.zero >= 2 ? d : 1),
    optimiser: optimiser / (run.zero >= 1 ? d : 1),
    activations: activations(run),
  };
}

function activations({ precision, seq_len: s, micro_batch: b, hidden_size: h, heads: a, ...run }) {
  const size = precision === "fp32" ? 4 : 2;
  const whole = s * b * h * (4 * size + 2);
  const split = (s * b * h * 12 * size) / run.tensor;
  const scores = (a * s * s * b * (2 * size + 1)) / run.tensor;
  const held = Math.ceil(run.layers / run.pipeline) * run.pipeline;
  if (run.recompute === "none") return held * (whole + split + scores);
  if (run.recompute === "attention") return held * (whole + split);
  return held * s * b * h * size + whole + split + scores;
}
