// A kernel slides over a photograph. Python's side, and what each trait means: __init__.py.
import { avgPool2d, conv2d, maxPool2d, tensor } from "../engine/nn.js";
import { readGrayPng } from "../engine/pixels.js";
import { bytesOf, drawMap, h, legend, loadAsset, mount, number, paint, parseNumber, player, probability, segmented, select, steer, stepper, t, toggle, uniqueId } from "../kit/mod.js";

const LARGEST_WEIGHT = 1000;
const LARGEST_IMAGE = 256;
const MARGIN = 8; // CSS pixels around a picture where a window over the padding still shows
const SMALLEST_IMAGE = 28;
const PHOTO_EDITOR = ["identity", "blur", "sharpen", "emboss", "blur-5", "gauss-5"];

const PHOTO_NAMES = () => [
  ["china", t("temple in China", "中国的寺庙")], ["flower", t("flower", "花")],
  ["portrait", t("portrait", "肖像")], ["digit", t("handwritten digit", "手写数字")],
  ["own", t("your own file", "您自己的文件")],
];

const KERNEL_NAMES = () => ({
  identity: t("identity", "恒等"), blur: t("blur", "模糊"), sharpen: t("sharpen", "锐化"),
  "sobel-x": t("Sobel x (vertical)", "Sobel x（竖直）"),
  "sobel-y": t("Sobel y (horizontal)", "Sobel y（水平）"),
  outline: t("outline (Laplace)", "轮廓（拉普拉斯）"), emboss: t("emboss", "浮雕"),
  "blur-5": t("blur", "模糊"), "gauss-5": t("soft blur (Gauss)", "柔和模糊（高斯）"),
});

