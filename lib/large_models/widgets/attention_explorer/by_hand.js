// AttentionExplorer's small mode: a few words with vectors to edit, and each step to their output.
import { attentionByHand, explainStep, stepColumns, stepSources } from "./steps.js";
import { h, number, parseNumber, select, t, toggle, uniqueId } from "../kit/mod.js";

const HAND_LARGEST = 100;
const HAND_EDITABLE = { x: "vectors", wq: "w_q", wk: "w_k", wv: "w_v" };
const HAND_QUERY_ROWS = ["x", "q", "scores", "scaled", "masked", "weights", "output"];
const HAND_SQUARE = ["scores", "scaled", "masked", "weights"];
const HAND_SETTINGS = ["vectors", "w_q", "w_k", "w_v", "scale", "causal", "double_softmax", "temperature"];

// The examples' words in Chinese: shown so until the reader changes them.
const HAND_CHINESE = {
  ball: "球", she: "她", it: "它", person: "人", thing: "物", young: "年轻", round: "圆", the: "这", river: "河",
  bank: "岸/行", floods: "泛滥", water: "水", money: "钱", one: "一", two: "二", three: "三", four: "四",
};

export function buildByHand(ctx) {
  const { root, get } = ctx;
  const compute = () => attentionByHand(Object.fromEntries(HAND_SETTINGS.map((key) => [key, get(key)])));
  let made = compute(); // every step's matrix
  let held = null;      // the cell that the reader chose: {name, row, col}
  let hover = null;     // the one under the mouse
  let spoken = false;
  let tried = "";       // the example that the advice is about: it stays while the reader follows it
  let active = { name: "x", row: 0, col: 0 }; // the input that the buttons change
  const word = (name) => t(name, HAND_CHINESE[name] ?? name);
  const words = () => get("tokens").map(word);
  const features = () => {
    const names = get("features");
    const d = get("vectors")[0].length;
    return names.length === d ? names.map(word) : Array.from({ length: d }, (_, i) => `${i + 1}`);
  };

  // --- a matrix: a title, names of its columns, cells; inputs where it can be edited --------------
  const titles = {
    x: ["X", t("the words", "各个词"), "lw-in"],
    wq: ["W", t("asks", "询问"), "lw-learned", "Q"], wk: ["W", t("offers", "提供"), "lw-learned", "K"],
    wv: ["W", t("gives", "交出"), "lw-learned", "V"],
    q: ["Q", t("query", "查询"), "ax-query"], k: ["K", t("key", "键"), "ax-key"], v: ["V", t("value", "值"), "ax-value"],
    scores: [t("Scores", "得分"), "Q Kᵀ", ""], scaled: [t("Scaled", "缩放"), "", ""], masked: [t("Masked", "掩码"), "", ""],
    weights: [t("Weights", "权重"), "", ""], output: [t("Output", "输出"), t("× V", "× V"), "lw-out"],
  };
  const matrices = {};

  function matrix(name) {
    const [title, note, color, index] = titles[name];
    const sub = h("span", { class: "lw-quiet" }, note);
    const heads = h("div", { class: "ax-heads", "aria-hidden": "true" });
    const labels = h("div", { class: "ax-labels", "aria-hidden": "true" });
    const grid = h("div", { class: `ax-cells ${HAND_EDITABLE[name] ? "ax-edit" : ""}` });
    const node = h("div", { class: `ax-matrix ax-${name}` },
      h("div", { class: "ax-title" }, h("b", { class: color }, title, index ? h("sub", {}, index) : null), " ", sub),
      heads, labels, grid);
    const its = { name, node, sub, heads, labels, grid, cells: [], rows: 0, cols: 0 };
    if (HAND_EDITABLE[name]) grid.setAttribute("role", "group");
    else {
      grid.setAttribute("role", "application");
      grid.setAttribute("aria-roledescription", t("matrix", "矩阵"));
      grid.setAttribute("tabindex", "0");
      listenTo(its);
    }
    matrices[name] = its;
    return its;
  }

  function shape(its, values, rowNames, colNames) {
    const [R, C] = [values.length, values[0].length];
    if (its.rows !== R || its.cols !== C) {
      Object.assign(its, { rows: R, cols: C });
      its.node.style.setProperty("--rows", R);
      its.node.style.setProperty("--cols", C);
      its.cells = values.flatMap((row, r) => row.map((_, c) => (
        HAND_EDITABLE[its.name] ? input(its, r, c) : h("span", { class: "ax-cell" }))));
      its.grid.replaceChildren(...its.cells);
    }
    const show = (node, names) => {
      if (node.shown === names.join("\n")) return;
      node.shown = names.join("\n");
      node.replaceChildren(...names.map((text) => h("span", { title: text }, text)));
    };
    show(its.heads, colNames);
    if (its.name !== "x") show(its.labels, rowNames);
    const [title, note, , index] = titles[its.name];
    const size = `${title}${index ?? ""} ${note} ${R} × ${C}`;
    its.grid.setAttribute("aria-label", HAND_EDITABLE[its.name] ? size
      : `${size}. ${t("The arrow keys choose a number and say how it is made.", "用方向键选择一个数，并说明它的由来。")}`);
  }

  // --- editing ------------------------------------------------------------------------------------
  const message = h("p", { class: "ax-wrong", role: "alert", id: uniqueId("ax-wrong") });
  const cellOf = ({ name, row, col }) => matrices[name].cells[row * matrices[name].cols + col];
  const valueOf = ({ name, row, col }) => get(HAND_EDITABLE[name])[row][col];
  const plain = (value) => String(Number(value.toFixed(6))).replace("-", "−");

  /** What an input stands for: "ball, round" or "W_Q: thing, column 2". */
  function nameOf({ name, row, col }) {
    if (name === "x") return `${words()[row]}, ${features()[col]}`;
    return t(`W_${name[1].toUpperCase()}: ${features()[row]}, column ${col + 1}`,
      `W_${name[1].toUpperCase()}：${features()[row]}，第 ${col + 1} 列`);
  }

  function set(place, value) {
    const trait = HAND_EDITABLE[place.name];
    const values = get(trait).map((row) => [...row]);
    values[place.row][place.col] = value;
    ctx.sync({ [trait]: values });
  }

  function nudge(place, by) {
    const value = Number((valueOf(place) + by).toFixed(6));
    if (Math.abs(value) > HAND_LARGEST) return;
    set(place, value);
    showInput(place);
  }

  /** Shows the matrix's own number, rounded where the reader is not typing. */
  function showInput(place) {
    const cell = cellOf(place);
    cell.value = document.activeElement === cell ? plain(valueOf(place)) : handShort(valueOf(place));
    cell.removeAttribute("aria-invalid");
    cell.removeAttribute("aria-describedby");
    tellWrong();
  }

  function tellWrong() {
    let text = "";
    for (const its of Object.values(matrices)) {
      const i = HAND_EDITABLE[its.name] ? its.cells.findIndex((cell) => cell.hasAttribute("aria-invalid")) : -1;
      if (i < 0) continue;
      const place = { name: its.name, row: Math.floor(i / its.cols), col: i % its.cols };
      const typed = its.cells[i].value.slice(0, 12);
      text ||= t(
        `${nameOf(place)}: “${typed}” is not a number from −100 to 100; ${plain(valueOf(place))} still counts.`,
        `${nameOf(place)}：“${typed}”不是 −100 到 100 之间的数；仍使用 ${plain(valueOf(place))}。`);
    }
    if (message.textContent !== text) message.textContent = text;
  }

  function read(place) {
    const cell = cellOf(place);
    const value = parseNumber(cell.value);
    if (Math.abs(value) <= HAND_LARGEST) {
      cell.removeAttribute("aria-invalid");
      cell.removeAttribute("aria-describedby");
      set(place, value);
    } else {
      cell.setAttribute("aria-invalid", "true");
      cell.setAttribute("aria-describedby", message.id);
    }
    tellWrong();
  }

  function input(its, row, col) {
    const place = { name: its.name, row, col };
    const cell = h("input", {
      type: "text", class: "ax-cell", autocomplete: "off", spellcheck: "false", enterkeyhint: "done",
      oninput: ctx.guard(() => read(place)),
      onfocus: () => { active = place; hold(place); if (!cell.hasAttribute("aria-invalid")) showInput(place); cell.select(); },
      // A cell that goes because the shapes change is left too: then there is nothing to show.
      onblur: () => { if (its.cells.includes(cell) && !cell.hasAttribute("aria-invalid")) showInput(place); },
      onmouseenter: () => { hover = place; draw(); },
      onmouseleave: () => { hover = null; draw(); },
      onkeydown: ctx.guard((event) => {
        const size = event.shiftKey ? 0.1 : 1;
        if (event.key === "ArrowUp") nudge(place, size);
        else if (event.key === "ArrowDown") nudge(place, -size);
        else if (event.key === "Escape") showInput(place);
        else if (event.key === "Enter") its.cells[(row * its.cols + col + 1) % its.cells.length].focus();
        else return;
        event.preventDefault();
      }),
    });
    return cell;
  }

  // For fingers: change the cell last touched without a keyboard.
  const nudgeName = h("span", { class: "lw-quiet ax-nudge-name" });
  const nudges = [["−", () => nudge(active, -1)], ["+", () => nudge(active, 1)], ["±", () => nudge(active, -2 * valueOf(active))]]
    .map(([text, onclick]) => h("button", { type: "button", class: "ax-nudge", onclick: ctx.guard(onclick) }, text));

  function nameNudges() {
    const name = nameOf(active);
    nudgeName.textContent = name;
    nudges.forEach((button, i) => button.setAttribute("aria-label",
      [`${name}: −1`, `${name}: +1`, t(`${name}: change the sign`, `${name}：变号`)][i]));
  }

  /** A word's name, to type over. */
  function nameInput(row) {
    const box = h("input", {
      type: "text", class: "ax-name", autocomplete: "off", spellcheck: "false", maxlength: "24",
      "aria-label": t(`name of word ${row + 1}`, `第 ${row + 1} 个词`),
      onfocus: () => choose(row),
      onchange: ctx.guard(() => {
        const tokens = [...get("tokens")];
        tokens[row] = box.value.trim();
        ctx.sync({ tokens });
      }),
    });
    return box;
  }

  // --- choosing a cell ----------------------------------------------------------------------------
  const query = () => Math.min(get("query"), get("tokens").length - 1);
  const strongest = (row) => made.weights[row].indexOf(Math.max(...made.weights[row]));

  function choose(row) {
    held = null;
    if (row !== get("query")) ctx.sync({ query: row });
    draw();
  }

  function hold(place) {
    held = place;
    if (HAND_QUERY_ROWS.includes(place.name) && place.row !== query()) ctx.sync({ query: place.row });
    draw();
  }

  /** The cell that is explained; unless the reader chose another, where the query looks most. */
  function target() {
    const fits = (place) => place && place.row < made[place.name].length && place.col < made[place.name][0].length;
    return [hover, held].find(fits) ?? { name: "weights", row: query(), col: strongest(query()) };
  }

  function listenTo(its) {
    const at = (event) => {
      const box = its.grid.getBoundingClientRect();
      const cell = (length, n, size) => Math.max(0, Math.min(n - 1, Math.floor((length / size) * n)));
      return {
        name: its.name, row: cell(event.clientY - box.top, its.rows, box.height),
        col: cell(event.clientX - box.left, its.cols, box.width),
      };
    };
    ctx.listen(its.grid, "pointerdown", (event) => { if (event.button === 0) hold(at(event)); });
    ctx.listen(its.grid, "pointermove", (event) => { if (event.pointerType === "mouse") { hover = at(event); draw(); } });
    ctx.listen(its.grid, "pointerleave", () => { hover = null; draw(); });
    ctx.listen(its.grid, "focus", () => {
      if (target().name === its.name) return;
      const old = target();
      hold({ name: its.name, row: Math.min(old.row, its.rows - 1), col: Math.min(old.col, its.cols - 1) });
    });
    const moves = {
      ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -9], End: [0, 9], PageUp: [-9, 0], PageDown: [9, 0],
    };
    ctx.listen(its.grid, "keydown", (event) => {
      if (!moves[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      hover = null;
      const [down, right] = moves[event.key];
      const { row, col } = held?.name === its.name ? held : { row: 0, col: 0 };
      const within = (n, most) => Math.max(0, Math.min(most - 1, n));
      spoken = true;
      hold({ name: its.name, row: within(row + down, its.rows), col: within(col + right, its.cols) });
    });
  }

  // --- what a number is made of -------------------------------------------------------------------
  const how = h("div", { class: "ax-how" });

  function drawHow(place) {
    const { title, lines } = explainStep(made, { words: words(), features: features(), query: query() }, place);
    const heading = h("p", { class: "ax-how-title" }, title);
    const rows = lines.map(({ label, nodes, on, stage }) => h("p", { class: `${stage ? "ax-step" : ""} ${on ? "ax-on" : ""}` },
      h("span", { class: "lw-label" }, label), h("span", {}, nodes)));
    how.replaceChildren(heading, ...rows);
    const about = rows.filter((_, i) => lines[i].on).map((row) => row.lastChild.textContent);
    if (spoken) ctx.say(`${heading.textContent}: ${about.join("; ")}`);
    spoken = false;
  }

  // --- drawing ------------------------------------------------------------------------------------
  function drawMatrices(place) {
    const [names, dims] = [words(), features()];
    const [asked, given] = [stepColumns(made.wq, dims), stepColumns(made.wv, dims)];
    const offered = stepColumns(made.wk, dims, asked);
    const heads = { x: dims, q: asked, wq: asked, k: offered, wk: offered, v: given, wv: given, output: given };
    const largest = (rows) => Math.max(...rows.flat().map((v) => (Number.isFinite(v) ? Math.abs(v) : 0)));
    const most = largest(made.scores);
    const marks = stepSources(place);
    for (const [name, its] of Object.entries(matrices)) {
      const rows = made[name];
      const square = HAND_SQUARE.includes(name);
      shape(its, rows, ["wq", "wk", "wv"].includes(name) ? dims : names, heads[name] ?? names);
      const max = square ? most : largest(rows);
      its.cells.forEach((cell, i) => {
        const [r, c] = [Math.floor(i / its.cols), i % its.cols];
        const value = rows[r][c];
        if (cell.tagName === "INPUT") {
          const here = { name, row: r, col: c };
          if (document.activeElement !== cell && !cell.hasAttribute("aria-invalid")) {
            const text = handShort(value);
            if (cell.value !== text) cell.value = text;
          }
          cell.setAttribute("aria-label", nameOf(here));
        } else {
          const text = name === "weights" ? handWeight(value) : handShort(value);
          if (cell.textContent !== text) cell.textContent = text;
        }
        const barred = value === -Infinity || (name === "weights" && made.masked[r][c] === -Infinity && value === 0);
        const mark = marks.find(([n, row, col]) => n === name && (row === null || row === r) && (col === null || col === c));
        const here = place.name === name && place.row === r && place.col === c;
        cell.classList.toggle("ax-barred", barred);
        cell.classList.toggle("ax-target", here);
        cell.classList.toggle("ax-source", Boolean(mark));
        cell.style.setProperty("--mark", mark ? handColor(mark[3]) : "transparent");
        handTint(cell, name === "weights" ? value : value / (max || 1), name === "weights");
      });
    }
  }

  /** False while Python changes several settings one after the other. */
  function consistent() {
    const [x, wq, wk, wv] = HAND_SETTINGS.slice(0, 4).map(get);
    return get("tokens").length === x.length && [wq, wk, wv].every((w) => w.length === x[0].length)
      && wq[0].length === wk[0].length;
  }

  const draw = ctx.redraw(() => {
    if (!consistent()) return;
    made = compute();
    if (!made[active.name][active.row] || active.col >= made[active.name][0].length) active = { name: "x", row: 0, col: 0 };
    const D = made.q[0].length;
    const tau = get("temperature");
    const divisor = [get("scale") ? `÷ √${D}` : "", tau !== 1 ? `÷ ${number(tau)}` : ""].filter(Boolean).join(" ");
    matrices.scaled.sub.textContent = divisor || t("off", "关");
    matrices.masked.sub.textContent = get("causal") ? t("causal", "因果") : t("off", "关");
    matrices.weights.sub.textContent = get("double_softmax") ? t("softmax twice", "两次 softmax") : "softmax";
    const place = target();
    drawMatrices(place);
    matrices.scaled.node.classList.toggle("ax-same", !divisor);
    matrices.masked.node.classList.toggle("ax-same", !get("causal"));
    root.classList.toggle("ax-broad", 2 * D + made.v[0].length > 8);
    root.classList.toggle("ax-long", 4 * made.q.length + made.v[0].length > 20);
    drawEntropy();
    drawFound();
    drawHow(place);
    nameNudges();
    names.forEach((box, i) => {
      box.classList.toggle("ax-chosen", i === query());
      if (document.activeElement !== box) box.value = words()[i];
    });
    root.querySelectorAll(".ax-second .ax-labels").forEach((list) => {
      [...list.children].forEach((label, i) => label.classList.toggle("ax-chosen", i === query()));
    });
    examples.set(exampleOf());
    const text = (tries[tried] ?? tries.own)();
    if (tryText.textContent !== text) tryText.textContent = text;
  });

  // Where the chosen word looks, beside its numbers: on a phone the weights are far below.
  const found = h("p", { class: "ax-found", "aria-hidden": "true" });

  function drawFound() {
    const row = made.weights[query()];
    found.replaceChildren(
      h("span", {}, h("b", { class: "ax-query" }, words()[query()]), t(" looks at", " 看")),
      ...words().map((text, i) => h("span", { class: "ax-share", style: { "--share": `${Math.round(40 * row[i])}%` } },
        text, " ", h("b", {}, handWeight(row[i])))));
  }

  const entropies = h("div", { class: "ax-entropy-list", role: "img" });
  const entropyNote = h("span", { class: "lw-quiet" });

  function drawEntropy() {
    const most = Math.log2(made.entropy.length);
    entropyNote.textContent = t(`0–${number(most, 2)} bits`, `0–${number(most, 2)} 比特`);
    entropies.replaceChildren(...made.entropy.map((bits, i) => {
      const bar = h("span", { class: "ax-bits", title: t(`${number(bits)} bits`, `${number(bits)} 比特`) }, handWeight(bits));
      bar.style.setProperty("--part", `${Math.min(100, (100 * bits) / most)}%`);
      return bar;
    }));
    entropies.setAttribute("aria-label", made.entropy.map((bits, i) => `${words()[i]} ${number(bits)}`).join(", "));
  }

  // --- controls -----------------------------------------------------------------------------------
  const all = get("_examples");
  const exampleNames = {
    pronoun: t("a pronoun finds its noun", "代词找到它的名词"), meaning: t("a word takes on a meaning", "一个词获得含义"),
    previous: t("each word looks one back", "每个都看前一个"),
  };
  const examples = select(t("Example", "例子"), [
    ...Object.keys(all).map((name) => [name, exampleNames[name] ?? name]), ["own", t("your own", "自定义")],
  ], (name) => {
    if (name === "own") return examples.set(exampleOf());
    held = null;
    tried = name;
    for (const its of Object.values(matrices)) its.cells.forEach((cell) => cell.removeAttribute("aria-invalid"));
    tellWrong();
    return ctx.sync(structuredClone(all[name]));
  });
  const tryText = h("span", {});
  // What to try is something that has not been done yet: it can be undone once it has.
  const begins = (row, ...numbers) => numbers.every((n, i) => get("vectors")[row]?.[i] === n);
  const tries = {
    pronoun: () => (begins(3, 1, 0)
      ? t("turn “it” back into a thing: first number 0, second 1. What does it find?", "把“它”变回物：第一个数改为 0，第二个改为 1。它会找到谁？")
      : t("turn “it” into a person: first number 1, second 0. Whom does it find?", "把“它”变成人：第一个数改为 1，第二个改为 0。它会找到谁？")),
    meaning: () => (begins(1, 0, 2) && begins(3, 0, 2)
      ? t("give “river” and “floods” the numbers 2 and 0 again. What is “bank” now?", "把“河”和“泛滥”的数改回 2 和 0。“岸/行”现在是什么意思？")
      : t("give “river” and “floods” the numbers 0 and 2. What is “bank” now?", "把“河”和“泛滥”的数改成 0 和 2。“岸/行”现在是什么意思？")),
    previous: () => (get("causal")
      ? t("switch the causal mask off. Where does “one” look now, and why?", "关掉因果掩码。“一”现在看哪里？为什么？")
      : t("switch the causal mask on. Where can “one” still look?", "打开因果掩码。“一”还能看哪里？")),
    own: () => t("change a number and follow it to the output.", "改变一个数，看它怎样影响输出。"),
  };
  const exampleOf = () => Object.keys(all).find((name) => ["tokens", "vectors", "w_q", "w_k", "w_v"].every(
    (key) => JSON.stringify(all[name][key]) === JSON.stringify(get(key)))) ?? "own";

  const switches = [
    ["scale", t("divide by √D", "除以 √D")], ["causal", t("causal mask", "因果掩码")],
    ["double_softmax", t("softmax twice", "两次 softmax")],
  ].map(([key, label]) => ({ key, ...toggle(label, (on) => ctx.sync({ [key]: on })) }));
  const slider = h("input", {
    type: "range", min: "-1", max: "1", step: "0.05", class: "ax-slider", id: uniqueId(),
    oninput: ctx.guard(() => ctx.sync({ temperature: Number((10 ** Number(slider.value)).toPrecision(2)) })),
  });
  const degrees = h("output", { class: "ax-degrees", for: slider.id });
  const showSwitches = () => {
    for (const control of switches) control.set(get(control.key));
    const tau = get("temperature");
    const at = Math.log10(tau);
    if (Math.abs(Number(slider.value) - at) > 0.03) slider.value = at;
    degrees.textContent = number(tau);
    slider.setAttribute("aria-valuetext", number(tau));
    draw();
  };

  // --- everything together ------------------------------------------------------------------------
  const names = [];
  for (const name of ["x", "wq", "wk", "wv", "q", "k", "v", "scores", "scaled", "masked", "weights", "output"]) matrix(name);
  const nodes = (...list) => list.map((name) => matrices[name].node);
  const nameList = matrices.x.labels;
  nameList.removeAttribute("aria-hidden");

  function showNames() {
    const T = get("tokens").length;
    if (names.length === T) return;
    names.splice(0, names.length, ...Array.from({ length: T }, (_, i) => nameInput(i)));
    nameList.replaceChildren(...names);
  }

  root.append(
    h("div", { class: "ax-top" },
      h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
        tryText),
      h("div", { class: "ax-example" }, examples.node)),
    h("div", { class: "ax-first" }, nodes("x", "wq", "wk", "wv"),
      found,
      h("div", { class: "ax-below" }, h("div", { class: "ax-nudges" }, nudges, nudgeName), message),
      nodes("q", "k", "v"), how),
    h("div", { class: "ax-switches" }, switches.map((control) => control.node),
      h("div", { class: "ax-temperature" }, h("label", { for: slider.id }, t("temperature", "温度")), slider, degrees)),
    h("div", { class: "ax-second" }, nodes("scores", "scaled", "masked", "weights"),
      h("div", { class: "ax-matrix ax-entropy" }, h("div", { class: "ax-title" }, h("b", {}, t("Entropy", "熵")), " ", entropyNote),
        h("div", { class: "ax-heads" }), entropies),
      nodes("output")));

  ctx.watch(["vectors", "w_q", "w_k", "w_v", "tokens", "features"], () => { showNames(); draw(); });
  ctx.watch("query", () => { if (held && HAND_QUERY_ROWS.includes(held.name) && held.row !== query()) held = null; draw(); });
  ctx.watch(["scale", "causal", "double_softmax", "temperature"], showSwitches);
  tried = exampleOf();
  showNames();
  showSwitches();
}

/** A number for a narrow cell: two significant digits after a small integer, −∞ as such. */
function handShort(value) {
  if (value === -Infinity) return "−∞";
  const size = Math.abs(value);
  if (size >= 10000) return value.toExponential(0).replace("e+", "e").replace("-", "−");
  return number(value, size < 1 ? 3 : 2).replace(/^(−?)0\./, "$1.");
}

/** A weight: two digits after the point. */
function handWeight(value) {
  if (value === 0 || value === 1) return `${value}`;
  return value < 0.005 ? "<.01" : value >= 0.995 && value < 1 ? ">.99" : value.toFixed(2).replace(/^0\./, ".");
}

function handColor(name) {
  return { in: "var(--lw-in)", learned: "var(--lw-learned)", text: "var(--lw-quiet)" }[name] ?? `var(--ax-${name})`;
}

/** Colours a cell by size, and by sign unless it is a weight. */
function handTint(cell, part, isWeight) {
  const share = Number.isFinite(part) ? Math.min(1, Math.abs(part)) : 0;
  cell.style.setProperty("--share", `${Math.round(40 * share)}%`);
  cell.style.setProperty("--sign", isWeight ? "var(--ax-weight)" : part < 0 ? "var(--lw-below)" : "var(--lw-above)");
}
