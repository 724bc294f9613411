// What is written on a sheet of paper, and the pen that the arrow keys move. Nothing of the DOM.

const STEP = 5;   // percent of the side that an arrow key moves the pen; with Shift 1
const EDGE = 4;   // percent: the pen stays as far from the paper's edge
const RESTS = 0.5; // percent: a hand that moves less is at rest
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/** Strokes, each a list of points [x, y], percent of the side from the left and the top, and a pen. */
export function strokesModel() {
  /** @type {number[][][]} */
  let strokes = [];
  /** @type {number[][][]} */
  let thrownAway = []; // by `clear`: taking back brings them back
  let pen = [50, 50];
  let down = false;    // whether the pen writes
  const held = new Set(); // arrow keys: two at once go slanted

  /** @param {number[]} point */
  function begin(point) {
    strokes.push([point]);
    thrownAway = [];
  }
  /** The stroke goes on; whether it does: not while the hand rests.
   * @param {number[]} point */
  function go(point) {
    const stroke = strokes[strokes.length - 1];
    const [x, y] = stroke[stroke.length - 1];
    if (Math.hypot(point[0] - x, point[1] - y) < RESTS) return false;
    stroke.push(point);
    return true;
  }
  /** The last stroke, or clearing, is undone; whether there was any. */
  function takeBack() {
    if (!strokes.length && !thrownAway.length) return false;
    if (strokes.length) strokes.pop();
    else [strokes, thrownAway] = [thrownAway, []];
    return true;
  }
  function clear() {
    if (strokes.length) thrownAway = strokes;
    strokes = [];
  }
  /** Moves the pen by an arrow key, with all that are held; whether it has written; null for another key.
   * @param {string} key
   * @param {boolean} small */
  function move(key, small) {
    if (!(key in ARROWS)) return null;
    held.add(key);
    const way = [...held].map((each) => ARROWS[each]);
    pen = pen.map((v, axis) => {
      const to = v + (small ? 1 : STEP) * way.reduce((sum, each) => sum + each[axis], 0);
      return Math.min(100 - EDGE, Math.max(EDGE, to));
    });
    return down && go([...pen]);
  }
  /** Puts the pen down, or lifts it. */
  function turn() {
    down = !down;
    if (down) begin([...pen]);
  }
  /** Lifts the pen; whether it was down. */
  function lift() {
    const was = down;
    down = false;
    return was;
  }
  return {
    begin, go, takeBack, clear, move, turn, lift,
    all: () => strokes,
    pen: () => ({ at: pen, down }),
    /** @param {string} key */
    release: (key) => held.delete(key),
    releaseAll: () => held.clear(),
    /** @param {number[][][]} next */
    set(next) {
      strokes = next.map((stroke) => stroke.map((point) => [...point]));
      [thrownAway, down] = [[], false];
    },
  };
}
