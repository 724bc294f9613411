// Noughts and crosses, and what a table has learned about it. formulas/games.py, function for function.

const SCALE = 10000; // the table's numbers are ten thousandths
// deno-fmt-ignore
const LINES = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]];
const FORMS = allForms(); // where each square of the turned or mirrored board comes from

function allForms() {
  const turned = [6, 3, 0, 7, 4, 1, 8, 5, 2];
  const mirrored = [2, 1, 0, 5, 4, 3, 8, 7, 6];
  const forms = [[0, 1, 2, 3, 4, 5, 6, 7, 8]];
  while (forms.length < 4) forms.push(turned.map((square) => forms[forms.length - 1][square]));
  return [...forms, ...forms.map((form) => mirrored.map((square) => form[square]))];
}

// --- the rules: formulas/games.py, function for function. A board: nine numbers -----------------

/** Who moves next: 1, the crosses, or 2.
 * @param {number[]} board
 */
export function toMove(board) {
  return board.filter((mark) => mark === 1).length === board.filter((mark) => mark === 2).length
    ? 1
    : 2;
}

/** Three squares in a row of one mark, or undefined.
 * @param {number[]} board
 */
export function rowOf(board) {
  return LINES.find(([a, b, c]) => board[a] && board[a] === board[b] && board[a] === board[c]);
}

/**
 * @param {number[]} board
 */
export function free(board) {
  return rowOf(board) ? [] : [0, 1, 2, 3, 4, 5, 6, 7, 8].filter((square) => !board[square]);
}

/**
 * @param {number[]} board
 * @param {number} square
 */
export function play(board, square) {
  const after = [...board];
  after[square] = toMove(board);
  return after;
}

/** The class of a board: the smallest of its eight forms, as nine digits.
 * @param {number[]} board
 */
export function canonical(board) {
  return FORMS.map((form) => form.map((square) => board[square]).join("")).sort()[0];
}

/** All classes in order, the number of each, and what each is worth, by minimax, to the player who
 *  has just moved.
 * @returns {{ names: string[], number: Map<string, number>, worth: number[] }}
 */
export function graphOf() {
  /** @type {Map<string, number>} */
  const worth = new Map();
  /** @type {(name: string) => number} */
  const visit = (name) => {
    const known = worth.get(name);
    if (known !== undefined) return known;
    const board = Array.from(name, Number);
    const after = free(board).map((square) => visit(canonical(play(board, square))));
    const value = rowOf(board) ? 1 : after.length ? 0 - Math.max(...after) : 0;
    worth.set(name, value);
    return value;
  };
  visit("000000000");
  const names = [...worth.keys()].sort();
  return {
    names,
    number: new Map(names.map((name, n) => [name, n])),
    worth: names.map((name) => /** @type {number} */ (worth.get(name))),
  };
}

/** Of every free square: [by the table, by minimax], to the player whose move it is.
 * @param {ReturnType<typeof graphOf>} graph
 * @param {ArrayLike<number>} table
 * @param {number[]} board
 * @returns {Map<number, [number, number]>}
 */
export function valuesOf(graph, table, board) {
  return new Map(
    free(board).map((square) => {
      const n = /** @type {number} */ (graph.number.get(canonical(play(board, square))));
      return [square, [table[n] / SCALE, graph.worth[n]]];
    }),
  );
}

/** The squares that the table plays: those of the largest value.
 * @param {Map<number, [number, number]>} values
 */
export function bestOf(values) {
  const most = Math.max(...[...values.values()].map(([learned]) => learned));
  return [...values.keys()].filter((square) => values.get(square)?.[0] === most);
}
