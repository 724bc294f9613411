// Follow a trained LSTM through a sequence and hold its gates. Python's side, and what each trait
// means: __init__.py.
import { answerBars, letterStrip, lineChart, numberStrip } from "./charts.js";
import { holdsPart } from "./holds.js";
import { inputPart } from "./input.js";
import { lifePart, lineKeys } from "./life.js";
import { mapsPart } from "./maps.js";
import * as model from "./model.js";
import { STEPS, networkOf, sequenceOf } from "../engine/gate_network.js";
import { unpack } from "../engine/packed.js";
import { bytesOf, h, loading, mount, player, segmented, steer, stepper, t, toggle } from "../kit/mod.js";

const REST = 150; // milliseconds after which a moved cursor is told to Python: a drag is one change
const KINDS = ["lstm", "rnn"];

const networksOf = (files) => Object.fromEntries(KINDS.map((kind, i) => [kind, networkOf(unpack(files[i]))]));

function build(ctx) {
  const { root, get } = ctx;
  const networks = { adding: networksOf(KINDS.map((kind) => bytesOf(get(`_${kind}`)))), chars: null };
  let runs = null;   // see model.js; null while the networks are on their way
  let fresh = true;  // something has changed since the runs were made
  let drawn = null;  // the runs that maps and lines show
  let course = null; // the answer along time, of these
  let spot = [get("unit"), get("step")];
  let hover = null;  // unit and step under the mouse; the held ones come back when it leaves
  let starting = false; // to play from the start, once more
  let spoken = false;
  let saving = 0;
  ctx.onCleanup(() => clearTimeout(saving));

  const traitsNow = () => Object.fromEntries(model.TRAITS.map((key) => [key, get(key)]));
  function runsNow() {
    if (fresh) runs = model.runsOf(traitsNow(), networks[get("job")], runs);
    fresh = false;
    return runs;
  }
  const size = () => model.sizeOf(traitsNow(), runsNow());
  const at = () => model.within(size(), hover ?? spot);

  // --- moving -----------------------------------------------------------------------------------
  function moveTo(place) {
    spot = model.within(size(), place);
    hover = null;
    draw();
    clearTimeout(saving);
    saving = setTimeout(() => ctx.sync({ unit: spot[0], step: spot[1] }), REST);
  }
  let pace = 4;
  const play = player(ctx, {
    step(n) {
      const next = model.stepped(size(), starting ? [at()[0], -1] : at(), n);
      starting = false;
      if (next) moveTo(next);
      spoken ||= Boolean(next);
      return Boolean(next);
    },
    first: () => moveTo([at()[0], 0]), perSecond: () => pace,
    onState(on) {
      root.classList.toggle("ge-playing", on);
      starting = on && at()[1] === size().T - 1;
    },
  });
  play.node.setAttribute("aria-label", t("go through the sequence", "逐步走过序列"));
  const look = (place) => { hover = place; draw(); };
  const steered = (node, rows) => steer(ctx, node, {
    place: (u, v) => model.placeUnder(size(), runsNow(), at(), { u, v, rows }),
    preview: (place) => { if (!play.playing()) look(place); },
    leave: () => { if (hover) look(null); },
    hold(place) {
      play.stop();
      moveTo(place);
    },
    step(down, right) {
      play.stop();
      moveTo(model.moved(size(), runsNow(), at(), { down, right, rows }));
      spoken = true;
    },
  });

  // --- the parts --------------------------------------------------------------------------------
  const jobs = segmented(t("Task", "任务"), [
    ["adding", t("add two numbers", "两数相加")], ["chars", t("next character", "下一个字符")],
  ], (job) => {
    play.stop();
    spot = [get("_units")[job], STEPS - 1];
    ctx.sync({ job, clamps: {}, unit: spot[0], step: spot[1] });
  }, { hideLabel: true });
  const seeds = stepper(t("sequence", "序列"), { min: 0, max: 9999 }, (seed) => {
    ctx.sync({ seed, ...sequenceOf(seed) });
  });
  const orders = segmented(t("Order units by", "单元顺序"), [
    ["number", t("number", "编号")], ["memory", t("memory", "记忆")],
  ], (order) => ctx.sync({ order }));
  const compare = toggle(t("beside it: a plain RNN", "与普通 RNN 对照"), (on) => ctx.sync({ compare: on }));
  const speeds = segmented(t("Pace", "速度"), [[4, t("slow", "慢")], [25, t("fast", "快")]], (value) => {
    pace = value;
  }, { hideLabel: true });
  speeds.set(pace);
  const units = stepper(t("unit", "单元"), { min: 0, max: 127 }, (unit) => moveTo([unit % size().H, at()[1]]));

  const strips = [0, 1].map(() => ({ numbers: numberStrip(), letters: letterStrip() }));
  const strip = ({ numbers, letters }) => h("div", { class: "ge-row ge-strip" }, h("div", { class: "ge-axis" }),
    h("div", { class: "ge-stack" }, numbers.node, letters.node));
  const input = inputPart(ctx, {
    onText(text) {
      spot = [spot[0], STEPS - 1];
      ctx.sync({ text, step: spot[1] });
    },
  });
  const answer = answerBars(8);
  const answers = lineChart(["truth", "plain", "own", "held"], t("answer along time", "答案随时间的变化"));
  const [courseTitle, where] = [h("div", { class: "ge-title" }), h("span", { class: "ge-where" })];
  const holds = holdsPart(ctx, model.mapNames().slice(0, 3), () => at()[0]);
  const maps = mapsPart({ steered, order: orders.node });
  const life = lifePart({ strip: strip(strips[1]), units: units.node });
  for (const plot of [answers.plot, ...life.plots]) steered(plot, false);
  for (const { numbers, letters } of strips) for (const { node } of [numbers, letters]) steered(node, false);

  // --- the networks for text, fetched when the widget is near the view or used --------------------
  let near = false;
  const missing = () => get("job") === "chars" && !networks.chars;
  const files = loading(ctx, {
    names: () => (missing() ? KINDS.map((kind) => `chars-${kind}`) : []),
    say: () => (missing() ? t("The networks for text are on their way …", "正在加载文本网络……") : ""),
    ready(parts) {
      if (!parts.length) return;
      networks.chars = networksOf(parts);
      renew();
    },
  });
  files.node.classList.add("ge-message");
  const fetchChars = () => (near && missing() && !files.failed() ? files.wake() : undefined);
  const watcher = globalThis.IntersectionObserver && new IntersectionObserver(ctx.guard((entries) => {
    near ||= entries.some((entry) => entry.isIntersecting);
    return fetchChars();
  }), { rootMargin: "400px" });
  watcher?.observe(root);
  ctx.onCleanup(() => watcher?.disconnect());
  for (const type of ["pointerdown", "focusin"]) ctx.listen(root, type, () => { near = true; return fetchChars(); });

  // --- everything together ----------------------------------------------------------------------
  const only = (which, ...children) => h("span", { class: "ge-only", "data-job": which }, children);
  root.append(
    h("div", { class: "ge-stack" }, h("p", { class: "lw-try ge-try" }, h("b", {}, t("Try first: ", "先试试：")),
      h("span", { class: "ge-stack" },
        only("adding", t(
          "hold the forget gate of all units at 0, and watch the answer. Then release it, and hold the input gate.",
          "把所有单元的遗忘门固定为 0，看答案怎样改变。然后放开它，再固定输入门。")),
        only("chars", t(
          "type a word, then hold the forget gate of all units at 0.",
          "输入一个单词，再把所有单元的遗忘门固定为 0。")))),
    files.node, input.message),
    h("div", { class: "ge-bar" }, jobs.node, compare.node),
    h("div", { class: "ge-top" },
      h("div", { class: "ge-main" },
        h("div", { class: "ge-stack ge-fields" },
          only("adding", seeds.node, input.values),
          only("chars", input.typed)),
        strip(strips[0]), h("div", { class: "ge-row" }, h("div", { class: "ge-axis" }), input.rail),
        courseTitle, h("div", { class: "ge-course" }, answers.node),
        h("div", { class: "ge-keys" },
          lineKeys([["held", "LSTM"], ["own", t("gates free", "门自由时")], ["plain", t("plain RNN", "普通 RNN")]]),
          only("adding", lineKeys([["truth", t("true sum", "真实的和")]]))),
        h("div", { class: "ge-moves" }, play.node, speeds.node), where),
      h("div", { class: "ge-side" }, answer.node,
        h("p", { class: "ge-note lw-quiet" },
          only("chars", t("tick: gates free; thin bar: plain RNN", "竖线：门自由时；细条：普通 RNN"))),
        holds.node)),
    maps.node, life.node);
  root.classList.add("ge-empty"); // until something is drawn

  // --- drawing ----------------------------------------------------------------------------------
  function drawRuns(traits) {
    drawn = runs;
    course = model.courseOf(traits, runs);
    maps.show(model.mapsOf(runs));
    courseTitle.textContent = course.title;
    answers.show(course.lines);
  }
  const draw = ctx.redraw(() => {
    const traits = traitsNow();
    const [place, extent] = [at(), size()];
    const [unit, step] = place;
    const cursor = Object.entries(model.cursorOf(extent, runs, place));
    for (const [name, value] of cursor) root.style.setProperty(name, value);
    for (const { numbers, letters } of strips) {
      if (traits.job === "chars") letters.show(model.lettersOf(traits, step));
      else numbers.show(model.numbersOf(traits));
    }
    units.set(unit);
    holds.show();
    root.classList.toggle("ge-empty", !runs);
    if (!runs) return;
    if (drawn !== runs) drawRuns(traits);
    where.textContent = model.whereOf(traits, course, step);
    answers.describe(where.textContent);
    const [story, told] = [model.lifeOf(runs, place), model.answerOf(traits, runs, step)];
    life.show(story);
    answer.show(told);
    if (spoken) ctx.say(`${t(`unit ${unit}, step ${step}`, `单元 ${unit}，第 ${step} 步`)}: ${story.said}; ${told.said}`);
    spoken = false;
  });
  function showSettings() {
    root.dataset.job = get("job");
    jobs.set(get("job"));
    seeds.set(get("seed"));
    compare.set(get("compare"));
    orders.set(get("order"));
    root.classList.toggle("ge-compare", get("compare"));
    input.show();
    draw();
  }
  function renew() {
    [fresh, spoken] = [true, true];
    showSettings();
  }

  ctx.watch(["values", "markers", "text", "clamps", "compare", "order"], renew);
  ctx.watch("job", () => {
    input.clear();
    renew();
    return near ? files.wake() : undefined; // what another task waits for is not wanted any more
  });
  ctx.watch("seed", showSettings);
  ctx.watch(["step", "unit"], () => { spot = [get("unit"), get("step")]; hover = null; draw(); });
  showSettings();
}

export default { render: (host) => mount(host, "gate-explorer", build) };
