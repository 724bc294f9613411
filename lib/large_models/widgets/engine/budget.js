// What a training run needs: memory on each GPU, operations, hours and where they go. The arithmetic of
// formulas/budget.py, which says where the formulas come from; tests hold the two equal.

/** A planned run, with the settings of formulas.budget.Run.
 * @typedef {object} Run
 * @property {number} parameters
 * @property {number} tokens
 * @property {number} layers
 * @property {number} hidden_size
 * @property {number} heads
 * @property {number} seq_len
 * @property {number} micro_batch
 * @property {string} machine
 * @property {number} count
 * @property {"bf16" | "fp32"} precision
 * @property {number} utilisation
 * @property {number} zero 0 to 3
 * @property {number} tensor
 * @property {number} pipeline
 * @property {"none" | "attention" | "all"} recompute
 * @property {number} batch
 * @property {number} link
 */
/** Dense peak operations a second (peak_32 null: none is published), and bytes of memory.
 * @typedef {{ peak_16: number, peak_32: number | null, memory: number }} Machine
 */

const HOUR = 3600;
const SERVER = 8; // GPUs that share fast links
const FAST = 300e9; // bytes per second on one of these
// Bytes per parameter: weights, gradients, what Adam keeps.
const STATES = { fp32: [4, 4, 8], bf16: [2, 2, 12] };

/** Why this is no plan, in English and in Chinese; null if it is one.
 * @param {Run} run
 * @param {Pick<Machine, "peak_32">} machine
 * @returns {[string, string] | null}
 */
export function trouble(run, machine) {
  const { precision, pipeline, layers, tensor, count } = run;
  if (precision === "fp32" && machine.peak_32 === null) {
    return [
      `No peak in fp32 is published for ${run.machine}.`,
      `${run.machine} 没有公布 fp32 峰值。`,
    ];
  }
  if (pipeline > layers) {
    return [
      `A pipeline of ${pipeline} stages needs at least ${pipeline} layers; there are ${layers}.`,
      `${pipeline} 级流水线至少需要 ${pipeline} 层，现在只有 ${layers} 层。`,
    ];
  }
  const group = tensor * pipeline;
  if (count % group) {
    return [
      `${count} GPUs do not divide into groups of ${tensor} × ${pipeline} = ${group}.`,
      `${count} 块 GPU 不能分成每组 ${tensor} × ${pipeline} = ${group} 块。`,
    ];
  }
  return null;
}

/** How many copies of the model share the data.
 * @param {Run} run
 */
export const copies = (run) => run.count / (run.tensor * run.pipeline);

/** What the model needs: 6 N D + 12 L h s D.
 * @param {Run} run
 */
export function operations(run) {
  return (6 * run.parameters + 12 * run.layers * run.hidden_size * run.seq_len) * run.tokens;
}

/** The same with what is computed twice.
 * @param {Run} run
 */
function hardwareOperations(run) {
  if (run.recompute === "all") return (operations(run) * 4) / 3;
  if (run.recompute === "none") return operations(run);
  return operations(run) + 4 * run.layers * run.hidden_size * run.seq_len * run.tokens;
}

/** How many micro-batches go through each copy in a step.
 * @param {Run} run
 */
export function microBatches(run) {
  const together = copies(run) * run.micro_batch * run.seq_len;
  return Math.max(1, Math.ceil((run.batch / together) * (1 - 1e-12)));
}

/** Tokens in a step.
 * @param {Run} run
 */
export const stepTokens = (run) => microBatches(run) * copies(run) * run.micro_batch * run.seq_len;

const sizeOf = (/** @type {Run} */ run) => (run.precision === "fp32" ? 4 : 2);

/** Seconds of a step in which a copy's GPUs wait for what they send each other.
 * @param {Run} run
 */
function groupExchange(run) {
  const [m, t] = [microBatches(run), run.tensor];
  const message = sizeOf(run) * run.seq_len * run.micro_batch * run.hidden_size;
  const times = (run.recompute === "all" ? 6 : 4) * Math.ceil(run.layers / run.pipeline);
  const addedUp = (m * times * message * 2 * (t - 1)) / t / FAST;
  return addedUp + (run.pipeline > 1 ? (2 * m * message) / (1e9 * run.link) : 0);
}

/** Seconds of a step in which the copies send gradients and weights, beside the computing.
 * @param {Run} run
 */
function copiesExchange(run) {
  const [m, d] = [microBatches(run), copies(run)];
  const part = ((sizeOf(run) * run.parameters) / (run.tensor * run.pipeline)) * ((d - 1) / d);
  return ([2, 2, m + 1, 3 * m][run.zero] * part) /
    (1e9 * run.link * Math.max(1, SERVER / run.tensor));
}

/** A plan that `trouble` finds nothing in has a peak.
 * @param {Run} run
 * @param {Machine} machine
 */
function peakOf(run, machine) {
  return run.precision === "fp32" ? Number(machine.peak_32) : machine.peak_16;
}

/** GPU hours of the whole run, and where they go: {model, again, pipeline, exchange, total}.
 * @param {Run} run
 * @param {Machine} machine
 */
export function hoursOf(run, machine) {
  const speed = peakOf(run, machine) * run.utilisation * HOUR;
  const model = operations(run) / speed;
  const again = hardwareOperations(run) / speed - model;
  const pipeline = ((model + again) * (run.pipeline - 1)) / microBatches(run);
  const steps = ((run.tokens / stepTokens(run)) * run.count) / HOUR;
  const longer = steps * copiesExchange(run) - (model + again + pipeline);
  const exchange = steps * groupExchange(run) + Math.max(0, longer);
  return { model, again, pipeline, exchange, total: model + again + pipeline + exchange };
}

/** Share of the peak that the model's own operations make use of: what papers report.
 * @param {Run} run
 * @param {Machine} machine
 */
export function modelUtilisation(run, machine) {
  return operations(run) / (hoursOf(run, machine).total * HOUR * peakOf(run, machine));
}

/** The number of GPUs nearest to `count` that divides into groups, from one group to `most`.
 * @param {number} count
 * @param {Pick<Run, "tensor" | "pipeline">} run
 * @param {number} most
 */
export function nearestCount(count, run, most) {
  const group = run.tensor * run.pipeline;
  return group * Math.min(Math.floor(most / group), Math.max(1, Math.round(count / group)));
}

/** Bytes on the GPU that holds most: {weights, gradients, optimiser, activations}.
 * @param {Run} run
 */
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

/** @param {Run} run */
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
