// AttentionExplorer's small mode: a few words with vectors to edit, and each step to their output.
import { attentionSoftmaxRow } from "./attention.js";
import { h, number, parseNumber, select, t, toggle, uniqueId } from "./ui.js";

const HAND_LARGEST = 100;
const HAND_EDITABLE = { x: "vectors", wq: "w_q", wk: "w_k", wv: "w_v" };
const HAND_QUERY_ROWS = ["x", "q", "scores", "scaled", "masked", "weights", "output"];

// The examples' words in Chinese: shown so until the reader changes them.
const HAND_CHINESE = {
  ball: "球", she: "她", it: "它", person: "人", thing: "物", young: "年轻", round: "圆", the: "这", river: "河",
  bank: "岸/行", floods: "泛滥", water: "水", money: "钱", one: "一", two: "二", three: "三", four: "四",
};

/** Every step of attention by hand, in double precision: rows of numbers each.
 *  settings: the widget's traits vectors, w_q, w_k, w_v, scale, causal, double_softmax, temperature. */
export function attentionByHand(settings) {
  const times = (a, b) => a.map((row) => b[0].map((_, c) => row.reduce((sum, v, i) => sum + v * b[i][c], 0)));
  const x = settings.vectors;
  const [q, k, v] = ["w_q", "w_k", "w_v"].map((name) => times(x, settings[name]));
  const scores = q.map((a) => k.map((b) => a.reduce((sum, n, i) => sum + n * b[i], 0)));
  const divisor = (settings.scale ? Math.sqrt(q[0].length) : 1) * settings.temperature;
  const scaled = scores.map((row) => row.map((s) => s / divisor));
  const masked = scaled.map((row, i) => row.map((s, j) => (settings.causal && j > i ? -Infinity : s)));
  const once = masked.map((row) => attentionSoftmaxRow([...row]));
  const weights = settings.double_softmax ? once.map((row) => attentionSoftmaxRow([...row])) : once;
  const entropy = weights.map((row) => row.reduce((sum, p) => sum - (p > 0 ? p * Math.log2(p) : 0), 0));
  return { x, q, k, v, scores, scaled, masked, once, weights, entropy, output: times(weights, v), divisor };
}