function build(ctx) {
  const { root, get } = ctx;

  // --- state that is not in the model -----------------------------------------------------------
  let image = null;        // {name, pixels: tensor (1, size, size) of 0..255, size}
  let own = null;          // the reader's file, once there is one
  let conv = null;         // the convolution's output, tensor (1, H, W)
  let pooled = null;
  let convScale = null;    // how the output is coloured: {scale, max, labels, cut}
  let spot = [get("row"), get("col")];
  let hover = null;        // the place under the mouse; the held one comes back when it leaves
  let playing = false;
  let stale = true;

  const pooling = () => get("tab") === "pooling";
  const source = () => (pooling() ? conv : image.pixels);
  const result = () => (pooling() ? pooled : conv);

  /** The window of the shown tab: K cells a side, `gap` apart, moved by `stride`. */
  const windowShape = () => (pooling()
    ? { K: get("pool_window"), gap: 1, stride: get("pool_stride"), padding: 0 }
    : { K: get("kernel").length, gap: get("dilation"), stride: get("stride"), padding: get("padding") });

  function compute() {
    const weights = tensor(get("kernel").flat(), [1, 1, get("kernel").length, get("kernel").length]);
    conv = conv2d(image.pixels, weights, null, {
      stride: get("stride"), padding: get("padding"), dilation: get("dilation"),
    });
    convScale = scaleFor(conv.data, get("clip"));
    stale = false;
    if (!pooling()) return;
    const options = { kernelSize: get("pool_window"), stride: get("pool_stride") };
    pooled = get("pool") === "max" ? maxPool2d(conv, options) : avgPool2d(conv, options);
  }

  // --- the two pictures -------------------------------------------------------------------------
  const picture = (side) => {
    const canvas = h("canvas", { class: "ke-map", "aria-hidden": "true" });
    const marks = h("canvas", { class: "ke-marks", "aria-hidden": "true" });
    const frame = h("div", {
      class: "ke-frame", tabindex: "0", role: "application",
      "aria-roledescription": t("picture with a window to move", "可移动窗口的图像"),
    }, canvas, marks);
    const title = h("span", { class: `lw-${side}` });
    const size = h("span", { class: "lw-quiet" });
    const scale = legend();
    const below = h("div", { class: "ke-below" });
    return {
      canvas, marks, frame, below, scale,
      node: h("div", { class: `ke-picture ke-${side}` },
        h("div", { class: "ke-title" }, title, size), frame, scale.node, below),
      name(text, H, W) {
        title.textContent = text;
        size.textContent = ` ${H} × ${W}`;
        frame.setAttribute("aria-label", `${text} ${H} × ${W}. ${t("The arrow keys move the window.", "用方向键移动窗口。")}`);
      },
    };
  };
  const input = picture("in");
  const output = picture("out");

  function drawPictures() {
    const draw = (to, map, { scale, max, labels }) => {
      if (to.drawn === map && scale === "gray" && max === 255) return; // the photograph, again
      to.drawn = map;
      const [, H, W] = map.shape;
      drawMap(to.canvas, map.data, [H, W], { scale, max });
      to.canvas.classList.toggle("ke-blocks", W <= 128);
      to.scale.update({ scale, max, labels });
    };
    const gray = { scale: "gray", max: 255, labels: [t("0 black", "0 黑"), t("255 white", "255 白")] };
    draw(input, source(), pooling() ? convScale : gray);
    draw(output, result(), convScale);
    const [, H, W] = source().shape;
    input.name(pooling() ? t("Features", "特征图") : t("Input", "输入"), H, W);
    output.name(pooling() ? t("Pooled", "池化结果") : t("Output", "输出"), ...result().shape.slice(1));
  }

  /** Where the window is: the place in the output, and its first cell in the input. */
  function place() {
    const [, H, W] = result().shape;
    const [row, col] = (hover ?? spot).map((n, axis) => Math.min(n, [H, W][axis] - 1));
    const { stride, padding } = windowShape();
    return { row, col, top: row * stride - padding, left: col * stride - padding };
  }

  // Sizes and colours, measured when they change: asking while drawing makes the page lay itself out.
  let look = null;

  function measure() {
    const [page, colorIn, colorOut] = ["--lw-page", "--lw-in", "--lw-out"].map(ctx.color);
    look = { page, in: colorIn, out: colorOut, side: input.frame.clientWidth, zoom: zoom.clientWidth };
  }

  function drawMarks({ row, col, top, left }) {
    const { K, gap } = windowShape();
    const span = gap * (K - 1) + 1;
    const halo = look.page;
    const draw = (to, [, H, W], color, y, x, size) => {
      const { side } = look;
      const ratio = globalThis.devicePixelRatio || 1;
      const pixels = Math.round((side + 2 * MARGIN) * ratio);
      if (to.marks.width !== pixels) Object.assign(to.marks, { width: pixels, height: pixels });
      const pen = to.marks.getContext("2d");
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.clearRect(0, 0, pixels, pixels);
      pen.setTransform((side * ratio) / W, 0, 0, (side * ratio) / H, MARGIN * ratio, MARGIN * ratio);
      const px = W / side;
      if (playing && to === output) {
        // What the window has not reached yet is still to come.
        pen.globalAlpha = 0.8;
        pen.fillStyle = halo;
        pen.fillRect(col + 1, row, W - col - 1, 1);
        pen.fillRect(0, row + 1, W, H - row - 1);
        pen.globalAlpha = 1;
      }
      // Never smaller than can be seen: at least 9 CSS pixels, around the window's middle.
      const grow = Math.max(0, 9 * px - size) / 2;
      const box = [x - grow, y - grow, size + 2 * grow, size + 2 * grow];
      for (const [width, style] of [[5, halo], [2.5, color]]) {
        pen.lineWidth = width * px;
        pen.strokeStyle = style;
        pen.strokeRect(...box);
      }
    };
    draw(input, source().shape, look.in, top, left, span);
    draw(output, result().shape, look.out, row, col, 1);
  }

  // --- the lens: pixels, kernel, products -------------------------------------------------------
  const zoom = h("div", { class: "ke-zoom", role: "img" });
  const frame = h("div", { class: "ke-window" });
  let zoomCells = [];

  /** Pixels a side of the lens: the window with some of what is around it. */
  function lensSize() {
    const { K, gap } = windowShape();
    const span = gap * (K - 1) + 1;
    const roomy = look.zoom >= 210;
    const wanted = roomy ? 9 : Math.max(5, K + 2 * (K < 5));
    // Odd or even as the window is, so that it sits in the middle.
    return Math.max(span, wanted - ((wanted - span) % 2));
  }

  function drawZoom({ top, left }) {
    const { K, gap, padding } = windowShape();
    const n = lensSize();
    const span = gap * (K - 1) + 1;
    if (zoomCells.length !== n * n) {
      zoomCells = Array.from({ length: n * n }, () => h("span"));
      zoom.replaceChildren(...zoomCells, frame);
      zoom.style.setProperty("--n", n);
    }
    const margin = (n - span) / 2;
    const map = source();
    const [, H, W] = map.shape;
    const colors = pooling() ? convScale : { scale: "gray", max: 255 };
    const crowded = look.zoom / n < 23;
    const taps = [];
    zoomCells.forEach((cell, i) => {
      const [y, x] = [top - margin + Math.floor(i / n), left - margin + (i % n)];
      const [dy, dx] = [y - top, x - left];
      const tap = dy >= 0 && dx >= 0 && dy < span && dx < span && dy % gap === 0 && dx % gap === 0;
      const inside = y >= 0 && x >= 0 && y < H && x < W;
      const padded = !inside && y >= -padding && x >= -padding && y < H + padding && x < W + padding;
      const value = inside ? map.data[y * W + x] : 0;
      if (tap) taps.push(value);
      const text = (inside || padded) && (tap || !crowded) ? number(value) : "";
      const name = `${tap ? "ke-tap" : ""}${padded ? " ke-padding" : ""}${inside || padded ? "" : " ke-nothing"}`;
      const { background, ink } = inside ? paint(colors.scale, value, colors.max) : { background: "", ink: "" };
      const next = `${text}|${name}|${background}`;
      if (cell.shown === next) return;
      cell.shown = next;
      cell.textContent = text;
      cell.className = name;
      cell.style.background = background;
      cell.style.color = ink;
    });
    zoom.style.setProperty("--from", margin / n);
    zoom.style.setProperty("--span", span / n);
    zoom.classList.toggle("ke-spread", gap > 1);
    zoom.setAttribute("aria-label", `${t("Values under the window, by rows:", "窗口下的值（按行）：")} ${taps.map((v) => number(v)).join(", ")}`);
    return taps;
  }

  // The kernel: cells to type in.
  const kernelGrid = h("div", { class: "ke-cells ke-kernel", role: "group", "aria-label": t("kernel", "卷积核") });
  const kernelNote = h("p", { class: "ke-note lw-quiet" });
  const kernelWrong = h("p", { class: "ke-note ke-wrong", role: "alert" });
  let cells = [];
  let active = 4;

  const cellName = (i, K) => t(`row ${Math.floor(i / K) + 1}, column ${(i % K) + 1}`,
    `第 ${Math.floor(i / K) + 1} 行第 ${(i % K) + 1} 列`);

  function setWeight(i, weight) {
    const kernel = get("kernel").map((row) => [...row]);
    kernel[Math.floor(i / kernel.length)][i % kernel.length] = weight;
    ctx.sync({ kernel });
  }

  function nudge(i, by) {
    const weight = get("kernel").flat()[i] + by;
    if (Math.abs(weight) > LARGEST_WEIGHT) return;
    setWeight(i, Number(weight.toFixed(6)));
    showCell(i);
  }

  /** Shows the kernel's own value in a cell, rounded where the reader is not typing. */
  function showCell(i) {
    const weight = get("kernel").flat()[i];
    const precise = document.activeElement === cells[i];
    cells[i].value = precise ? String(Number(weight.toFixed(6))).replace("-", "−") : shortWeight(weight);
    cells[i].removeAttribute("aria-invalid");
    cells[i].removeAttribute("aria-describedby");
    tellWrong();
  }

  kernelWrong.id = uniqueId("ke-wrong");

  function tellWrong() {
    const K = get("kernel").length;
    const i = cells.findIndex((cell) => cell.hasAttribute("aria-invalid"));
    const typed = i < 0 ? "" : cells[i].value.slice(0, 12);
    const text = i < 0 ? "" : t(
      `${cellName(i, K)}: “${typed}” is not a number from −1000 to 1000; ${number(get("kernel").flat()[i])} still counts.`,
      `${cellName(i, K)}：“${typed}”不是 −1000 到 1000 之间的数；仍使用 ${number(get("kernel").flat()[i])}。`);
    if (kernelWrong.textContent !== text) kernelWrong.textContent = text;
  }

  function readCell(i) {
    const weight = parseNumber(cells[i].value);
    if (Math.abs(weight) <= LARGEST_WEIGHT) {
      cells[i].removeAttribute("aria-invalid");
      cells[i].removeAttribute("aria-describedby");
      setWeight(i, weight);
    } else {
      cells[i].setAttribute("aria-invalid", "true");
      cells[i].setAttribute("aria-describedby", kernelWrong.id);
    }
    tellWrong();
  }

  function makeCells(K) {
    cells = Array.from({ length: K * K }, (_, i) => h("input", {
      type: "text", autocomplete: "off", spellcheck: "false", enterkeyhint: "done",
      "aria-label": `${t("weight", "权重")} ${cellName(i, K)}`,
      oninput: ctx.guard(() => readCell(i)),
      onfocus: () => { active = i; showCell(i); cells[i].select(); nameNudges(); },
      onblur: () => { if (!cells[i].hasAttribute("aria-invalid")) showCell(i); },
      onkeydown: ctx.guard((event) => {
        const size = event.shiftKey ? 0.1 : 1;
        if (event.key === "ArrowUp") nudge(i, size);
        else if (event.key === "ArrowDown") nudge(i, -size);
        else if (event.key === "Escape") showCell(i);
        else if (event.key === "Enter") cells[(i + 1) % cells.length].focus();
        else return;
        event.preventDefault();
      }),
    }));
    active = Math.floor((K * K) / 2);
    kernelGrid.style.setProperty("--k", K);
    kernelGrid.replaceChildren(...cells);
    nameNudges();
  }

  // For fingers: change the cell last touched without a keyboard.
  const nudges = [["−", -1], ["+", 1]].map(([text, by]) => h("button", {
    type: "button", class: "ke-nudge", onclick: ctx.guard(() => nudge(active, by)),
  }, text));
  const flip = h("button", {
    type: "button", class: "ke-nudge", onclick: ctx.guard(() => nudge(active, -2 * get("kernel").flat()[active])),
  }, "±");
  const nudgeName = h("span", { class: "lw-quiet" });

  function nameNudges() {
    const K = Math.sqrt(cells.length);
    const name = cellName(active, K);
    nudgeName.textContent = `${t("cell", "格")} ${Math.floor(active / K) + 1}, ${(active % K) + 1}`;
    nudges[0].setAttribute("aria-label", `${name}: −1`);
    nudges[1].setAttribute("aria-label", `${name}: +1`);
    flip.setAttribute("aria-label", t(`${name}: change the sign`, `${name}：变号`));
    cells.forEach((cell, i) => cell.classList.toggle("ke-active", i === active));
  }

  function showKernel() {
    const kernel = get("kernel");
    const K = kernel.length;
    if (cells.length !== K * K) makeCells(K);
    const weights = kernel.flat();
    const largest = Math.max(...weights.map(Math.abs));
    cells.forEach((cell, i) => {
      if (document.activeElement !== cell && !cell.hasAttribute("aria-invalid")) showCell(i);
      tint(cell, weights[i], largest);
    });
    const sum = weights.reduce((a, b) => a + b, 0);
    const meaning = Math.abs(sum) < 1e-6 ? t(": flat areas become 0", "：平坦区域变为 0")
      : Math.abs(sum - 1) < 1e-6 ? t(": brightness stays", "：亮度不变") : "";
    kernelNote.textContent = `${t("weights add up to", "权重之和")} ${number(sum)}${meaning}`;
    picker.set(kernelId(kernel));
    sizes.set(K);
  }

  const kernels = get("_kernels");
  const kernelId = (kernel) => Object.keys(kernels).find(
    (name) => JSON.stringify(kernels[name].flat()) === JSON.stringify(kernel.flat())) ?? "own";

  // The products, and their sum.
  const products = h("div", { class: "ke-cells ke-products", role: "img" });
  let productCells = [];
  const productsTitle = h("span", { class: "lw-out" });
  const equation = h("p", { class: "ke-equation" });
  const sum = h("p", { class: "ke-sum lw-out" });

  function drawProducts(taps, { row, col }) {
    const { K } = windowShape();
    if (productCells.length !== K * K) {
      productCells = Array.from({ length: K * K }, () => h("span"));
      products.style.setProperty("--k", K);
      products.replaceChildren(...productCells);
    }
    const [, , W] = result().shape;
    const value = result().data[row * W + col];
    const weights = pooling() ? taps.map(() => 1) : get("kernel").flat();
    const terms = taps.map((v, i) => v * weights[i]);
    const winner = pooling() && get("pool") === "max" ? taps.indexOf(Math.max(...taps)) : -1;
    // Full colour: the largest weight on a white pixel.
    const largest = pooling() ? convScale.max : 255 * Math.max(...weights.map(Math.abs));
    productCells.forEach((cell, i) => {
      cell.textContent = number(terms[i]);
      cell.classList.toggle("ke-winner", i === winner);
      tint(cell, terms[i], largest);
    });
    const list = terms.map((v) => number(v)).join(", ");
    const [label, name] = pooling()
      ? (winner >= 0 ? [t("largest", "最大值"), t("The largest of these", "其中的最大值")]
        : [t("mean", "平均值"), t("The mean of these", "其平均值")])
      : [t("sum", "和"), t("Products, cell by cell", "逐格乘积")];
    productsTitle.textContent = name;
    products.setAttribute("aria-label", `${name}: ${list}`);
    const shown = Math.max(0, Math.min(255, value));
    const cut = get("clip") && shown !== value ? t(`, shown as ${shown}`, `，显示为 ${shown}`) : "";
    sum.replaceChildren(h("span", { class: "lw-quiet" }, `${label} = `), h("b", {}, number(value, 4)), h("span", { class: "lw-quiet" }, cut));
    const [r, c] = [row + 1, col + 1]; // as people count
    equation.textContent = t(`the output at row ${r}, column ${c}`, `即输出的第 ${r} 行第 ${c} 列`);
    return `${t("row", "行")} ${r}, ${t("column", "列")} ${c}: ${label} ${number(value, 4)}`;
  }

  // --- controls ---------------------------------------------------------------------------------
  const photos = select(t("Photograph", "照片"), PHOTO_NAMES().filter(([name]) => name !== "own"), (photo) => {
    ctx.sync({ photo });
  });
  const file = h("input", { type: "file", accept: "image/*", class: "lw-hidden", tabindex: "-1", "aria-hidden": "true", onchange: () => file.files[0] && openFile(file.files[0]) });
  const openButton = h("button", { type: "button", class: "lw-button", onclick: () => file.click() }, t("Your file…", "您的文件…"));
  const message = h("p", { class: "ke-message", role: "status" });
  const tabs = segmented(t("Layer", "层"), [["convolution", t("Convolution", "卷积")], ["pooling", t("Pooling", "池化")]], (tab) => {
    // The window stays over the same part of the picture.
    const by = get("pool_stride");
    spot = spot.map((n) => (tab === "pooling" ? Math.floor(n / by) : n * by));
    ctx.sync({ tab, row: spot[0], col: spot[1] });
  }, { hideLabel: true });

  const names = KERNEL_NAMES();
  const entries = (K) => Object.keys(kernels).filter((name) => kernels[name].length === K && !name.startsWith("lenet-"))
    .map((name) => [name, names[name] ?? name]);
  const learned = Object.keys(kernels).filter((name) => name.startsWith("lenet-"))
    .map((name) => [name, t(`learned by LeNet, ${name.slice(6)}`, `LeNet 学到的 ${name.slice(6)}`)]);
  const picker = select(t("Kernel", "卷积核"), [
    { label: "3 × 3", options: entries(3) }, { label: "5 × 5", options: entries(5) },
    ...(learned.length ? [{ label: t("learned from digits, 5 × 5", "从数字学到的，5 × 5"), options: learned }] : []),
    ["own", t("your own", "自定义")],
  ], (name) => {
    if (name === "own") return picker.set(kernelId(get("kernel")));
    cells = [];
    return ctx.sync({ kernel: kernels[name], clip: PHOTO_EDITOR.includes(name) });
  });
  const sizes = segmented(t("Size", "大小"), [[3, "3 × 3"], [5, "5 × 5"]], (K) => {
    // The same weights, with a ring of zeros put around or taken off.
    const old = get("kernel");
    const shift = (old.length - K) / 2;
    ctx.sync({
      kernel: Array.from({ length: K }, (_, r) => Array.from({ length: K }, (_, c) => old[r + shift]?.[c + shift] ?? 0)),
    });
  });
  const whole = (key, label, min, max) => ({ key, ...stepper(label, { min, max }, (value) => ctx.sync({ [key]: value })) });
  const steppers = [
    whole("stride", t("stride", "步幅"), 1, 4), whole("padding", t("padding", "填充"), 0, 6),
    whole("dilation", t("dilation", "膨胀"), 1, 3),
    whole("pool_window", t("window", "窗口"), 2, 4), whole("pool_stride", t("stride", "步幅"), 1, 4),
  ];
  const modes = segmented(t("Take the", "取"), [["max", t("largest", "最大值")], ["average", t("mean", "平均值")]], (pool) => ctx.sync({ pool }));
  const clip = toggle(t("cut to 0–255 like a photo", "像照片一样截到 0–255"), (on) => ctx.sync({ clip: on }));
  const speeds = segmented(t("Pace", "速度"), [[3, t("slow", "慢")], [30, t("fast", "快")]], (value) => { pace = value; }, { hideLabel: true });
  let pace = 3;
  speeds.set(pace);
  const formula = h("p", { class: "ke-formula" });
  const credit = h("p", { class: "ke-credit lw-quiet" });

  // --- moving the window ------------------------------------------------------------------------
  let saving = 0;
  ctx.onCleanup(() => clearTimeout(saving));

  function moveTo(row, col) {
    const [, H, W] = result().shape;
    spot = [Math.max(0, Math.min(H - 1, row)), Math.max(0, Math.min(W - 1, col))];
    hover = null;
    draw();
    // A drag is one change to Python, not a hundred.
    clearTimeout(saving);
    saving = setTimeout(() => ctx.sync({ row: spot[0], col: spot[1] }), 150);
  }

  function stepBy(n) {
    const [, H, W] = result().shape;
    const { row, col } = place();
    const next = row * W + col + n;
    if (next < 0 || next >= H * W) return false;
    moveTo(Math.floor(next / W), next % W);
    spoken = true;
    return true;
  }
  let spoken = false;

  const play = player(ctx, {
    step: stepBy, first: () => moveTo(0, 0), perSecond: () => pace,
    onState: (on) => { playing = on; draw(); },
  });

  /** The output pixel whose window has this point of the input in its middle. */
  const fromInput = (u, v) => {
    const [, H, W] = source().shape;
    const { K, gap, stride, padding } = windowShape();
    const middle = (gap * (K - 1) + 1) / 2;
    return [v * H, u * W].map((x) => Math.max(0, Math.round((x + padding - middle) / stride)));
  };
  const fromOutput = (u, v) => {
    const [, H, W] = result().shape;
    return [Math.floor(v * H), Math.floor(u * W)];
  };
  for (const [side, from] of [[input, fromInput], [output, fromOutput]]) {
    steer(ctx, side.frame, {
      place: from,
      preview: (at) => { if (!playing) { hover = at; draw(); } },
      leave: () => { if (hover) { hover = null; draw(); } },
      hold: (at) => { play.stop(); moveTo(...at); },
      step: (rows, cols) => {
        const { row, col } = place();
        play.stop();
        moveTo(row + rows, col + cols);
        spoken = true;
      },
    });
  }

  // --- pictures ---------------------------------------------------------------------------------
  let loading = 0;

  async function showPhoto() {
    const name = get("photo");
    if (image?.name === name && name !== "own") return;
    const turn = ++loading;
    try {
      if (name === "own" && !own) return usePhoto(image ? image.name : get("_image_name"));
      const next = name === "own" ? own : await readPicture(name === get("_image_name")
        ? bytesOf(get("_image")) : await loadAsset(ctx.model, `picture-${name}`), name);
      if (turn !== loading) return;
      image = next;
      stale = true;
      credit.textContent = get("_credits")[name] ?? t("Your file stays in this page: it is sent nowhere.", "您的文件只留在本页面中，不会发送到任何地方。");
      if (get("_size") !== image.size) ctx.sync({ _size: image.size });
      message.textContent = image.noisy ? t(
        "Your browser alters pixels that a page reads, so as not to be recognised: your own file looks noisy here. The other photographs do not.",
        "为防止被识别，您的浏览器会改动网页读取的像素：您的文件在这里带有噪点，其他照片不受影响。") : "";
    } catch (error) {
      if (turn !== loading) return;
      if (!image) throw error;
      message.textContent = error.message;
      usePhoto(image.name);
    }
    draw();
  }

  function usePhoto(name) {
    ctx.sync({ photo: name });
    photos.set(name);
  }

  let choices = 0; // of files and photographs: what was chosen last is shown, not what was read last
  async function openFile(chosen) {
    const choice = ++choices;
    let read = null;
    try {
      read = await readFile(chosen);
    } catch {
      if (choice === choices) message.textContent = t(`“${chosen.name}” is not an image that this browser can read.`, `“${chosen.name}”不是本浏览器能读取的图像。`);
      return;
    } finally {
      if (choice === choices) file.value = "";
    }
    if (choice !== choices) return;
    own = read;
    photos.fill(PHOTO_NAMES());
    photos.set("own"); // a menu filled anew stands at its first entry
    image = image?.name === "own" ? { ...image, name: null } : image;
    if (get("photo") === "own") await showPhoto();
    else ctx.sync({ photo: "own" });
  }

  ctx.listen(input.frame, "dragover", (event) => { event.preventDefault(); });
  ctx.listen(input.frame, "drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files[0]) openFile(event.dataTransfer.files[0]);
  });

  // --- everything together ----------------------------------------------------------------------
  const panel = (tab, ...children) => h("div", { class: "ke-panel", "data-tab": tab }, children);
  const panels = [
    panel("convolution", picker.node, sizes.node, steppers.slice(0, 3).map((s) => s.node)),
    panel("pooling", modes.node, steppers.slice(3).map((s) => s.node)),
  ];
  const kernelPanels = [
    panel("convolution", h("div", { class: "ke-title lw-learned" }, t("Kernel", "卷积核")), kernelGrid,
      h("div", { class: "ke-nudges" }, nudgeName, nudges, flip), h("div", { class: "ke-stack" }, kernelNote, kernelWrong)),
    panel("pooling", h("div", { class: "ke-title lw-learned" }, t("No kernel", "没有卷积核")),
      h("p", { class: "ke-none lw-quiet" }, t("Pooling has no weights: nothing is learned here.", "池化没有权重：这里没有需要学习的东西。"))),
  ];
  input.below.append(play.node, speeds.node);
  output.below.append(clip.node);

  const grid = h("div", { class: "ke-grid" },
    input.node, h("div", { class: "ke-operator" }, panels), formula, output.node,
    h("div", { class: "ke-lens" }, h("div", { class: "ke-title lw-in" }, t("Under the window", "窗口之下")), zoom),
    h("div", { class: "ke-weights" }, kernelPanels),
    h("div", { class: "ke-result" }, h("div", { class: "ke-title" }, productsTitle), products,
      h("div", { class: "ke-answer" }, sum, equation)));
  root.append(
    h("div", { class: "ke-stack" },
      h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
        t("choose another kernel, and watch the output. Then change one of its numbers.", "换一个卷积核，看输出怎样改变。再改变其中的一个数。")),
      message),
    h("div", { class: "ke-bar" }, photos.node, openButton, file, tabs.node),
    grid, credit);

  function drawFormula() {
    const { K, gap, stride, padding } = windowShape();
    const [, H] = source().shape;
    const [, out] = result().shape;
    const part = (name, value) => h("span", { class: `lw-${name}` }, value);
    const line = (size, pad, dil, kernel, step) => (pooling()
      ? ["⌊(", size, " − ", kernel, ") / ", step, "⌋\u00a0+\u00a01"]
      : ["⌊(", size, " + 2·", pad, " − ", dil, "·(", kernel, " − 1) − 1) / ", step, "⌋\u00a0+\u00a01"]);
    formula.replaceChildren(
      h("span", { class: "lw-label" }, t("size of the output", "输出的大小")),
      h("span", {}, line(
        part("in", t("input", "输入")), t("padding", "填充"), t("dilation", "膨胀"),
        pooling() ? t("window", "窗口") : part("learned", t("kernel", "核")), t("stride", "步幅"))),
      h("span", {}, "= ", line(part("in", H), padding, gap, pooling() ? K : part("learned", K), stride),
        "\u00a0=\u00a0", h("b", { class: "lw-out" }, out)));
  }

  const draw = ctx.redraw(() => {
    if (!image) return;
    if (!look) measure();
    if (stale) {
      compute();
      drawPictures();
      drawFormula();
      showKernel();
    }
    const at = place();
    drawMarks(at);
    const sentence = drawProducts(drawZoom(at), at);
    if (spoken) ctx.say(sentence);
    spoken = false;
  });

  const showSettings = () => {
    for (const control of steppers) control.set(get(control.key));
    modes.set(get("pool"));
    clip.set(get("clip"));
    tabs.set(get("tab"));
    root.dataset.tab = get("tab");
    stale = true;
    draw();
  };
  ctx.watch(["kernel", "stride", "padding", "dilation", "clip", "tab", "pool", "pool_window", "pool_stride"], showSettings);
  ctx.watch(["row", "col"], () => { spot = [get("row"), get("col")]; draw(); });
  ctx.watch("photo", async () => {
    if (get("photo") !== "own") choices += 1;
    photos.set(get("photo"));
    await showPhoto();
  });
  ctx.onTheme(() => { measure(); draw(); });
  ctx.onResize(root, () => { measure(); draw(); });
  photos.set(get("photo"));
  showSettings();
  return showPhoto();
}

