// Draw a digit; every layer of the LeNet answers. Python's side: conv_live.py.
import { conv2d, linear, maxPool2d, relu, reshape, softmax, tensor } from "./nn.js";
import { bytesOf, drawMap, float32Of, h, legend, mount, number, paint, parseNumber, t, toggle } from "./ui.js";
import { countInk, normalizeDrawing, toInput } from "./digits.js";

const PAPER = 160; // pixels a side of the drawing
const PEN = 13;    // width of a stroke
const STEP = 8;    // pixels that an arrow key moves the pen

function build(ctx) {
  const { root, get } = ctx;
  const trained = readWeights();
  const [O, , K] = trained["conv1.weight"].shape;
  const trainedKernels = Array.from({ length: O }, (_, o) => (
    Array.from({ length: K }, (_, r) => Array.from(
      trained["conv1.weight"].data.subarray((o * K + r) * K, (o * K + r + 1) * K)))));

  function readWeights() {
    const shapes = JSON.parse(get("_shapes"));
    const values = float32Of(get("_weights"));
    let at = 0;
    return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      at += size;
      return [name, tensor(values.slice(at - size, at), shape)];
    }));
  }

  // --- the network ------------------------------------------------------------------------------
  let maps = {};
  const empty = () => !get("counts").flat().some((count) => count > 0);

  function compute() {
    const w = trained;
    const off = get("off");
    const input = tensor(toInput(get("counts").flat()), [1, 28, 28]);
    const kernels = tensor(get("kernels").flat(2), [O, 1, K, K]);
    const relu1 = relu(conv2d(input, kernels, w["conv1.bias"]));
    const area = relu1.shape[1] * relu1.shape[2];
    for (const channel of off) relu1.data.fill(0, channel * area, (channel + 1) * area);
    const pool1 = maxPool2d(relu1, { kernelSize: 2 });
    const relu2 = relu(conv2d(pool1, w["conv2.weight"], w["conv2.bias"]));
    const pool2 = maxPool2d(relu2, { kernelSize: 2 });
    const hidden = relu(linear(reshape(pool2, [pool2.data.length]), w["hidden.weight"], w["hidden.bias"]));
    const scores = linear(hidden, w["output.weight"], w["output.bias"]);
    maps = { input, relu1, pool1, relu2, pool2, hidden, probabilities: softmax(scores) };
  }

  // --- the drawing ------------------------------------------------------------------------------
  const paper = h("canvas", {
    class: "cl-paper", width: PAPER, height: PAPER, tabindex: "0", role: "application",
    "aria-label": t(
      "Paper. Draw with the mouse or a finger; or move the pen with the arrow keys, Space puts it down and lifts it.",
      "画纸。用鼠标或手指书写；或用方向键移动笔，空格键落笔和提笔。"),
  });
  const pen2d = paper.getContext("2d", { willReadFrequently: true });
  const ghost = h("div", { class: "cl-empty lw-quiet", "aria-hidden": "true" }, t("draw a digit", "写一个数字"));
  const cursor = h("div", { class: "cl-pen", hidden: true, "aria-hidden": "true" });
  let strokes = [];      // of points [x, y], what the reader has drawn
  let drawing = false;   // whether the paper shows the reader's strokes
  let penDown = false;   // the keyboard's pen
  let pen = [PAPER / 2, PAPER / 2];
  let shownExample = null;

  function drawPaper() {
    pen2d.clearRect(0, 0, PAPER, PAPER);
    if (!drawing) {
      if (!empty()) drawInk(maps.input);
      return;
    }
    pen2d.strokeStyle = pen2d.fillStyle = ctx.color("--lw-text");
    Object.assign(pen2d, { lineWidth: PEN, lineCap: "round", lineJoin: "round" });
    for (const stroke of strokes) {
      pen2d.beginPath();
      pen2d.moveTo(...stroke[0]);
      for (const point of stroke) pen2d.lineTo(...point); // a single point is a dot
      pen2d.stroke();
    }
  }

  const small = h("canvas");
  function drawInk(map) {
    // A loaded digit, as ink of the page's own colour.
    const [r, g, b] = ctx.color("--lw-text").match(/[\da-f]{2}/gi).map((hex) => parseInt(hex, 16));
    const image = new ImageData(28, 28);
    map.data.forEach((v, i) => image.data.set([r, g, b, 255 * v], 4 * i));
    Object.assign(small, { width: 28, height: 28 });
    small.getContext("2d").putImageData(image, 0, 0);
    pen2d.drawImage(small, 0, 0, PAPER, PAPER);
  }

  function readPaper() {
    const { data } = pen2d.getImageData(0, 0, PAPER, PAPER);
    const ink = new Float32Array(PAPER * PAPER);
    for (let i = 0; i < ink.length; i++) ink[i] = data[4 * i + 3] / 255;
    const counts = countInk(normalizeDrawing(ink, PAPER, PAPER));
    return Array.from({ length: 8 }, (_, r) => Array.from(counts.subarray(8 * r, 8 * r + 8)));
  }

  let inkChanged = false; // the strokes, since the network last answered
  const follow = () => { inkChanged = true; answerSoon(); };

  let ours = null; // the counts that this page has set itself
  function setCounts(counts) {
    ours = JSON.stringify(counts);
    ctx.model.set("counts", counts); // Python hears of them when the stroke is done: tellSoon
  }

  let toTell = false;
  const tellSoon = () => { toTell = true; answerSoon(); };

  function startStroke(point) {
    if (!drawing) { strokes = []; drawing = true; }
    shownExample = null;
    strokes.push([point]);
    follow();
  }

  const at = (event) => {
    const box = paper.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * PAPER, ((event.clientY - box.top) / box.height) * PAPER];
  };
  let pointer = null;
  ctx.listen(paper, "pointerdown", (event) => {
    if (event.button !== 0 || pointer !== null) return;
    pointer = event.pointerId;
    paper.setPointerCapture(pointer);
    startStroke(at(event));
  });
  ctx.listen(paper, "pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    strokes.at(-1).push(...(passed.length ? passed : [event]).map(at));
    follow();
  });
  for (const type of ["pointerup", "pointercancel"]) {
    ctx.listen(paper, type, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      tellSoon();
    });
  }
  const arrows = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  ctx.listen(paper, "keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (arrows[event.key]) {
      event.preventDefault();
      pen = pen.map((v, axis) => Math.min(PAPER - PEN, Math.max(PEN, v + STEP * arrows[event.key][axis])));
      if (penDown) { strokes.at(-1).push([...pen]); follow(); }
    } else if (event.key === " ") {
      event.preventDefault();
      penDown = !penDown;
      if (penDown) startStroke([...pen]);
      else tellSoon();
    } else return;
    movePen();
  });
  ctx.listen(paper, "focus", () => movePen());
  ctx.listen(paper, "blur", () => {
    if (penDown) { penDown = false; tellSoon(); }
    cursor.hidden = true;
  });
  function movePen() {
    cursor.hidden = !paper.matches(":focus-visible");
    cursor.classList.toggle("cl-down", penDown);
    cursor.style.left = `${(pen[0] / PAPER) * 100}%`;
    cursor.style.top = `${(pen[1] / PAPER) * 100}%`;
  }

  const undo = h("button", {
    type: "button", class: "lw-button", onclick: ctx.guard(() => {
      if (!drawing) return;
      penDown = false;
      strokes.pop();
      follow();
      tellSoon();
    }),
  }, t("undo", "撤销"));
  const clear = h("button", {
    type: "button", class: "lw-button", onclick: ctx.guard(() => {
      penDown = false;
      [drawing, strokes, shownExample] = [true, [], null];
      follow();
      tellSoon();
    }),
  }, t("clear", "清空"));

  function tellPython() {
    toTell = false;
    const p = empty() ? [] : Array.from(maps.probabilities.data);
    ctx.sync({ counts: get("counts"), probabilities: p });
  }

  // --- held-out digits --------------------------------------------------------------------------
  const counts = bytesOf(get("_digits"));
  const labels = get("_labels");
  const answers = get("_answers");
  const exampleButtons = labels.map((label, n) => {
    const picture = h("canvas", { "aria-hidden": "true" });
    drawMap(picture, Array.from(counts.subarray(64 * n, 64 * n + 64), (v) => 16 - v), [8, 8], { max: 16 });
    const wrong = answers[n] !== label;
    return h("button", {
      type: "button", class: `cl-example${wrong ? " cl-wrong" : ""}`,
      "aria-label": wrong
        ? t(`held-out ${label}, which the trained network takes for a ${answers[n]}`, `测试数字 ${label}，训练好的网络误认为 ${answers[n]}`)
        : t(`held-out ${label}`, `测试数字 ${label}`),
      onclick: ctx.guard(() => {
        penDown = false;
        [drawing, shownExample] = [false, n];
        setCounts(Array.from({ length: 8 }, (_, r) => (
          Array.from(counts.subarray(64 * n + 8 * r, 64 * n + 8 * r + 8)))));
        tellSoon();
      }),
    }, picture, wrong ? h("span", {}, `${label}→${answers[n]}`) : null);
  });

  // --- answers ----------------------------------------------------------------------------------
  const bars = Array.from({ length: 10 }, (_, digit) => {
    const fill = h("div", { class: "cl-fill" });
    const value = h("span", { class: "cl-value" });
    const node = h("div", { class: "cl-bar" }, h("span", { class: "cl-digit" }, digit), h("div", { class: "cl-track" }, fill), value);
    return { node, fill, value };
  });
  const verdict = h("p", { class: "cl-verdict" });

  function drawAnswer() {
    const p = maps.probabilities.data;
    const none = empty();
    const best = p.indexOf(Math.max(...p));
    bars.forEach(({ node, fill, value }, digit) => {
      fill.style.inlineSize = none ? "0" : `${100 * p[digit]}%`;
      value.textContent = none ? "" : percent(p[digit]);
      node.classList.toggle("cl-best", !none && digit === best);
    });
    ghost.hidden = !none;
    let text = t("no ink, no answer", "没有笔迹，没有答案");
    if (!none) {
      text = t(`a ${best}, with ${percent(p[best])}`, `${best}，概率 ${percent(p[best])}`);
      const truth = shownExample === null ? null : labels[shownExample];
      if (truth !== null && truth !== best) text += t(`; it is a ${truth}`, `；其实是 ${truth}`);
    }
    if (verdict.textContent !== text) {
      verdict.textContent = text;
      ctx.say(text);
    }
    exampleButtons.forEach((button, n) => button.setAttribute("aria-pressed", String(n === shownExample)));
  }

  const percent = (p) => (p > 0.9995 || p < 0.0005 ? `${Math.round(100 * p)} %` : `${(100 * p).toFixed(1)} %`);

  // --- layers -----------------------------------------------------------------------------------
  let inspected = { layer: 1, channel: get("channel"), pixel: null };
  const canvas = (name) => h("canvas", { class: name, "aria-hidden": "true" });
  const inputMap = canvas("cl-map");
  const inputMark = h("div", { class: "cl-mark lw-mark-in", hidden: true });
  const countsMap = canvas("cl-map");

  function makeLayer(layer, channels, title) {
    const tiles = Array.from({ length: channels }, (_, channel) => {
      const kernel = layer === 1 ? canvas("cl-kernel") : null;
      const map = canvas("cl-map");
      const mark = h("div", { class: "cl-mark lw-mark-out", hidden: true });
      const pooled = canvas("cl-map cl-pooled");
      const pooledMark = h("div", { class: "cl-mark lw-mark-in", hidden: true });
      const node = h("button", { type: "button", class: "cl-tile", tabindex: channel ? "-1" : "0" },
        kernel, h("span", { class: "cl-frame" }, map, mark),
        h("span", { class: "cl-frame cl-small" }, pooled, pooledMark));
      return { node, kernel, map, mark, pooled, pooledMark };
    });
    const scale = legend();
    const group = h("div", { class: `cl-tiles cl-tiles-${layer}`, role: "group", "aria-label": title },
      tiles.map((tile) => tile.node));
    const choose = (channel) => {
      tiles.forEach((tile, c) => { tile.node.tabIndex = c === channel ? 0 : -1; });
    };
    tiles.forEach((tile, channel) => {
      ctx.listen(tile.node, "pointermove", (event) => {
        const box = tile.map.getBoundingClientRect();
        const side = tile.map.width;
        const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
        const inside = x >= 0 && x < 1 && y >= 0 && y < 1;
        inspect(layer, channel, inside ? [Math.floor(y * side), Math.floor(x * side)] : null);
      });
      ctx.listen(tile.node, "focus", () => { choose(channel); inspect(layer, channel, null); });
      ctx.listen(tile.node, "click", () => {
        inspect(layer, channel, null);
        if (layer === 1) ctx.sync({ channel });
      });
      ctx.listen(tile.node, "keydown", (event) => {
        const move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
        if (!move) return;
        event.preventDefault();
        tiles[(channel + move + channels) % channels].node.focus();
      });
    });
    return { tiles, group, scale, title };
  }

  const layer1 = makeLayer(1, O, t(`First layer: ${O} kernels, their maps, pooled`, `第一层：${O} 个卷积核、特征图、池化`));
  const layer2 = makeLayer(2, trained["conv2.weight"].shape[0],
    t(`Second layer: ${trained["conv2.weight"].shape[0]} maps, pooled`, `第二层：${trained["conv2.weight"].shape[0]} 个特征图、池化`));
  const hiddenMap = canvas("cl-hidden");

  function drawLayer(layer, relued, pooled, kernels) {
    const [C, H, W] = relued.shape;
    const [, h2, w2] = pooled.shape;
    const max = relued.data.reduce((a, b) => Math.max(a, b), 0);
    const off = layer === layer1 ? get("off") : [];
    layer.scale.update({ scale: "magnitude", max });
    for (let c = 0; c < C; c++) {
      const { node, kernel, map, pooled: small } = layer.tiles[c];
      drawMap(map, relued.data.subarray(c * H * W, (c + 1) * H * W), [H, W], { scale: "magnitude", max });
      drawMap(small, pooled.data.subarray(c * h2 * w2, (c + 1) * h2 * w2), [h2, w2], { scale: "magnitude", max });
      if (kernel) drawMap(kernel, kernels[c].flat(), [K, K], { scale: "diverging", max: kernelMax() });
      node.classList.toggle("cl-off", off.includes(c));
      const largest = relued.data.subarray(c * H * W, (c + 1) * H * W).reduce((a, b) => Math.max(a, b), 0);
      node.setAttribute("aria-label", off.includes(c)
        ? t(`channel ${c}, switched off`, `通道 ${c}，已关闭`)
        : t(`channel ${c}, largest value ${number(largest)}`, `通道 ${c}，最大值 ${number(largest)}`));
      if (layer === layer1) node.setAttribute("aria-current", String(c === get("channel")));
    }
  }

  const kernelMax = () => get("kernels").flat(2).reduce((a, b) => Math.max(a, Math.abs(b)), 0);

  // --- what made this pixel ---------------------------------------------------------------------
  const story = h("p", { class: "cl-story" });

  function inspect(layer, channel, pixel) {
    inspected = { layer, channel, pixel };
    inspectSoon();
  }
  const inspectSoon = ctx.redraw(() => drawStory());

  function drawStory() {
    const { layer, channel } = inspected;
    const { tiles } = layer === 1 ? layer1 : layer2;
    const map = layer === 1 ? maps.relu1 : maps.relu2;
    const [, H, W] = map.shape;
    const values = map.data.subarray(channel * H * W, (channel + 1) * H * W);
    let { pixel } = inspected;
    if (!pixel) { // the place where this channel found most
      const best = values.indexOf(values.reduce((a, b) => Math.max(a, b), 0));
      pixel = [Math.floor(best / W), best % W];
    }
    const [row, column] = pixel;
    for (const tile of [...layer1.tiles, ...layer2.tiles]) tile.mark.hidden = tile.pooledMark.hidden = true;
    const mark = (node, y, x, size, side) => {
      node.hidden = false;
      const unit = 100 / side;
      Object.assign(node.style, {
        left: `${x * unit}%`, top: `${y * unit}%`, width: `${size * unit}%`, height: `${size * unit}%`,
      });
    };
    mark(tiles[channel].mark, row, column, 1, W);
    inputMark.hidden = layer !== 1;
    const value = values[row * W + column];
    const name = t(`Layer ${layer}, channel ${channel}, row ${row}, column ${column}: `, `第 ${layer} 层，通道 ${channel}，第 ${row} 行，第 ${column} 列：`);
    if (layer === 1) {
      mark(inputMark, row, column, K, 28);
      const bias = trained["conv1.bias"].data[channel];
      let sum = 0;
      get("kernels")[channel].forEach((line, u) => line.forEach((weight, v) => {
        sum += weight * maps.input.data[(row + u) * 28 + column + v];
      }));
      if (get("off").includes(channel)) {
        story.replaceChildren(name, t("switched off, so 0.", "已关闭，所以是 0。"));
        return;
      }
      story.replaceChildren(name, t("25 pixels", "25 个像素"), " × ", colored("learned", t("25 weights", "25 个权重")),
        ` = ${number(sum)}, `, colored("learned", t(`bias ${number(bias, 4)}`, `偏置 ${number(bias, 4)}`)),
        ` → ${number(sum + bias)}, ReLU → `, colored("out", number(value)));
    } else {
      for (const tile of layer1.tiles) mark(tile.pooledMark, row, column, K, maps.pool1.shape[1]);
      const weight = trained["conv2.weight"].data;
      const side = maps.pool1.shape[1];
      const parts = Array.from({ length: O }, (_, c) => {
        let sum = 0;
        for (let u = 0; u < K; u++) {
          for (let v = 0; v < K; v++) {
            sum += weight[((channel * O + c) * K + u) * K + v] * maps.pool1.data[(c * side + row + u) * side + column + v];
          }
        }
        return sum;
      });
      const bias = trained["conv2.bias"].data[channel];
      story.replaceChildren(name, t("from the eight channels ", "来自八个通道 "),
        colored("in", parts.map((part) => number(part, 2)).join(", ")), ", ",
        colored("learned", t(`bias ${number(bias, 4)}`, `偏置 ${number(bias, 4)}`)),
        " → ReLU → ", colored("out", number(value)));
    }
  }

  const colored = (quantity, text) => h("b", { class: `lw-${quantity}` }, text);

  // --- the kernel editor ------------------------------------------------------------------------
  const cells = Array.from({ length: K * K }, (_, i) => h("input", {
    class: "cl-cell", type: "text", inputmode: "text", autocomplete: "off", spellcheck: "false",
    "aria-label": t(`weight row ${Math.floor(i / K) + 1}, column ${(i % K) + 1}`, `权重 第 ${Math.floor(i / K) + 1} 行 第 ${(i % K) + 1} 列`),
  }));
  const problem = h("p", { class: "cl-problem lw-error", role: "alert" });
  const editorTitle = h("span", { class: "lw-learned cl-editor-title" });
  const active = toggle(t("channel on", "启用通道"), ctx.guard((on) => {
    const channel = get("channel");
    const off = get("off").filter((c) => c !== channel);
    ctx.sync({ off: on ? off : [...off, channel].sort() });
  }));
  const restore = h("button", {
    type: "button", class: "lw-button", onclick: ctx.guard(() => {
      problem.textContent = "";
      ctx.sync({ kernels: trainedKernels, off: [] });
      showKernel(true);
    }),
  }, t("restore the trained kernels", "恢复训练好的卷积核"));

  function setWeight(i, value) {
    const channel = get("channel");
    const kernels = get("kernels").map((kernel, c) => (c === channel ? kernel.map((row) => [...row]) : kernel));
    kernels[channel][Math.floor(i / K)][i % K] = value;
    ctx.sync({ kernels });
  }
  cells.forEach((cell, i) => {
    ctx.listen(cell, "input", () => {
      const value = parseNumber(cell.value);
      const bad = !(Math.abs(value) <= 100);
      cell.setAttribute("aria-invalid", String(bad));
      problem.textContent = bad ? t("A weight is a number from −100 to 100; the last good one stays.", "权重是 −100 到 100 之间的数；保留上一个有效值。") : "";
      if (!bad) setWeight(i, value);
    });
    ctx.listen(cell, "change", () => { problem.textContent = ""; showKernel(true); });
    ctx.listen(cell, "keydown", (event) => {
      const step = { ArrowUp: 0.1, ArrowDown: -0.1 }[event.key];
      if (!step) return;
      event.preventDefault();
      setWeight(i, Math.round((get("kernels")[get("channel")][Math.floor(i / K)][i % K] + step) * 1000) / 1000);
      showKernel(true);
    });
  });

  function showKernel(all = false) {
    const channel = get("channel");
    const kernel = get("kernels")[channel].flat();
    const max = kernelMax();
    editorTitle.textContent = t(`Kernel of channel ${channel}`, `通道 ${channel} 的卷积核`);
    active.set(!get("off").includes(channel));
    cells.forEach((cell, i) => {
      const { background, ink } = paint("diverging", kernel[i], max);
      Object.assign(cell.style, { background, color: ink });
      if (all || cell !== document.activeElement) {
        cell.value = number(kernel[i]);
        cell.setAttribute("aria-invalid", "false");
      }
    });
  }

  // --- all of it --------------------------------------------------------------------------------
  function answer() {
    compute();
    drawMap(countsMap, get("counts").flat().map((v) => 16 - v), [8, 8], { max: 16 });
    drawMap(inputMap, maps.input.data.map((v) => 1 - v), [28, 28], { max: 1 });
    drawLayer(layer1, maps.relu1, maps.pool1, get("kernels"));
    drawLayer(layer2, maps.relu2, maps.pool2, null);
    const hidden = maps.hidden.data;
    drawMap(hiddenMap, hidden, [2, hidden.length / 2], { scale: "magnitude", max: hidden.reduce((a, b) => Math.max(a, b), 0) });
    drawAnswer();
    drawStory();
    if (!drawing) drawPaper();
  }
  const answerSoon = ctx.redraw(() => {
    if (inkChanged) {
      inkChanged = false;
      drawPaper();
      setCounts(readPaper());
    }
    answer();
    showKernel();
    if (toTell && pointer === null && !penDown) tellPython();
  });

  const column = (title, ...children) => h("div", { class: "cl-column" }, h("div", { class: "cl-title" }, title), ...children);
  const section = (layer) => h("div", { class: "cl-layer" },
    h("div", { class: "cl-head" }, h("span", { class: "lw-out cl-title" }, layer.title), layer.scale.node), layer.group);
  root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("draw a digit on the paper, then switch a channel off.", "在画纸上写一个数字，再关闭一个通道。")),
    h("div", { class: "cl-top" },
      column(h("span", { class: "lw-in" }, t("Drawing", "手写")),
        h("div", { class: "cl-desk" }, paper, ghost, cursor),
        h("div", { class: "cl-buttons" }, undo, clear)),
      column(h("span", { class: "lw-in" }, t("What the network sees", "网络看到的")),
        h("div", { class: "cl-seen" },
          h("figure", {}, countsMap, h("figcaption", { class: "lw-quiet" }, t("ink in 8 × 8 blocks", "8 × 8 块的墨量"))),
          h("figure", {}, h("span", { class: "cl-frame" }, inputMap, inputMark), h("figcaption", { class: "lw-quiet" }, t("enlarged, 28 × 28", "放大，28 × 28"))))),
      column(h("span", { class: "lw-out" }, t("Answer", "答案")), h("div", { class: "cl-bars" }, bars.map((bar) => bar.node)), verdict)),
    h("div", { class: "cl-examples", role: "group", "aria-label": t("held-out digits", "测试集数字") },
      h("span", { class: "lw-label" }, t("held-out digits; at the end all that it gets wrong", "测试集数字；末尾是所有认错的")),
      h("div", { class: "cl-strip" }, exampleButtons)),
    section(layer1),
    h("div", { class: "cl-bottom" },
      h("div", { class: "cl-editor" }, editorTitle, h("div", { class: "cl-cells" }, cells), problem),
      h("div", { class: "cl-side" }, story, active.node, restore)),
    section(layer2),
    h("div", { class: "cl-layer" }, h("div", { class: "cl-head" }, h("span", { class: "lw-out cl-title" },
      t("Hidden layer: 64 numbers, from which the ten scores are made", "隐藏层：64 个数，由它们算出十个得分"))), hiddenMap),
  );

  ctx.watch("counts", () => {
    if (JSON.stringify(get("counts")) !== ours) { // Python's
      [drawing, strokes] = [false, []];
      shownExample = matchingExample();
      tellSoon();
    }
  });
  ctx.watch(["kernels", "off"], tellSoon);
  ctx.watch("channel", () => { inspect(1, get("channel"), null); showKernel(true); answerSoon(); });
  ctx.onTheme(() => { drawPaper(); });

  function matchingExample() {
    const flat = get("counts").flat();
    const n = labels.findIndex((_, i) => flat.every((v, k) => v === counts[64 * i + k]));
    return n < 0 ? null : n;
  }

  shownExample = matchingExample();
  answer();
  showKernel(true);
}

export default { render: (host) => mount(host, "conv-live", build) };
