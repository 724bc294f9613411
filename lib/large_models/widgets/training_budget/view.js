// A training run on paper: sliders, memory on each GPU, days, and published runs beside it.
// Python's side: __init__.py; the arithmetic: engine/budget.js.
import { h, mount, probability, segmented, select, t, uniqueId } from "../kit/mod.js";
import { amount, percent, readAmount, readShare } from "./words.js";
import { copies, hoursOf, memory, microBatches, modelUtilisation, nearestCount, operations, stepTokens, trouble } from "../engine/budget.js";

const STEPS = 400; // of a slider
const PARTS = ["weights", "gradients", "optimiser", "activations"];
const SPENT = ["model", "again", "pipeline", "exchange"];

const whole = (value) => (value >= 1e10 ? amount(value) : value >= 1000 ? Math.round(value).toLocaleString("en-US") : Number(value.toPrecision(3)).toString());
const gigabytes = (bytes) => {
  const value = bytes / 1e9;
  return value >= 100 ? whole(value) : value.toFixed(value >= 1 ? 1 : 2);
};

function duration(days) {
  for (const [size, en, zh] of [[365.25, "years", "年"], [1, "days", "天"], [1 / 24, "hours", "小时"], [1 / 1440, "minutes", "分钟"]]) {
    if (days >= size || en === "minutes") return [days / size >= 1e5 ? amount(days / size) : whole(days / size), t(en, zh)];
  }
  return null;
}

function power(value) {
  const exponent = Math.floor(Math.log10(value));
  return [`${(value / 10 ** exponent).toFixed(2)} × 10`, h("sup", {}, exponent)];
}