export function buildByHand(ctx) {
  const { root, get } = ctx;
  let made = null;      // what attentionByHand says of the settings
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

  /** Names of a product's columns: one that a single feature goes into is called by it. */
  function called(trait, otherwise = []) {
    const rows = get(trait);
    return rows[0].map((_, c) => {
      const used = rows.flatMap((row, f) => (row[c] ? [f] : []));
      return used.length === 1 ? features()[used[0]] : otherwise[c] ?? `${c + 1}`;
    });
  }

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
      : `${size}. ${t("The arrow keys choose a number and tell how it is made.", "用方向键选择一个数，并说明它的由来。")}`);
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
        `${nameOf(place)}: “${typed}” is no number from −100 to 100; ${plain(valueOf(place))} still counts.`,
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
      onblur: () => { if (!cell.hasAttribute("aria-invalid")) showInput(place); },
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
    const place = hover ?? held;
    if (place && place.row < matrices[place.name].rows && place.col < matrices[place.name].cols) return place;
    return { name: "weights", row: query(), col: strongest(query()) };
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

  /** [matrix, row or null for all, column or null for all, colour]: what is marked for a cell. */
  function sources({ name, row, col }) {
    const pair = [["q", row, null, "query"], ["k", col, null, "key"]];
    const step = (...names) => names.map((n) => [n, row, col, "text"]);
    return {
      x: [["q", row, null, "query"], ["k", row, null, "key"], ["v", row, null, "value"]],
      wq: [["q", null, col, "query"], ["x", null, row, "in"]],
      wk: [["k", null, col, "key"], ["x", null, row, "in"]],
      wv: [["v", null, col, "value"], ["x", null, row, "in"]],
      q: [["x", row, null, "in"], ["wq", null, col, "learned"]],
      k: [["x", row, null, "in"], ["wk", null, col, "learned"]],
      v: [["x", row, null, "in"], ["wv", null, col, "learned"]],
      scores: pair,
      scaled: [...pair, ...step("scores")],
      masked: [...pair, ...step("scores", "scaled")],
      weights: [...pair, ...step("scores", "scaled"), ["masked", row, null, "text"]],
      output: [["weights", row, null, "text"], ["v", null, col, "value"]],
    }[name];
  }

  const part = (color, text) => h("span", { class: ["in", "learned", "out"].includes(color) ? `lw-${color}` : `ax-${color}` }, text);

  /** "2 × 3 + 0 × 0 = 6" as nodes. */
  function dot(as, bs, colorA, colorB, total, colorTotal) {
    const terms = as.flatMap((a, i) => [
      i ? " + " : "", h("span", { class: "ax-term" }, part(colorA, number(a)), " × ", part(colorB, number(bs[i])))]);
    return [...terms, " = ", h("b", { class: colorTotal === "out" ? "lw-out" : `ax-${colorTotal}` }, number(total))];
  }

  const column = (values, c) => values.map((row) => row[c]);

  function projection(place) {
    const letter = place.name;
    const color = { q: "query", k: "key", v: "value" }[letter];
    const weights = column(get(HAND_EDITABLE[`w${letter}`]), place.col);
    const total = made[letter][place.row][place.col];
    const what = {
      q: t("What it looks for", "它寻找什么"), k: t("What it offers", "它提供什么"), v: t("What it hands over", "它交出什么"),
    }[letter];
    return {
      title: [part(color, letter.toUpperCase()), t(" of ", "："), h("b", {}, words()[place.row]), `, ${t("number", "第")} ${place.col + 1}${t("", " 个")}`],
      lines: [[what, t("its vector times a column of ", "它的向量乘以一列 "), dot(made.x[place.row], weights, "in", "learned", total, color), `W${letter.toUpperCase()}`]],
    };
  }

  function pairSteps(place) {
    const { row: i, col: j, name } = place;
    const [from, to] = [words()[i], words()[j]];
    const D = made.q[0].length;
    const tau = get("temperature");
    const divisors = [get("scale") ? `√${D}` : "", tau !== 1 ? number(tau) : ""].filter(Boolean);
    const scaled = divisors.length
      ? [`${number(made.scores[i][j])} / ${divisors.length > 1 ? `(${divisors.join(" × ")})` : divisors[0]} = `, h("b", {}, number(made.scaled[i][j]))]
      : [t("not scaled: ", "未缩放："), h("b", {}, number(made.scaled[i][j]))];
    const barred = made.masked[i][j] === -Infinity;
    const masked = barred
      ? [h("b", {}, "−∞"), t(` as “${to}” comes later`, `：“${to}”在后面`)]
      : [h("b", {}, number(made.masked[i][j])), get("causal") ? t(": not later, so it may look", "：不在后面，可以看") : t(": no mask", "：无掩码")];
    const share = (row, result) => {
      const most = Math.max(...row);
      const shift = Math.abs(most) > 9 ? most : 0; // e^9 is 8103: more would be no number to read
      const powers = row.map((s) => Math.exp(s - shift));
      const total = powers.reduce((a, b) => a + b, 0);
      const exponent = (s) => (s === -Infinity ? "−∞" : number(s - shift));
      return [h("span", { class: "ax-term" }, "e", h("sup", {}, exponent(row[j])), ` / (${powers.map((p) => number(p)).join(" + ")})`),
        ` = ${number(powers[j])} / ${number(total)} = `, h("b", {}, number(result[i][j]))];
    };
    const rows = [
      ["scores", t("score", "得分"), [h("span", { class: "ax-query" }, "q"), " · ", h("span", { class: "ax-key" }, "k"), " = ", dot(made.q[i], made.k[j], "query", "key", made.scores[i][j], "text")]],
      ["scaled", t("scaled", "缩放"), scaled],
      ["masked", t("masked", "掩码"), masked],
      ["weights", t("weight", "权重"), share(made.masked[i], made.once)],
    ];
    if (get("double_softmax")) rows.push(["weights", t("twice", "两次"), share(made.once[i], made.weights)]);
    return {
      title: [h("b", { class: "ax-query" }, from), t(" looks at ", " 看 "), h("b", { class: "ax-key" }, to)],
      lines: rows.map(([stage, label, nodes]) => ({ stage, label, nodes, on: stage === name })),
    };
  }

  function explain(place) {
    const { name, row, col } = place;
    const line = (label, nodes) => ({ label, nodes, on: true });
    if (["scores", "scaled", "masked", "weights"].includes(name)) return pairSteps(place);
    if (name === "output") {
      return {
        title: [part("out", t("Output", "输出")), t(" of ", "："), h("b", {}, words()[row]), `: ${called("w_v")[col]}`],
        lines: [line(t("its weights times this column of V", "它的权重乘以 V 的这一列"),
          dot(made.weights[row], column(made.v, col), "text", "value", made.output[row][col], "out"))],
      };
    }
    if ("qkv".includes(name)) {
      const { title, lines: [[what, note, nodes, index]] } = projection(place);
      return { title, lines: [line(`${what}: ${note}${index}`, nodes)] };
    }
    if (name === "x") {
      return {
        title: [h("b", { class: "lw-in" }, words()[row]), `: ${features()[col]} = ${number(made.x[row][col])}`],
        lines: [line(t("It goes into this word's query, key and value.", "它进入这个词的查询、键和值。"), []), looks()],
      };
    }
    const to = { wq: ["query", "Q"], wk: ["key", "K"], wv: ["value", "V"] }[name];
    return {
      title: [part("learned", `W${to[1]}`), `: ${features()[row]} → `, part(to[0], `${to[1]}${col + 1}`)],
      lines: [line(t(
        `How much of “${features()[row]}” goes into number ${col + 1} of every ${to[0]}. A model learns this.`,
        `“${features()[row]}”有多少进入每个${titles[to[1].toLowerCase()][1]}的第 ${col + 1} 个数。模型会学到它。`), []), looks()],
    };
  }

  /** Where the chosen word looks most, now. */
  function looks() {
    const [i, j] = [query(), strongest(query())];
    return {
      label: t("now", "现在"), on: true,
      nodes: [h("b", { class: "ax-query" }, words()[i]), t(" looks most at ", " 最多看 "), h("b", { class: "ax-key" }, words()[j]),
        ": ", h("b", {}, number(made.weights[i][j]))],
    };
  }

  function drawHow(place) {
    const { title, lines } = explain(place);
    how.replaceChildren(h("p", { class: "ax-how-title" }, title), ...lines.map(({ label, nodes, on, stage }) => (
      h("p", { class: `${stage ? "ax-step" : ""} ${on ? "ax-on" : ""}` },
        h("span", { class: "lw-label" }, label), h("span", {}, nodes)))));
    if (spoken) {
      const now = lines.filter((line) => line.on).map(({ nodes }) => h("span", {}, nodes.flat(Infinity).map((n) => n.cloneNode?.(true) ?? n)).textContent);
      ctx.say(`${how.querySelector(".ax-how-title").textContent}: ${now.join("; ")}`);
    }
    spoken = false;
  }

  // --- drawing ------------------------------------------------------------------------------------
  function drawMatrices(place) {
    const [names, dims] = [words(), features()];
    const [asked, given] = [called("w_q"), called("w_v")];
    const offered = called("w_k", asked);
    const heads = { x: dims, q: asked, wq: asked, k: offered, wk: offered, v: given, wv: given, output: given };
    const values = { ...made, wq: get("w_q"), wk: get("w_k"), wv: get("w_v") };
    const largest = (rows) => Math.max(...rows.flat().map((v) => (Number.isFinite(v) ? Math.abs(v) : 0)));
    const most = largest(made.scores);
    const marks = sources(place);
    for (const [name, its] of Object.entries(matrices)) {
      const rows = values[name];
      const square = ["scores", "scaled", "masked", "weights"].includes(name);
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

  function draw() { later(); }
  const later = ctx.redraw(() => {
    made = attentionByHand(Object.fromEntries(
      ["vectors", "w_q", "w_k", "w_v", "scale", "causal", "double_softmax", "temperature"].map((key) => [key, get(key)])));
    const D = made.q[0].length;
    const tau = get("temperature");
    const divisor = [get("scale") ? `÷ √${D}` : "", tau !== 1 ? `÷ ${number(tau)}` : ""].filter(Boolean).join(" ");
    matrices.scaled.sub.textContent = divisor || t("off", "关");
    matrices.masked.sub.textContent = get("causal") ? t("causal", "因果") : t("off", "关");
    matrices.weights.sub.textContent = get("double_softmax") ? t("softmax twice", "两次 softmax") : "softmax";
    const place = target0();
    drawMatrices(place);
    matrices.scaled.node.classList.toggle("ax-same", !divisor);
    matrices.masked.node.classList.toggle("ax-same", !get("causal"));
    root.classList.toggle("ax-broad", 2 * D + made.v[0].length > 8);
    root.classList.toggle("ax-long", 4 * made.q.length + made.v[0].length > 20);
    drawEntropy();
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
    const text = tries[tried] ?? tries.own;
    if (tryText.textContent !== text) tryText.textContent = text;
  });

  /** The shapes come before the target: a new example may have fewer rows than the cell held. */
  function target0() {
    for (const [name, its] of Object.entries(matrices)) {
      const rows = { ...made, wq: get("w_q"), wk: get("w_k"), wv: get("w_v") }[name];
      if (its.rows && (rows.length !== its.rows || rows[0].length !== its.cols)) { held = null; hover = null; }
    }
    return matrices.x.rows ? target() : { name: "weights", row: query(), col: strongest(query()) };
  }

  const entropies = h("div", { class: "ax-entropy-list" });
  const entropyNote = h("span", { class: "lw-quiet" });

  function drawEntropy() {
    const most = Math.log2(made.entropy.length);
    entropyNote.textContent = t(`0–${number(most, 2)} bits`, `0–${number(most, 2)} 比特`);
    entropies.replaceChildren(...made.entropy.map((bits, i) => {
      const bar = h("span", { class: "ax-bits", title: t(`${number(bits)} bits`, `${number(bits)} 比特`) }, handWeight(bits));
      bar.style.setProperty("--part", `${Math.min(100, (100 * bits) / most)}%`);
      bar.setAttribute("aria-label", `${words()[i]} ${number(bits)}`);
      return bar;
    }));
  }

  // --- controls -----------------------------------------------------------------------------------
  const all = get("_examples");
  const exampleNames = {
    pronoun: t("a pronoun finds its noun", "代词找到它的名词"), meaning: t("a word takes on a meaning", "一个词获得含义"),
    previous: t("each looks one back", "每个都看前一个"),
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
  const tries = {
    pronoun: t("make “it” a person: its first number 1, its second 0. Whom does it find?", "把“它”变成人：第一个数改为 1，第二个改为 0。它会找到谁？"),
    meaning: t("give “river” and “floods” the numbers 0 and 2. What is “bank” now?", "把“河”和“泛滥”的数改成 0 和 2。“岸/行”现在是什么意思？"),
    previous: t("switch the causal mask off. Where does “one” look now, and why?", "关掉因果掩码。“一”现在看哪里？为什么？"),
    own: t("change a number and follow it to the output.", "改变一个数，看它怎样影响输出。"),
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
  cell.style.setProperty("--share", `${Math.round(60 * share)}%`);
  cell.style.setProperty("--sign", isWeight ? "var(--ax-weight)" : part < 0 ? "var(--lw-below)" : "var(--lw-above)");
}
