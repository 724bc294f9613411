// TrainingBudget's state: its traits and what the reader does in, all that is shown out. No DOM.
import {
  copies, hoursOf, memory, microBatches, modelUtilisation, nearestCount, operations, stepTokens, trouble,
} from "../engine/budget.js";
import { t } from "../kit/language.js";
import { axis, probability } from "../kit/numbers.js";
import { amount, duration, gigabytes, percent, power, readAmount, readShare, whole } from "./words.js";

export const STEPS = 400; // of a slider
export const PARTS = ["weights", "gradients", "optimiser", "activations"];
const SPENT = ["model", "again", "pipeline", "exchange"];
const REAL = ["parameters", "tokens", "batch", "utilisation", "price", "link"]; // the others are whole numbers
const LONG = ["parameters", "tokens", "batch"]; // shown as 176B
const WAYS = [1, 2, 4, 8, 12, 16, 32, 64];
const NOTHING = "–";

/** What the numbers with a slider are called, in their order. */
export const sliderLabels = () => ({
  parameters: t("Parameters N", "参数量 N"), tokens: t("Tokens D", "词元数 D"), count: t("GPUs", "GPU 数"),
  utilisation: t("Speed while computing", "计算时的速度"), layers: t("Layers L", "层数 L"),
  hidden_size: t("Hidden size h", "隐藏维度 h"), heads: t("Heads a", "头数 a"), seq_len: t("Sequence s", "序列长度 s"),
  micro_batch: t("Sequences at a time b", "每次序列数 b"), batch: t("Tokens per step", "每步词元数"),
  link: t("Link to other servers, GB/s", "服务器间链路，GB/s"),
});

const spentNames = () => ({
  model: t("the model's operations", "模型运算"), again: t("computed again", "重新计算"),
  pipeline: t("pipeline idle", "流水线空闲"), exchange: t("waiting for an exchange", "等待通信"),
});

/** A number of the plan as its entry shows it. */
function entryText(key, value) {
  if (key === "utilisation") return percent(value);
  return LONG.includes(key) ? amount(value) : String(value);
}

/** Text of several parts, of which {strong} stands out.
 *  @typedef {(string | {strong: string})[]} Parts */

/** The widget's arithmetic. `get(trait)` gives a trait; what the reader does gives the traits that change.
 *
 *  moved(key, place): a slider, at 0 to STEPS; typed(key, text): {changes} or {wrong: what to tell};
 *  chosen(name): a published plan, "" for none; splitBy(key, number): tensor or pipeline;
 *  view(): everything that is shown. */
