// Follow a trained LSTM through a sequence and hold its gates. Python's side, and what each trait
// means: __init__.py.
import { gateBars, gateLetter, gateLines, gateNumbers, gateText } from "./charts.js";
import { gateHolds } from "./holds.js";
import { gateInput } from "./input.js";
import { GATE_LETTERS, GATE_STEPS, gateChances, gateFromTensors, gateOneHot, gateOrder, gateRows, gateRun, gateSequence, gateUnit } from "../engine/gate_network.js";
import { tensor } from "../engine/nn.js";
import { unpack } from "../engine/packed.js";
import { bytesOf, drawMap, h, legend, loadAsset, mount, number, player, probability, segmented, steer, stepper, t, toggle } from "../kit/mod.js";

const MAPS = () => [
  ["i", t("input gate", "输入门")], ["f", t("forget gate", "遗忘门")], ["o", t("output gate", "输出门")],
  ["g", t("candidate", "候选值")], ["c", t("cell", "细胞状态")], ["h", t("state of the LSTM", "LSTM 的隐藏状态")],
];

function build(ctx) {
  const { root, get } = ctx;

  // --- state that is not in the model -----------------------------------------------------------
  const nets = {
    adding: Object.fromEntries(["lstm", "rnn"].map((kind) => [kind, gateFromTensors(unpack(bytesOf(get(`_${kind}`))))])),
    chars: null, // fetched when they are wanted
  };
  let runs = null;         // {own, held, plain}: gates free, gates held, the plain RNN
  let order = [];          // the unit of each row of the maps
  let spot = [get("unit"), get("step")];
  let hover = null;        // unit and step under the mouse; the held ones come back when it leaves
  let spoken = false;

  const job = () => get("job");
  const chars = () => job() === "chars";
  const held = () => Object.values(get("clamps")).some((units) => Object.keys(units).length);
  const size = () => ({ T: runs?.own.T ?? GATE_STEPS, H: runs?.own.H ?? 1 }); // or still on its way
  const at = () => (hover ?? spot).map((n, axis) => Math.min(n, [size().H, size().T][axis] - 1));
  const truth = () => get("markers").reduce((sum, s) => sum + get("values")[s], 0);

  /** Runs what has changed since the last time: of a text only what follows the first change. */
  function compute() {
    const net = nets[job()];
    if (!net) { runs = null; return; }
    const [values, markers, clamps] = ["values", "markers", "clamps"].map(get);
    const read = chars() ? get("text") : JSON.stringify([values, markers]);
    const x = chars() ? gateOneHot(read)
      : tensor(values.flatMap((v, s) => [v, markers.includes(s) ? 1 : 0]), [values.length, 2]);
    const last = runs?.job === job() ? runs : null;
    let from = 0;
    while (chars() && last && from < read.length - 1 && read[from] === last.read[from]) from += 1;
    const run = (layer, past, holding) => (past && last.read === read ? past
      : gateRun(layer, x, holding, past, past ? from : 0));
    const own = run(net.lstm, last?.own, {});
    const known = last?.held !== last?.own && last?.clamps === JSON.stringify(clamps);
    runs = {
      job: job(), read, clamps: JSON.stringify(clamps), own,
      held: held() ? run(net.lstm, known ? last.held : null, clamps) : own,
      plain: get("compare") ? run(net.rnn, last?.plain) : null,
    };
    order = gateOrder(own, get("order"));
  }

  // --- the input --------------------------------------------------------------------------------
  const strips = [[gateNumbers(), gateText()], [gateNumbers(), gateText()]];
  const strip = (i) => h("div", { class: "ge-row ge-strip" }, h("div", { class: "ge-axis" }), h("div", { class: "ge-stack" }, strips[i].map(({ node }) => node)));

  const input = gateInput(ctx, {
    onText(text) {
      spot = [spot[0], GATE_STEPS - 1];
      ctx.sync({ text, step: spot[1] });
    },
  });
  const waiting = h("p", { class: "ge-message ge-waiting", role: "status" });

  // --- controls ---------------------------------------------------------------------------------
  const jobs = segmented(t("Task", "任务"), [["adding", t("add two numbers", "两数相加")], ["chars", t("next character", "下一个字符")]], (value) => {
    play.stop();
    spot = [get("_units")[value], GATE_STEPS - 1];
    ctx.sync({ job: value, clamps: {}, unit: spot[0], step: spot[1] });
  }, { hideLabel: true });
  const seeds = stepper(t("sequence", "序列"), { min: 0, max: 9999 }, (seed) => ctx.sync({ seed, ...gateSequence(seed) }));
  const orders = segmented(t("Order units by", "单元顺序"), [["number", t("number", "编号")], ["memory", t("memory", "记忆")]], (value) => ctx.sync({ order: value }));
  const compare = toggle(t("beside it: a plain RNN", "与普通 RNN 对照"), (on) => ctx.sync({ compare: on }));

  const holds = gateHolds(ctx, MAPS().slice(0, 3), () => (runs ? at()[0] : null));

  // --- moving -----------------------------------------------------------------------------------
  let saving = 0;
  ctx.onCleanup(() => clearTimeout(saving));
  function moveTo(unit, step) {
    if (!runs) return;
    const { T, H } = size();
    spot = [Math.max(0, Math.min(H - 1, unit)), Math.max(0, Math.min(T - 1, step))];
    hover = null;
    draw();
    // A drag is one change to Python, not a hundred.
    clearTimeout(saving);
    saving = setTimeout(() => ctx.sync({ unit: spot[0], step: spot[1] }), 150);
  }
  const stepBy = (n) => {
    if (!runs) return false;
    const [unit, step] = at();
    if (step + n < 0 || step + n >= size().T) return false;
    moveTo(unit, step + n);
    spoken = true;
    return true;
  };
  let pace = 4;
  const play = player(ctx, {
    step: stepBy, first: () => moveTo(at()[0], 0), perSecond: () => pace,
    onState(on) {
      root.classList.toggle("ge-playing", on);
      if (on && runs && at()[1] === size().T - 1) spot = [at()[0], -1]; // from the end, once more
    },
  });
  play.node.setAttribute("aria-label", t("go through the sequence", "逐步走过序列"));
  const speeds = segmented(t("Pace", "速度"), [[4, t("slow", "慢")], [25, t("fast", "快")]], (value) => { pace = value; }, { hideLabel: true });
  speeds.set(pace);
  const units = stepper(t("unit", "单元"), { min: 0, max: 127 }, (unit) => runs && moveTo(unit % size().H, at()[1]));
  const where = h("span", { class: "ge-where" });
  const steered = (node, rows) => steer(ctx, node, {
    place: (u, v) => (runs ? [rows ? order[Math.floor(v * size().H)] : at()[0], Math.floor(u * size().T)] : null),
    preview: (place) => { if (place && !play.playing()) { hover = place; draw(); } },
    leave: () => { if (hover) { hover = null; draw(); } },
    hold: (place) => { if (place) { play.stop(); moveTo(...place); } },
    step: (down, right) => {
      if (!runs) return;
      play.stop();
      const [unit, step] = at();
      const row = Math.max(0, Math.min(size().H - 1, order.indexOf(unit) + (rows ? down : 0)));
      moveTo(order[row], step + right);
      spoken = true;
    },
  });

  // --- heat maps --------------------------------------------------------------------------------
  const heatMap = (key, name) => {
    const canvas = h("canvas", { class: "ge-canvas", "aria-hidden": "true" });
    const frame = h("div", {
      class: "ge-map", tabindex: "0", role: "application",
      "aria-roledescription": t("map of units and steps", "单元与时间步的热图"),
      "aria-label": key === "rnn" ? `${name}. ${t("Arrow keys: left and right another step.", "左右键换时间步。")}`
        : `${key}, ${name}. ${t("Arrow keys: up and down another unit, left and right another step.", "上下键换单元，左右键换时间步。")}`,
    }, canvas, key === "rnn" ? null : h("i", { class: "ge-unit" }), h("i", { class: "ge-now" }));
    steered(frame, key !== "rnn"); // the plain RNN's units are others: only the step is common
    const title = h("div", { class: "ge-title" }, key === "rnn" ? null : h("b", { class: `ge-${key}` }, key), key === "rnn" ? name : ` ${name}`);
    return { key, canvas, node: h("div", { class: `ge-panel ge-panel-${key}` }, title, frame) };
  };
  const maps = MAPS().map(([key, name]) => heatMap(key, name));
  const plainMap = heatMap("rnn", t("state of the plain RNN", "普通 RNN 的隐藏状态"));
  const legends = [["magnitude", "i, f, o"], ["diverging", "g, h"], ["diverging", "c"]].map(([scale, name]) => ({
    scale, name, ...legend(),
  }));
  let drawnRun = {};

  function drawMaps() {
    const { T, H } = size();
    // One number in 50 may lie beyond the cell's scale, so that one strong unit leaves the rest colour.
    const sizes = () => runs.own.c.data.map(Math.abs).sort();
    const cell = runs.own.cell ??= sizes()[Math.floor(0.98 * T * H)];
    const put = ({ key, canvas }, run, what, rows = order) => {
      if (drawnRun[key] === run) return;
      drawnRun[key] = run;
      const signed = "gch".includes(what);
      drawMap(canvas, gateRows(run[what], rows), [H, T], { scale: signed ? "diverging" : "magnitude", max: what === "c" ? cell : 1 });
    };
    for (const map of maps) put(map, runs.held, map.key);
    if (get("compare") && runs.plain) put(plainMap, runs.plain, "h", gateOrder(runs.plain, "number"));
    legends[0].update({ scale: "magnitude", max: 1, labels: [t("0 shut", "0 关"), "i, f, o", t("1 open", "1 开")] });
    legends[1].update({ scale: "diverging", max: 1, labels: ["−1", "g, h", "+1"] });
    legends[2].update({ scale: "diverging", max: cell, labels: [`≤ ${number(-cell)}`, "c", `≥ ${number(cell)}`] });
  }

  // --- the answer -------------------------------------------------------------------------------
  const course = gateLines(["truth", "plain", "own", "held"], t("answer along time", "答案随时间的变化"));
  const courseTitle = h("div", { class: "ge-title" });
  const bars = gateBars(8);

  /** What a run says at each step: the sum if it ended here, or the chance it gave the character
   *  that did come next. */
  function told(run) {
    if (!run || !chars()) return run?.answers;
    const next = Array.from(get("text"), (c) => GATE_LETTERS.indexOf(c)).slice(1);
    run.told ??= [...next.map((place, s) => gateChances(run, s)[place]), NaN]; // most runs stay at an edit
    return run.told;
  }

  let courses = {};
  function drawCourse() {
    courses = { held: told(runs.held), plain: get("compare") ? told(runs.plain) : null };
    courses.own = runs.held === runs.own ? null : told(runs.own);
    if (!chars()) courses.truth = Array(size().T).fill(truth());
    courseTitle.textContent = chars() ? t("Chance of the character that came next", "给实际出现的下一个字符的概率")
      : t("The answer, if it ended at each step", "若序列在此步结束，网络的答案");
    course.update({ T: size().T, low: 0, high: chars() ? 1 : 2, lines: courses });
  }

  function whereText(step) {
    const value = courses.held[step];
    if (!chars()) {
      const mark = get("markers").includes(step) ? t(" (marked)", "（有标记）") : "";
      return t(`step ${step}: ${number(get("values")[step])}${mark}; answer so far ${number(value)}`, `第 ${step} 步：${number(get("values")[step])}${mark}；此时的答案 ${number(value)}`);
    }
    const [now, next] = [step, step + 1].map((s) => gateLetter(get("text")[s] ?? ""));
    if (!next) return t(`step ${step}: “${now}”, the last character`, `第 ${step} 步：“${now}”，最后一个字符`);
    return t(`step ${step}: “${now}”; the next one, “${next}”, had ${probability(value)}`, `第 ${step} 步：“${now}”；下一个字符“${next}”的概率为 ${probability(value)}`);
  }

  function drawAnswer(step) {
    if (chars()) {
      const [now, own] = [runs.held, runs.own].map((run) => gateChances(run, step));
      const plain = get("compare") && runs.plain ? gateChances(runs.plain, step) : null;
      const order = Array.from(now, (_, k) => k).sort((a, b) => now[b] - now[a]).slice(0, 8);
      bars.update(t(`After “${gateLetter(get("text")[step])}” comes …`, `“${gateLetter(get("text")[step])}”之后是……`), order.map((k) => ({
        label: gateLetter(GATE_LETTERS[k]), share: now[k], value: now[k], text: probability(now[k]),
        was: held() ? own[k] : null, second: plain ? plain[k] : null,
      })));
      return t(`most likely next: ${GATE_LETTERS[order[0]]}`, `最可能的下一个字符：${GATE_LETTERS[order[0]]}`);
    }
    const last = size().T - 1;
    const row = (label, kind, value) => ({ label, kind, share: value / 2, value, text: number(value) });
    const rows = [row(t("true sum", "真实的和"), "truth", truth()), row("LSTM", held() ? "own" : "held", runs.own.answers[last])];
    rows.push(held() ? row(t("gates held", "固定门之后"), "held", runs.held.answers[last]) : { label: t("gates held", "固定门之后") });
    if (get("compare") && runs.plain) rows.push(row(t("plain RNN", "普通 RNN"), "plain", runs.plain.answers[last]));
    bars.update(t("Answer at the end", "最后的答案"), rows);
    return t(`answer ${number(runs.held.answers[last])}, true sum ${number(truth())}`, `答案 ${number(runs.held.answers[last])}，真实的和 ${number(truth())}`);
  }

  // --- one unit's life --------------------------------------------------------------------------
  const lifeTitle = h("div", { class: "ge-title" });
  const gateLife = gateLines(["i", "f", "o"], t("gates of the unit", "该单元的门"));
  const cellLife = gateLines(["c", "h"], t("cell and state of the unit", "该单元的细胞状态与隐藏状态"));
  for (const { plot } of [course, gateLife, cellLife]) steered(plot, false);
  for (const lines of strips) for (const { node } of lines) steered(node, false);
  const sums = h("p", { class: "ge-sums" });

  function drawLife(unit, step) {
    const { T, H } = size();
    const life = Object.fromEntries([..."ifgoch"].map((key) => [key, gateUnit(runs.held[key], unit, H)]));
    const most = Math.max(1, ...life.c.map(Math.abs));
    const say = (keys) => [...keys].map((key) => `${key} = ${number(life[key][step])}`).join(", ");
    lifeTitle.textContent = t(`The life of unit ${unit}`, `单元 ${unit} 的一生`);
    gateLife.update({ T, low: 0, high: 1, lines: life });
    gateLife.describe(say("ifo"));
    cellLife.update({ T, low: -most, high: most, lines: life });
    cellLife.describe(say("ch"));
    const v = (key, value = life[key][step]) => h("b", { class: `ge-${key}` }, number(value));
    const name = (key) => h("span", { class: `ge-${key}` }, key);
    const before = step ? life.c[step - 1] : 0;
    sums.replaceChildren(
      h("span", { class: "ge-sum" }, name("c"), " = ", name("f"), " · ", name("c"), h("sub", {}, t("before", "前")), " + ", name("i"), " · ", name("g")),
      h("span", { class: "ge-sum" }, "= ", v("f"), " · ", v("c", before), " + ", v("i"), " · ", v("g")),
      h("span", { class: "ge-sum" }, "= ", v("c")),
      h("span", { class: "ge-sum" }, name("h"), " = ", name("o"), " · tanh ", name("c")),
      h("span", { class: "ge-sum" }, "= ", v("o"), " · ", v("c", Math.tanh(life.c[step])), " = ", v("h")));
    return `c ${number(life.c[step])}`;
  }

  // --- everything together ----------------------------------------------------------------------
  const legendOf = (kind, text) => h("span", { class: `ge-key ge-key-${kind}` }, text);
  const only = (which, ...children) => h("span", { class: "ge-only", "data-job": which }, children);
  root.append(
    h("div", { class: "ge-stack" }, h("p", { class: "lw-try ge-try" }, h("b", {}, t("Try first: ", "先试试：")),
      h("span", { class: "ge-stack" },
        only("adding", t("hold the forget gate of all units at 0, and watch the answer. Then release it, and hold the input gate.", "把所有单元的遗忘门固定为 0，看答案怎样改变。然后放开它，再固定输入门。")),
        only("chars", t("type a word, then hold the forget gate of all units at 0.", "输入一个单词，再把所有单元的遗忘门固定为 0。")))), waiting, input.message),
    h("div", { class: "ge-bar" }, jobs.node, compare.node),
    h("div", { class: "ge-top" },
      h("div", { class: "ge-main" },
        h("div", { class: "ge-stack ge-fields" },
          only("adding", seeds.node, input.values),
          only("chars", input.typed)),
        strip(0), h("div", { class: "ge-row" }, h("div", { class: "ge-axis" }), input.rail),
        courseTitle, h("div", { class: "ge-course" }, course.node),
        h("div", { class: "ge-keys" }, legendOf("held", "LSTM"), legendOf("own", t("gates free", "门自由时")), legendOf("plain", t("plain RNN", "普通 RNN")), only("adding", legendOf("truth", t("true sum", "真实的和")))),
        h("div", { class: "ge-moves" }, play.node, speeds.node), where),
      h("div", { class: "ge-side" }, bars.node,
        h("p", { class: "ge-note lw-quiet" }, only("chars", t("tick: gates free; thin bar: plain RNN", "竖线：门自由时；细条：普通 RNN"))),
        holds.node)),
    h("div", { class: "ge-maps" }, maps.map(({ node }) => node), h("div", { class: "ge-legends" }, orders.node, legends.map(({ node }) => node)), plainMap.node),
    h("div", { class: "ge-top ge-life" },
      h("div", { class: "ge-main" }, lifeTitle, gateLife.node, cellLife.node, strip(1),
        h("div", { class: "ge-keys" }, [..."ifoch"].map((gate) => legendOf(gate, gate)))),
      h("div", { class: "ge-side" }, units.node, sums)));

  root.classList.add("ge-empty"); // until something is drawn
  let fresh = true; // something has changed since the runs were drawn
  const draw = ctx.redraw(() => {
    if (fresh) compute();
    root.classList.toggle("ge-empty", !runs);
    if (!runs) return;
    const [unit, step] = at();
    const { T, H } = size();
    if (fresh) {
      drawMaps();
      drawCourse();
      fresh = false;
    }
    for (const [name, value] of [["--now", step / T], ["--tick", 1 / T], ["--unit", order.indexOf(unit) / H], ["--units", 1 / H]]) root.style.setProperty(name, value);
    for (const [numbers, text] of strips) {
      if (chars()) text.update(get("text"), step);
      else numbers.update(get("values"), get("markers"));
    }
    where.textContent = whereText(step);
    course.describe(where.textContent);
    units.set(unit);
    holds.show();
    const sentence = `${t(`unit ${unit}, step ${step}`, `单元 ${unit}，第 ${step} 步`)}: ${drawLife(unit, step)}; ${drawAnswer(step)}`;
    if (spoken) ctx.say(sentence);
    spoken = false;
  });

  const showSettings = () => {
    root.dataset.job = job();
    jobs.set(job());
    seeds.set(get("seed"));
    compare.set(get("compare"));
    orders.set(get("order"));
    root.classList.toggle("ge-compare", get("compare"));
    input.show();
    draw();
  };
  const renew = () => {
    fresh = true;
    spoken = true;
    showSettings();
  };

  // --- the character networks, fetched when the widget is near the view or used -------------------
  let near = false;
  let fetching = null;
  async function fetchChars() {
    if (nets.chars || !near || !chars() || fetching) return;
    waiting.textContent = t("The networks for text are on their way …", "正在加载文本网络……");
    fetching = Promise.all(["lstm", "rnn"].map((kind) => loadAsset(ctx.model, `chars-${kind}`)));
    try {
      const [own, plain] = (await fetching).map((bytes) => gateFromTensors(unpack(bytes)));
      nets.chars = { lstm: own, rnn: plain };
      waiting.textContent = "";
      if (chars()) renew();
    } catch (error) {
      waiting.textContent = error.message;
    } finally {
      fetching = null;
    }
  }
  const watcher = new IntersectionObserver(ctx.guard((entries) => {
    near ||= entries.some((entry) => entry.isIntersecting);
    return fetchChars();
  }), { rootMargin: "400px" });
  watcher.observe(root);
  ctx.onCleanup(() => watcher.disconnect());
  for (const type of ["pointerdown", "focusin"]) ctx.listen(root, type, () => { near = true; return fetchChars(); });

  ctx.watch(["values", "markers", "text", "clamps", "compare"], renew);
  ctx.watch("order", () => { drawnRun = {}; renew(); });
  ctx.watch("job", () => { drawnRun = {}; runs = null; waiting.textContent = ""; input.clear(); renew(); return fetchChars(); });
  ctx.watch("seed", showSettings);
  ctx.watch(["step", "unit"], () => { spot = [get("unit"), get("step")]; hover = null; draw(); });
  showSettings();
}

function render(host) {
  return mount(host, "gate-explorer", build);
}

export default { render };