/** How to colour values: as a photo editor would (cut to 0..255), on a gray scale where nothing is
 *  negative, else signed. One pixel in 100 may lie beyond the scale's end, so that one bright spot
 *  does not leave the rest pale; the labels say so. */
function scaleFor(values, clipped) {
  if (clipped) {
    let cut = 0;
    for (const v of values) if (v < -0.5 || v > 255.5) cut += 1;
    return { scale: "gray", max: 255, labels: ["≤ 0", t(`${probability(cut / values.length)} cut off`, `截去 ${probability(cut / values.length)}`), "≥ 255"] };
  }
  let [least, most] = [Infinity, -Infinity];
  for (const v of values) {
    if (v < least) least = v;
    if (v > most) most = v;
  }
  const largest = Math.max(-least, most);
  if (!(largest > 0)) return { scale: "diverging", max: 0, labels: ["", "0", ""] };
  const counts = new Uint32Array(1024);
  for (const v of values) counts[Math.floor((Math.abs(v) / largest) * 1023)] += 1;
  let bin = 1023;
  for (let beyond = 0; beyond + counts[bin] <= values.length / 100; bin--) beyond += counts[bin];
  const max = (largest * (bin + 1)) / 1024;
  const [under, over] = bin < 1023 ? ["≤ ", "≥ "] : ["", ""];
  return least >= 0
    ? { scale: "gray", max, labels: ["0", `${over}${number(max)}`] }
    : { scale: "diverging", max, labels: [`${under}${number(-max)}`, "0", `${over}${number(max)}`] };
}