export function budgetModel(get) {
  const [ranges, machines, runs] = ["_ranges", "_machines", "_runs"].map(get);
  const example = Object.values(runs)[0].plan;
  const keys = Object.keys(example);
  const plan = () => Object.fromEntries(keys.map((key) => [key, get(key)]));
  const within = (key, value) => Math.min(ranges[key][1], Math.max(ranges[key][0], value));

  // --- sliders: a log scale, but for the share of the peak ----------------------------------------
  const placeOf = (key, value) => (key === "utilisation"
    ? axis(ranges[key], [0, STEPS])(value) : axis(ranges[key].map(Math.log), [0, STEPS])(Math.log(value)));

  function valueAt(key, place) {
    if (key === "utilisation") return Math.round(100 * axis([0, STEPS], ranges[key])(place)) / 100;
    const [low, high] = ranges[key];
    const value = Number((low * (high / low) ** (place / STEPS)).toPrecision(2));
    return within(key, REAL.includes(key) ? value : Math.round(value)); // rounding may lead out of the range
  }

  function moved(key, place) {
    const old = get(key);
    const value = valueAt(key, place);
    const way = Math.sign(place - placeOf(key, old));
    // A slider stops at values that fit the others; what is typed is told if it does not.
    if (key === "count") {
      const near = (count) => nearestCount(count, plan(), ranges.count[1]);
      return { count: near(value) === old ? near(old + way * get("tensor") * get("pipeline")) : near(value) };
    }
    // Small whole numbers are fewer than the slider's steps: an arrow key goes to the next one.
    const next = value === old && !REAL.includes(key) ? within(key, old + way) : value;
    return { [key]: key === "layers" ? Math.max(next, get("pipeline")) : next };
  }

  // --- what is typed and chosen -------------------------------------------------------------------
  function typed(key, text) {
    const [low, high] = ranges[key];
    const value = key === "utilisation" ? readShare(text) : readAmount(text);
    const fits = REAL.includes(key) || Number.isInteger(value);
    if (fits && value >= low && value <= high) return { changes: { [key]: value } };
    if (key === "price") {
      return { wrong: t("Price of a GPU hour: enter a number of 0 or more.", "每卡每小时的价格：应为不小于 0 的数。") };
    }
    const label = sliderLabels()[key];
    if (!REAL.includes(key)) {
      return { wrong: t(`${label}: enter a whole number from ${amount(low)} to ${amount(high)}.`,
        `${label}：应为 ${amount(low)} 到 ${amount(high)} 的整数。`) };
    }
    const [from, to, such] = [low, high, example[key]].map((each) => entryText(key, each));
    return { wrong: t(`${label}: enter a number from ${from} to ${to}, such as ${such}.`,
      `${label}：应为 ${from} 到 ${to} 的数，例如 ${such}。`) };
  }

  const chosen = (name) => (name ? { ...runs[name].plan, price: get("price"), published: name } : { published: "" });

  function splitBy(key, number) {
    const run = { ...plan(), [key]: number };
    const fits = run.count % (run.tensor * run.pipeline) === 0;
    return { [key]: number, ...(fits ? {} : { count: nearestCount(run.count, run, ranges.count[1]) }) };
  }
  const waysWith = (value) => [...new Set([...WAYS, value])].sort((a, b) => a - b);

  // --- what comes out -----------------------------------------------------------------------------
  /** Whether the plan still is the published one: the price is the reader's in any case. */
  const unchanged = (run) => Boolean(run) && keys.every((key) => key === "price" || get(key) === run.plan[key]);

  /** @returns {Parts} */
  function compare(hours) {
    const name = get("published");
    const run = runs[name];
    if (!run) return [t("No published run to compare with.", "没有对照的已发表训练。")];
    if (run.hours === null) {
      const theirs = run.operations.toExponential(2);
      const ours = (6 * get("parameters") * get("tokens")).toExponential(2);
      return [t(`${name}: published ${theirs} operations, no hours; this plan's 6 N D: `,
        `${name}：发表的是 ${theirs} 次运算，没有小时数；本方案的 6 N D：`), { strong: ours }, "."];
    }
    const times = hours === null ? NOTHING : (hours / run.hours).toFixed(2);
    const ratio = { strong: hours === null ? NOTHING : t(`${times} times that`, `是其 ${times} 倍`) };
    const took = whole(run.hours);
    if (!unchanged(run)) {
      return [t(`${name} took ${took} GPU hours; your own plan takes `, `${name} 用了 ${took} GPU 小时；你的方案`),
        ratio, t(".", "。")];
    }
    const basis = run.stated ? t("its utilisation was measured independently of its hours", "其利用率独立于总时间测得")
      : t("it states no utilisation: 40% is assumed", "未公布利用率：假设 40%");
    const unknown = run.count_known ? "" : t("; the number of GPUs is not published", "；GPU 数未公布");
    return [t(`${name}: published ${took} GPU hours, calculated `, `${name}：公布 ${took} GPU 小时，计算值`), ratio,
      t(` (${basis}${unknown}).`, `（${basis}${unknown}）。`)];
  }

  function stepText(run) {
    const [all, group, micro] = [copies(run), run.tensor * run.pipeline, microBatches(run)];
    return t(
      `${whole(all)} ${all === 1 ? "copy" : "copies"} of the model, each on ${group} GPU${group === 1 ? "" : "s"}. A step: ${whole(micro)} micro-batch${micro === 1 ? "" : "es"} through each, ${amount(stepTokens(run))} tokens.`,
      `模型有 ${whole(all)} 个副本，每个占 ${group} 块 GPU。每步每个副本 ${whole(micro)} 个微批，共 ${amount(stepTokens(run))} 个词元。`);
  }

  /** What a plan gives: the message, the bar of memory, verdict, cells, figures. */
  function outcome(run, chip) {
    const held = memory(run);
    const total = PARTS.reduce((sum, part) => sum + held[part], 0);
    const scale = 1.02 * Math.max(total, chip.memory); // bytes from end to end of the bar
    const fits = total <= chip.memory;
    const { total: hours, ...spent } = hoursOf(run, chip);
    const time = duration(hours / run.count / 24);
    const room = `${gigabytes(total)} / ${gigabytes(chip.memory)} GB`;
    const verdict = `${fits ? t("Fits: ", "放得下：") : t("Does not fit: ", "放不下：")}${room} · ${time}`;
    const names = spentNames();
    return {
      message: stepText(run), wrong: false,
      bars: PARTS.map((part) => held[part] / scale), limit: chip.memory / scale,
      cells: PARTS.map((part, i) => {
        const by = whole(run.tensor * run.pipeline * (run.zero >= 3 - i ? copies(run) : 1));
        return [gigabytes(held[part]), part === "activations" ? NOTHING : t(`${by} ways`, `${by} 份`)];
      }),
      verdict, alarm: !fits, time, hours: whole(hours), cost: whole(hours * run.price),
      used: probability(modelUtilisation(run, chip)),
      spends: [t("Where the hours go: ", "时间花在："), ...SPENT.flatMap((part, i) => [
        `${i ? t(", ", "，") : ""}${names[part]} `, { strong: probability(spent[part] / hours) }]), t(".", "。")],
      compare: compare(hours),
      said: `${verdict}, ${whole(hours)} ${t("GPU hours", "GPU 小时")}`,
    };
  }

  /** The same where the values do not fit each other. */
  const noOutcome = (why) => ({
    message: why, wrong: true, bars: PARTS.map(() => 0), limit: 1 / 1.02, cells: PARTS.map(() => [NOTHING, NOTHING]),
    verdict: NOTHING, alarm: true, time: NOTHING, hours: NOTHING, cost: NOTHING, used: NOTHING, spends: [NOTHING],
    compare: compare(null), said: why,
  });

  function view() {
    const run = plan();
    const chip = machines[run.machine];
    const wrong = trouble(run, chip);
    const blocks = amount(12 * run.layers * run.hidden_size ** 2);
    return {
      preset: unchanged(runs[get("published")]) ? get("published") : "",
      choices: Object.fromEntries(["machine", "precision", "zero", "recompute"].map((key) => [key, run[key]])),
      splits: Object.fromEntries(["tensor", "pipeline"].map((key) => [key, { value: run[key], ways: waysWith(run[key]) }])),
      sliders: Object.fromEntries(Object.keys(sliderLabels()).map((key) => (
        [key, { place: Math.round(placeOf(key, run[key])), text: entryText(key, run[key]) }]))),
      price: String(run.price),
      operations: power(operations(run)),
      hint: t(`L layers of width h hold about 12 L h² = ${blocks} weights; N does not follow from them. Links inside a server of 8 GPUs: 300 GB/s. The copies exchange while they compute; tensor-parallel groups and pipelines wait.`,
        `L 层、宽 h 约有 12 L h² = ${blocks} 个权重；N 与之不联动。8 卡服务器内链路 300 GB/s。副本边算边通信；张量组与流水线要等待。`),
      ...(wrong ? noOutcome(t(...wrong)) : outcome(run, chip)),
    };
  }
  return {
    moved, typed, chosen, splitBy, view, traits: [...keys, "published"],
    published: Object.keys(runs), machines: Object.keys(machines),
  };
}
