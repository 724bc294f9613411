// A sheet of paper to write a digit on: with the mouse, a finger, or a pen that the arrow keys move.
import { drawStrokes } from "../engine/pixels.js";
import { h } from "./elements.js";
import { t } from "./language.js";

export const PAPER = 128; // pixels a side of what is read
const SHOWN = 320;        // pixels a side of what is seen
const PEN = 8;            // width of a stroke, percent of the side
const STEP = 5;           // percent of the side that an arrow key moves the pen; with Shift 1
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/** The paper. A stroke is a list of points [x, y], percent of the side from the left and the top.
 *  onChange() is called once a frame while the strokes change, onRest() when one is finished.
 *  Returns {node, undo, clear: buttons, strokes(), set(strokes), ink(), show(picture)}. */
export function drawingPaper(ctx, { onChange, onRest }) {
  const canvas = h("canvas", {
    class: "lw-paper", width: SHOWN, height: SHOWN, tabindex: "0", role: "application",
    "aria-label": t(
      "Paper. Draw with the mouse or a finger. By keyboard: the arrow keys move a pen, with Shift in small steps; Space puts it down and lifts it; Backspace takes the last stroke back.",
      "画纸。用鼠标或手指书写。键盘操作：方向键移动笔，按住 Shift 走小步；空格键落笔和提笔；退格键撤销上一笔。"),
  });
  const seen = canvas.getContext("2d");
  const invitation = h("div", { class: "lw-paper-empty lw-quiet", "aria-hidden": "true" }, t("draw a digit", "写一个数字"));
  const help = h("div", { class: "lw-paper-keys", "aria-hidden": "true" }, t("arrows move, Space draws", "方向键移动，空格书写"));
  const cursor = h("div", { class: "lw-paper-pen", hidden: true, "aria-hidden": "true" });

  let strokes = [];
  let thrownAway = [];  // by `clear`: the undo button brings them back
  let pointer = null;   // the finger or button that is down
  let pen = [50, 50];   // the keyboard's
  let penDown = false;
  const held = new Set();

  const changed = ctx.redraw(onChange);
  const finished = ctx.redraw(onRest);
  function begin(point) {
    strokes.push([point]);
    thrownAway = [];
    changed();
  }
  function go(point) {
    const stroke = strokes.at(-1);
    const [x, y] = stroke.at(-1);
    if (Math.hypot(point[0] - x, point[1] - y) < 0.5) return; // the hand rests
    stroke.push(point);
    changed();
  }
  /** Something is finished: Python hears of it after the frame in which it is drawn. */
  function rest() {
    changed();
    finished();
  }

  // --- mouse and finger -------------------------------------------------------------------------
  const round = (value) => Math.round(10 * Math.min(100, Math.max(0, value))) / 10;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [round((100 * (event.clientX - box.left)) / box.width), round((100 * (event.clientY - box.top)) / box.height)];
  };
  ctx.listen(canvas, "pointerdown", (event) => {
    if (event.button !== 0 || pointer !== null || penDown) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    begin(at(event));
  });
  ctx.listen(canvas, "pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const each of passed.length ? passed : [event]) go(at(each));
  });
  for (const type of ["pointerup", "pointercancel"]) {
    ctx.listen(canvas, type, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      rest();
    });
  }

  // --- keyboard ---------------------------------------------------------------------------------
  ctx.listen(canvas, "keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (ARROWS[event.key]) {
      held.add(event.key); // two at once go slanted
      const step = event.shiftKey ? 1 : STEP;
      const inside = (v) => Math.min(96, Math.max(4, v));
      const way = [...held].map((key) => ARROWS[key]);
      pen = pen.map((v, axis) => inside(v + step * way.reduce((sum, move) => sum + move[axis], 0)));
      if (penDown) go([...pen]);
    } else if (event.key === " ") {
      if (event.repeat || pointer !== null) return event.preventDefault();
      penDown = !penDown;
      if (penDown) begin([...pen]);
      else rest();
    } else if (event.key === "Backspace") {
      takeBack();
    } else return undefined;
    event.preventDefault();
    return showPen();
  });
  ctx.listen(canvas, "keyup", (event) => held.delete(event.key));
  ctx.listen(canvas, "focus", showPen);
  ctx.listen(canvas, "blur", () => {
    held.clear();
    liftPen();
    cursor.hidden = true;
  });
  function liftPen() {
    if (penDown) rest();
    penDown = false;
  }
  function showPen() {
    cursor.hidden = !canvas.matches(":focus-visible");
    cursor.classList.toggle("lw-paper-down", penDown);
    Object.assign(cursor.style, { left: `${pen[0]}%`, top: `${pen[1]}%` });
  }

  // --- undo and clear ---------------------------------------------------------------------------
  function takeBack() {
    liftPen();
    if (!strokes.length && !thrownAway.length) return;
    if (strokes.length) strokes.pop();
    else [strokes, thrownAway] = [thrownAway, []];
    rest();
  }
  const undo = h("button", { type: "button", class: "lw-button", onclick: ctx.guard(takeBack) }, t("undo", "撤销"));
  const clear = h("button", {
    type: "button", class: "lw-button", onclick: ctx.guard(() => {
      liftPen();
      if (strokes.length) thrownAway = strokes;
      strokes = [];
      rest();
    }),
  }, t("clear", "清空"));

  // --- what is on it ----------------------------------------------------------------------------
  const ink = new Float32Array(PAPER * PAPER);
  const small = h("canvas");
  let color;
  const restyle = () => { color = ctx.color("--lw-text"); };
  restyle();
  ctx.onTheme(restyle);

  function write() {
    const unit = SHOWN / 100;
    seen.clearRect(0, 0, SHOWN, SHOWN);
    Object.assign(seen, { strokeStyle: color, lineWidth: PEN * unit, lineCap: "round", lineJoin: "round" });
    for (const stroke of strokes) {
      seen.beginPath();
      seen.moveTo(stroke[0][0] * unit, stroke[0][1] * unit);
      for (const [x, y] of stroke) seen.lineTo(x * unit, y * unit); // a single point makes a dot
      seen.stroke();
    }
  }

  return {
    node: h("div", { class: "lw-paper-desk" }, canvas, invitation, help, cursor), undo, clear,
    strokes: () => strokes,
    set(next) {
      strokes = next.map((stroke) => stroke.map((point) => [...point]));
      [thrownAway, penDown] = [[], false];
    },
    /** The strokes as PAPER x PAPER values of ink, 0 to 1. */
    ink() {
      return drawStrokes(strokes, PAPER, PEN, ink);
    },
    /** Shows the strokes, or a picture {values 0 to 1, side} that is no drawing. */
    show(picture) {
      invitation.hidden = Boolean(picture || strokes.length);
      if (!picture) {
        write();
        return;
      }
      const [r, g, b] = color.match(/[\da-f]{2}/gi).map((hex) => parseInt(hex, 16));
      const image = new ImageData(picture.side, picture.side);
      picture.values.forEach((v, i) => image.data.set([r, g, b, 255 * v], 4 * i));
      Object.assign(small, { width: picture.side, height: picture.side });
      small.getContext("2d").putImageData(image, 0, 0);
      seen.clearRect(0, 0, SHOWN, SHOWN);
      seen.drawImage(small, 0, 0, SHOWN, SHOWN);
    },
  };
}