/** A weight in a narrow cell: two decimals, more if it is smaller, and no 0 before the point. */
function shortWeight(weight) {
  const size = Math.abs(weight);
  if (size >= 1 || size < 1e-6) return number(weight);
  const decimals = Math.max(2, Math.ceil(-Math.log10(size)));
  return String(Number(weight.toFixed(decimals))).replace("-", "−").replace(/^(−?)0\./, "$1.");
}

/** Colours a cell by sign and size: blue below zero, red above, the page's own colour at zero. */
function tint(cell, value, largest) {
  const share = largest > 0 ? Math.min(1, Math.abs(value) / largest) : 0;
  cell.style.setProperty("--share", `${Math.round(60 * share)}%`);
  cell.style.setProperty("--sign", value < 0 ? "var(--lw-below)" : "var(--lw-above)");
}

/** One of the book's photographs: its gray values as they were written. */
async function readPicture(bytes, name) {
  const { width: size, gray } = await readGrayPng(bytes);
  return { name, size, pixels: tensor(Float32Array.from(gray), [1, size, size]) };
}

/** The gray values of a reader's image file: the largest square in its middle, 28 to 256 pixels a
 *  side. Only the browser can decode it, so this alone is read back from a canvas. */
async function readFile(chosen) {
  const bitmap = await createImageBitmap(chosen);
  const side = Math.min(bitmap.width, bitmap.height);
  const size = Math.max(SMALLEST_IMAGE, Math.min(LARGEST_IMAGE, side));
  const pen = new OffscreenCanvas(size, size).getContext("2d", { willReadFrequently: true });
  const known = new ImageData(size, size);
  known.data.forEach((_, i) => { known.data[i] = i % 4 < 3 ? (7 * i) % 256 : 255; });
  pen.putImageData(known, 0, 0);
  const noisy = pen.getImageData(0, 0, size, size).data.some((value, i) => value !== known.data[i]);
  pen.fillStyle = "white";
  pen.fillRect(0, 0, size, size);
  pen.imageSmoothingEnabled = side > size;
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, size, size);
  bitmap.close();
  const { data } = pen.getImageData(0, 0, size, size);
  // The weights of red, green and blue in brightness: ITU-R BT.601.
  const gray = Float32Array.from({ length: size * size }, (_, i) => Math.round(
    0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2]));
  return { name: "own", noisy, size, pixels: tensor(gray, [1, size, size]) };
}

function render(host) {
  return mount(host, "kernel-explorer", build);
}

export default { render };
