// A sheet of paper to write a digit on: with the mouse, a finger, or a pen that the arrow keys move.
import { drawStrokes } from "../engine/pixels.js";
import { h } from "./elements.js";
import { drawInk } from "./ink.js";
import { t } from "./language.js";
import { strokesModel } from "./strokes.js";

export const PAPER = 128; // pixels a side of what is read
const SHOWN = 320;        // pixels a side of what is seen
const PEN = 8;            // width of a stroke, percent of the side

/** The paper. A stroke is a list of points [x, y], percent of the side from the left and the top.
 *  onChange() is called once a frame while the strokes change, onRest() when one is finished.
 *  Returns {node, undo, clear: buttons, strokes(), set(strokes), ink(), show(picture)}. */
export function drawingPaper(ctx, { onChange, onRest }) {
  const written = strokesModel();
  const canvas = h("canvas", {
    class: "lw-paper", width: SHOWN, height: SHOWN, tabindex: "0", role: "application",
    "aria-label": t(
      "Paper. Draw with the mouse or a finger. By keyboard: the arrow keys move a pen, with Shift in small steps; Space puts it down and lifts it; Backspace takes the last stroke back.",
      "画纸。用鼠标或手指书写。键盘操作：方向键移动笔，按住 Shift 走小步；空格键落笔和提笔；退格键撤销上一笔。"),
  });
  const invitation = h("div", { class: "lw-paper-empty lw-quiet", "aria-hidden": "true" }, t("draw a digit", "写一个数字"));
  const help = h("div", { class: "lw-paper-keys", "aria-hidden": "true" }, t("arrows move, Space draws", "方向键移动，空格书写"));
  const cursor = h("div", { class: "lw-paper-pen", hidden: true, "aria-hidden": "true" });
  const changed = ctx.redraw(onChange);
  const finished = ctx.redraw(onRest);
  /** Something is finished: Python hears of it after the frame in which it is drawn. */
  function rest() {
    changed();
    finished();
  }

  // --- mouse and finger -------------------------------------------------------------------------
  let pointer = null; // the finger or button that is down
  const round = (value) => Math.round(10 * Math.min(100, Math.max(0, value))) / 10;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [round((100 * (event.clientX - box.left)) / box.width), round((100 * (event.clientY - box.top)) / box.height)];
  };
  ctx.listen(canvas, "pointerdown", (event) => {
    if (event.button !== 0 || pointer !== null || written.pen().down) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    written.begin(at(event));
    changed();
  });
  ctx.listen(canvas, "pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const each of passed.length ? passed : [event]) if (written.go(at(each))) changed();
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
    const wrote = written.move(event.key, event.shiftKey);
    if (wrote) changed();
    if (event.key === " ") {
      if (!event.repeat && pointer === null) turnPen();
    } else if (event.key === "Backspace") takeBack();
    else if (wrote === null) return;
    event.preventDefault();
    showPen();
  });
  ctx.listen(canvas, "keyup", (event) => written.release(event.key));
  ctx.listen(canvas, "focus", showPen);
  ctx.listen(canvas, "blur", () => {
    written.releaseAll();
    liftPen();
    cursor.hidden = true;
  });
  function turnPen() {
    written.turn();
    if (written.pen().down) changed();
    else rest();
  }
  function liftPen() {
    if (written.lift()) rest();
  }
  function showPen() {
    const { at: [x, y], down } = written.pen();
    cursor.hidden = !canvas.matches(":focus-visible");
    cursor.classList.toggle("lw-paper-down", down);
    Object.assign(cursor.style, { left: `${x}%`, top: `${y}%` });
  }

  // --- undo and clear ---------------------------------------------------------------------------
  function takeBack() {
    liftPen();
    if (written.takeBack()) rest();
  }
  const button = (text, press) => h("button", { type: "button", class: "lw-button", onclick: ctx.guard(press) }, text);
  const undo = button(t("undo", "撤销"), takeBack);
  const clear = button(t("clear", "清空"), () => {
    liftPen();
    written.clear();
    rest();
  });

  // --- what is on it ----------------------------------------------------------------------------
  const seen = canvas.getContext("2d");
  const ink = new Float32Array(PAPER * PAPER);
  const small = h("canvas");
  let color;
  const restyle = () => { color = ctx.color("--lw-text"); };
  restyle();
  ctx.onTheme(restyle);

  function drawWriting() {
    const unit = SHOWN / 100;
    Object.assign(seen, { strokeStyle: color, lineWidth: PEN * unit, lineCap: "round", lineJoin: "round" });
    for (const stroke of written.all()) {
      seen.beginPath();
      seen.moveTo(stroke[0][0] * unit, stroke[0][1] * unit);
      for (const [x, y] of stroke) seen.lineTo(x * unit, y * unit); // a single point makes a dot
      seen.stroke();
    }
  }

  return {
    node: h("div", { class: "lw-paper-desk" }, canvas, invitation, help, cursor), undo, clear,
    strokes: written.all, set: written.set,
    /** The strokes as PAPER x PAPER values of ink, 0 to 1. */
    ink: () => drawStrokes(written.all(), PAPER, PEN, ink),
    /** Shows the strokes, or a picture {values 0 to 1, side} that is no drawing. */
    show(picture) {
      invitation.hidden = Boolean(picture || written.all().length);
      seen.clearRect(0, 0, SHOWN, SHOWN);
      if (!picture) return drawWriting();
      drawInk(small, picture.values.map((v) => 255 * v), [picture.side, picture.side], color);
      return seen.drawImage(small, 0, 0, SHOWN, SHOWN);
    },
  };
}