function build(ctx) {
  const { root, get } = ctx;
  const ranges = get("_ranges");
  const machines = get("_machines");
  const runs = get("_runs");
  const change = (values) => { spoken = true; ctx.sync(values); };
  let spoken = false;

  // --- a slider on a log scale with an entry beside it ------------------------------------------------
  const isWhole = (key) => !["parameters", "tokens", "batch", "utilisation", "price", "link"].includes(key);
  const shownAs = (key, value) => (key === "utilisation" ? percent(value)
    : ["parameters", "tokens", "batch"].includes(key) ? amount(value) : String(value));

  function slider(key, label) {
    const [low, high] = ranges[key];
    const id = uniqueId();
    const logarithmic = key !== "utilisation";
    const toValue = (at) => {
      if (!logarithmic) return Math.round(low * 100 + (at / STEPS) * (high - low) * 100) / 100;
      const value = Number((low * (high / low) ** (at / STEPS)).toPrecision(2));
      return isWhole(key) ? Math.max(low, Math.round(value)) : value;
    };
    // A slider stops at values that fit the others; what is typed is told if it does not.
    const fitting = (value) => (key === "count" ? nearestCount(value, planOf(), high)
      : key === "layers" ? Math.max(value, get("pipeline")) : value);
    const toPlace = (value) => (STEPS * (logarithmic ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low)));
    const entry = h("input", { type: "text", class: "tb-entry", id, inputmode: "text", autocomplete: "off", spellcheck: "false" });
    const range = h("input", { type: "range", class: "tb-range", min: 0, max: STEPS, step: 1, "aria-label": t(`${label}, slider`, `${label}，滑块`) });
    entry.addEventListener("change", ctx.guard(() => {
      const value = key === "utilisation" ? readShare(entry.value) : readAmount(entry.value);
      const good = value >= low && value <= high && (!isWhole(key) || Number.isInteger(value));
      entry.setAttribute("aria-invalid", String(!good));
      if (good) change({ [key]: value });
      else tell(isWhole(key)
        ? t(`${label}: enter a whole number from ${amount(low)} to ${amount(high)}.`, `${label}：应为 ${amount(low)} 到 ${amount(high)} 的整数。`)
        : t(`${label}: enter a number from ${shownAs(key, low)} to ${shownAs(key, high)}, such as ${shownAs(key, runs[Object.keys(runs)[0]].plan[key])}.`,
          `${label}：应为 ${shownAs(key, low)} 到 ${shownAs(key, high)} 的数，例如 ${shownAs(key, runs[Object.keys(runs)[0]].plan[key])}。`));
    }));
    range.addEventListener("input", ctx.guard(() => {
      let value = toValue(Number(range.value));
      // Small whole numbers are fewer than the slider's steps: an arrow key goes to the next one.
      const old = get(key);
      const direction = Math.sign(Number(range.value) - toPlace(old));
      if (key === "count") {
        const group = get("tensor") * get("pipeline");
        value = fitting(value);
        if (value === old) value = fitting(old + direction * group);
      } else {
        if (value === old && isWhole(key)) value = Math.min(high, Math.max(low, old + direction));
        value = fitting(value);
      }
      change({ [key]: value });
    }));
    return {
      node: h("div", { class: "tb-slider" }, h("label", { class: "lw-label", for: id }, label), entry, range),
      set(value) {
        if (document.activeElement !== entry || entry.getAttribute("aria-invalid") !== "true") {
          entry.value = shownAs(key, value);
          entry.setAttribute("aria-invalid", "false");
        }
        range.value = Math.round(toPlace(value));
        range.setAttribute("aria-valuetext", shownAs(key, value));
      },
    };
  }
  const labels = {
    parameters: t("Parameters N", "参数量 N"), tokens: t("Tokens D", "词元数 D"), count: t("GPUs", "GPU 数"),
    utilisation: t("Speed while computing", "计算时的速度"), layers: t("Layers L", "层数 L"), hidden_size: t("Hidden size h", "隐藏维度 h"),
    heads: t("Heads a", "头数 a"), seq_len: t("Sequence s", "序列长度 s"), micro_batch: t("Sequences at a time b", "每次序列数 b"),
    batch: t("Tokens per step", "每步词元数"), link: t("Link to other servers, GB/s", "服务器间链路，GB/s"),
  };
  const sliders = Object.entries(labels).map(([key, label]) => [key, slider(key, label)]);

  // --- choices ------------------------------------------------------------------------------------------
  const planKeys = Object.keys(runs[Object.keys(runs)[0]].plan);
  const planOf = () => Object.fromEntries(planKeys.map((key) => [key, get(key)]));
  /** Whether the plan still is the published one: the price is the reader's in any case. */
  const unchanged = (run) => Boolean(run) && planKeys.every((key) => key === "price" || get(key) === run.plan[key]);
  const preset = select(t("Plan", "方案"), [["", t("my own plan", "自己的方案")], ...Object.keys(runs).map((name) => [name, name])],
    ctx.guard((name) => change(name ? { ...runs[name].plan, price: get("price"), published: name } : { published: "" })));
  const machine = select(t("Machine", "机器"), Object.keys(machines).map((name) => [name, name]), (name) => change({ machine: name }));
  const precision = segmented(t("Precision", "精度"), [["bf16", t("16 bits, mixed", "16 位混合")], ["fp32", "fp32"]], (value) => change({ precision: value }));
  const zero = segmented(t("Copies (data parallel)", "副本（数据并行）"),
    [[0, t("whole", "完整")], [1, "ZeRO 1"], [2, "ZeRO 2"], [3, t("3 = FSDP", "3 即 FSDP")]], (value) => change({ zero: value }));
  const ways = [1, 2, 4, 8, 12, 16, 32, 64].map((n) => [String(n), String(n)]);
  const splitter = (key, label) => {
    const box = select(label, ways, (value) => {
      const run = { ...planOf(), [key]: Number(value) };
      const fits = run.count % (run.tensor * run.pipeline) === 0;
      change({ [key]: Number(value), ...(fits ? {} : { count: nearestCount(run.count, run, ranges.count[1]) }) });
    });
    return {
      node: box.node,
      set(value) {
        const known = ways.some(([n]) => n === String(value));
        box.fill(known ? ways : [...ways, [String(value), String(value)]].sort((x, y) => x[0] - y[0]));
        box.set(value);
      },
    };
  };
  const tensor = splitter("tensor", t("Tensor parallel t", "张量并行 t"));
  const pipeline = splitter("pipeline", t("Pipeline stages p", "流水线级数 p"));
  const recompute = segmented(t("Recompute", "重新计算"),
    [["none", t("nothing", "不重算")], ["attention", t("attention", "注意力")], ["all", t("all", "全部")]], (value) => change({ recompute: value }));
  const priceId = uniqueId();
  const price = h("input", { type: "text", class: "tb-entry", id: priceId, inputmode: "decimal", autocomplete: "off" });
  price.addEventListener("change", ctx.guard(() => {
    const value = readAmount(price.value);
    const good = value >= ranges.price[0] && value <= ranges.price[1];
    price.setAttribute("aria-invalid", String(!good));
    if (good) change({ price: value });
    else tell(t("Price of a GPU hour: enter a number of 0 or more.", "每卡每小时的价格：应为不小于 0 的数。"));
  }));

  // --- what comes out -----------------------------------------------------------------------------------
  const names = {
    weights: t("weights", "权重"), gradients: t("gradients", "梯度"),
    optimiser: t("optimiser", "优化器状态"), activations: t("activations", "激活"),
  };
  const spentNames = {
    model: t("the model's operations", "模型运算"), again: t("computed again", "重新计算"),
    pipeline: t("pipeline idle", "流水线空闲"), exchange: t("waiting for an exchange", "等待通信"),
  };
  const message = h("p", { class: "tb-message", role: "status" });
  const bars = PARTS.map((part) => h("span", { class: `tb-bar tb-${part}` }));
  const limit = h("span", { class: "tb-limit" });
  const bar = h("div", { class: "tb-stack", "aria-hidden": "true" }, bars, limit);
  const verdict = h("p", { class: "tb-verdict" });
  const cells = PARTS.map(() => [h("td", {}), h("td", {})]);
  const table = h("table", { class: "tb-table" },
    h("caption", { class: "lw-hidden" }, t("Memory on the fullest GPU", "最满的一块 GPU 上的内存")),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("on each GPU", "每块 GPU")), h("th", { scope: "col" }, "GB"), h("th", { scope: "col" }, t("split", "切分")))),
    h("tbody", {}, PARTS.map((part, i) => h("tr", {}, h("th", { scope: "row" }, h("span", { class: `tb-key tb-${part}`, "aria-hidden": "true" }), names[part]), cells[i]))));
  const figure = (label) => {
    const value = h("dd", {});
    return { value, node: h("div", { class: "tb-figure" }, h("dt", {}, label), value) };
  };
  const figures = {
    operations: figure(t("operations", "运算次数")), time: figure(t("time", "时间")),
    hours: figure(t("GPU hours", "GPU 小时")), cost: figure(t("cost, in your currency", "费用（自填货币）")),
    used: figure(t("utilisation, counting the model's operations", "利用率（按模型运算计）")),
  };
  const spends = h("p", { class: "tb-spends" });
  const compare = h("p", { class: "tb-compare" });
  const hint = h("p", { class: "tb-hint lw-quiet" });
  const tell = (text) => { message.textContent = text; };

  function compareWith(hours) {
    const name = get("published");
    const run = runs[name];
    if (!run) return t("No published run to compare with.", "没有对照的已发表训练。");
    if (run.hours === null) {
      return [t(`${name}: published ${run.operations.toExponential(2)} operations, no hours; this plan's 6 N D: `, `${name}：发表的是 ${run.operations.toExponential(2)} 次运算，没有小时数；本方案的 6 N D：`),
        h("b", {}, (6 * get("parameters") * get("tokens")).toExponential(2)), "."];
    }
    const ratio = h("b", {}, hours === null ? "–" : t(`${(hours / run.hours).toFixed(2)} times that`, `是其 ${(hours / run.hours).toFixed(2)} 倍`));
    if (!unchanged(run)) {
      return [t(`${name} took ${whole(run.hours)} GPU hours; your own plan takes `, `${name} 用了 ${whole(run.hours)} GPU 小时；你的方案`), ratio, t(".", "。")];
    }
    const basis = run.stated ? t("its utilisation was measured independently of its hours", "其利用率独立于总时间测得")
      : t("it states no utilisation: 40% is assumed", "未公布利用率：假设 40%");
    return [t(`${name}: published ${whole(run.hours)} GPU hours, calculated `, `${name}：公布 ${whole(run.hours)} GPU 小时，计算值`),
      ratio, t(` (${basis}`, `（${basis}`),
      run.count_known ? "" : t("; the number of GPUs is not published", "；GPU 数未公布"), t(").", "）。")];
  }

  const draw = ctx.redraw(() => {
    const run = planOf();
    const chip = machines[run.machine];
    for (const [key, control] of sliders) control.set(run[key]);
    preset.set(unchanged(runs[get("published")]) ? get("published") : "");
    machine.set(run.machine);
    precision.set(run.precision);
    zero.set(run.zero);
    tensor.set(run.tensor);
    pipeline.set(run.pipeline);
    recompute.set(run.recompute);
    if (document.activeElement !== price || price.getAttribute("aria-invalid") !== "true") price.value = String(run.price);
    const blocks = amount(12 * run.layers * run.hidden_size ** 2);
    hint.textContent = t(`L layers of width h hold about 12 L h² = ${blocks} weights; N does not follow from them. Links inside a server of 8 GPUs: 300 GB/s. The copies exchange while they compute; tensor-parallel groups and pipelines wait.`,
      `L 层、宽 h 约有 12 L h² = ${blocks} 个权重；N 与之不联动。8 卡服务器内链路 300 GB/s。副本边算边通信；张量组与流水线要等待。`);

    const wrong = trouble(run, chip);
    tell(t(...(wrong ?? [
      `${whole(copies(run))} ${copies(run) === 1 ? "copy" : "copies"} of the model, each on ${run.tensor * run.pipeline} GPU${run.tensor * run.pipeline === 1 ? "" : "s"}. A step: ${whole(microBatches(run))} micro-batch${microBatches(run) === 1 ? "" : "es"} through each, ${amount(stepTokens(run))} tokens.`,
      `模型有 ${whole(copies(run))} 个副本，每个占 ${run.tensor * run.pipeline} 块 GPU。每步每个副本 ${whole(microBatches(run))} 个微批，共 ${amount(stepTokens(run))} 个词元。`])));
    message.classList.toggle("tb-wrong", Boolean(wrong));
    const parts = wrong ? null : memory(run);
    const spent = wrong ? null : hoursOf(run, chip);
    const hours = wrong ? null : spent.total;
    const total = parts ? PARTS.reduce((sum, part) => sum + parts[part], 0) : 0;
    const scale = Math.max(total, chip.memory) * 1.02;
    const d = wrong ? 1 : copies(run);
    PARTS.forEach((part, i) => {
      bars[i].style.inlineSize = parts ? `${(100 * parts[part]) / scale}%` : "0";
      cells[i][0].textContent = parts ? gigabytes(parts[part]) : "–";
      const by = run.tensor * run.pipeline * (run.zero >= 3 - i ? d : 1);
      cells[i][1].textContent = !parts || part === "activations" ? "–" : t(`${whole(by)} ways`, `${whole(by)} 份`);
    });
    limit.style.insetInlineStart = `${(100 * chip.memory) / scale}%`;
    const room = `${gigabytes(total)} / ${gigabytes(chip.memory)} GB`;
    const ok = total <= chip.memory;
    verdict.textContent = wrong ? "–" : `${ok ? t("Fits: ", "放得下：") : t("Does not fit: ", "放不下：")}${room} · ${duration(hours / run.count / 24).join(" ")}`;
    verdict.classList.toggle("tb-wrong", Boolean(wrong) || !ok);

    figures.operations.value.replaceChildren(...power(operations(run)));
    const time = wrong ? ["–", ""] : duration(hours / run.count / 24);
    figures.time.value.textContent = time.join(" ");
    figures.hours.value.textContent = wrong ? "–" : whole(hours);
    figures.cost.value.textContent = wrong ? "–" : whole(hours * run.price);
    figures.used.value.textContent = wrong ? "–" : probability(modelUtilisation(run, chip));
    spends.replaceChildren(...(wrong ? ["–"] : [t("Where the hours go: ", "时间花在："), SPENT.map((part, i) => [
      i ? t(", ", "，") : "", `${spentNames[part]} `, h("b", {}, probability(spent[part] / hours))]), t(".", "。")]).flat(3));
    compare.replaceChildren(...[].concat(compareWith(hours)).flat());
    if (spoken) ctx.say(wrong ?? `${verdict.textContent}, ${whole(hours)} ${t("GPU hours", "GPU 小时")}`);
    spoken = false;
  });

  root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("set the pipeline to 1 stage: the model no longer fits. Which kind of copies puts that right, and what does that do to the time?",
        "把流水线设为 1 级：放不下了。哪种副本能解决？时间又会怎样？")),
    h("div", { class: "tb-choices" }, preset.node, machine.node),
    h("div", { class: "tb-choices" }, pipeline.node, tensor.node, zero.node, recompute.node),
    message, h("div", { class: "tb-stay" }, bar, verdict), spends,
    h("div", { class: "tb-out" }, table, h("dl", { class: "tb-figures" }, Object.values(figures).map((f) => f.node))),
    compare,
    h("div", { class: "tb-sliders" }, sliders.map(([, control]) => control.node),
      h("div", { class: "tb-slider" }, h("label", { class: "lw-label", for: priceId }, t("Price of a GPU hour (yours)", "每 GPU 小时价格（自填）")), price)),
    h("div", { class: "tb-choices" }, precision.node),
    hint);
  const keys = [...planKeys, "published"];
  ctx.watch(keys, draw);
  draw();
}

export default { render: (host) => mount(host, "training-budget", build) };
