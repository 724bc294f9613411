// GameBoard's state: its traits and what the reader does in, all that is shown and said out. No DOM.
import * as games from "../engine/games.js";
import { t } from "../kit/language.js";
import { count, number, probability } from "../kit/numbers.js";

const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

const placeNames = () => [
  t("top left", "左上"), t("top middle", "上中"), t("top right", "右上"), t("middle left", "左中"), t("middle", "正中"),
  t("middle right", "右中"), t("bottom left", "左下"), t("bottom middle", "下中"), t("bottom right", "右下"),
];
const signed = (value) => (value > 0 ? "+" : "") + number(value, 3);

/** How many games, in words. */
export const gamesText = (practice) => t(`${count(practice)} games`, `${count(practice)} 局`);

/** The square to which a key leads, or null. */
export function neighbour(square, key) {
  if (!ARROWS[key]) return null;
  const [row, column] = [Math.floor(square / 3) + ARROWS[key][0], (square % 3) + ARROWS[key][1]];
  return row >= 0 && row < 3 && column >= 0 && column < 3 ? 3 * row + column : null;
}

/** The game. `get(trait)` gives a trait; levels: the tables, one after the other; random(): 0 to 1, which
 *  of several best squares the table takes.
 *
 *  What the reader does gives null where it is no move, else {changes: traits, said: what is read out}:
 *  take(square), fresh(begins), takeBack(), practise(games). due(): the changes that are the table's
 *  answer to moves that Python has set, or null. view(): everything that is shown. */
export function boardModel(get, { levels, random = Math.random }) {
  const graph = games.graphOf();
  const kept = get("_kept");
  const boardOf = (moves) => moves.reduce((board, square) => games.play(board, square), new Array(9).fill(0));
  const readersMark = (begins = get("begins")) => (begins === "reader" ? 1 : 2);

  function table() {
    const row = kept.indexOf(get("practice"));
    return levels.subarray(row * graph.names.length, (row + 1) * graph.names.length);
  }

  /** With the table's answer, if it is its turn. */
  function answered(moves, begins = get("begins")) {
    const board = boardOf(moves);
    if (games.toMove(board) === readersMark(begins) || !games.free(board).length) return moves;
    const best = games.bestOf(games.valuesOf(graph, table(), board));
    return [...moves, best[Math.floor(random() * best.length)]];
  }

  function statusOf(moves, begins = get("begins")) {
    const board = boardOf(moves);
    const mine = readersMark(begins);
    const row = games.rowOf(board);
    if (row) return board[row[0]] === mine ? t("You win.", "你赢了。") : t("It wins.", "它赢了。");
    if (!games.free(board).length) return t("A draw.", "平局。");
    const mark = ["×", "○"][mine - 1];
    return t(`Your move: ${mark}`, `轮到你：${mark}`);
  }

  /** What minimax says of a table: a number that stands out, and the rest. */
  function recordOf(practice) {
    const { perfect, beaten: [first, second] } = get("_records")[kept.indexOf(practice)];
    const share = t(`${probability(perfect)} of its moves are perfect.`, `它的着法有 ${probability(perfect)} 是完美的。`);
    if (first && second) return [share, t("It can be beaten.", "它可以被打败。")];
    if (first) return [share, t("It can be beaten when it begins.", "它先下时可以被打败。")];
    if (second) return [share, t("It can be beaten when you begin.", "你先下时可以打败它。")];
    return [share, t("It cannot be beaten.", "它不可能被打败。")];
  }

  // --- what the reader does -----------------------------------------------------------------------
  function take(square) {
    const moves = get("moves");
    const board = boardOf(moves);
    if (!games.free(board).includes(square) || games.toMove(board) !== readersMark()) return null;
    const after = answered([...moves, square]);
    const place = placeNames()[after.at(-1)];
    const answer = after.length > moves.length + 1 ? t(`It plays: ${place}. `, `它下：${place}。`) : "";
    return { changes: { moves: after }, said: answer + statusOf(after) };
  }

  function fresh(begins = get("begins")) {
    const moves = answered([], begins);
    const status = statusOf(moves, begins);
    return { changes: { begins, moves }, said: t(`New game. ${status}`, `新的一局。${status}`) };
  }

  /** Moves without the reader's last one and the answer to it; null if there is none. */
  function shorter() {
    const moves = get("moves");
    const first = readersMark() - 1; // the reader's first move
    if (moves.length <= first) return null;
    const whose = (moves.length - 1) % 2 === first % 2;
    return moves.slice(0, moves.length - (whose ? 1 : 2));
  }
  function takeBack() {
    const moves = shorter();
    if (!moves) return null;
    return { changes: { moves }, said: t(`Move taken back. ${statusOf(moves)}`, `已悔棋。${statusOf(moves)}`) };
  }

  function squareOf(square, board, row, worths, over) {
    const mark = board[square];
    const pair = get("values") ? worths.get(square)?.map(signed) ?? null : null;
    const names = [t("free", "空"), t("cross", "叉"), t("nought", "圈")];
    const worth = pair && t(`, its table says ${pair[0]}, minimax ${pair[1]}`,
      `，表中的值 ${pair[0]}，极小化极大 ${pair[1]}`);
    return {
      mark: ["", "×", "○"][mark], reader: mark === readersMark(), won: row.includes(square),
      closed: Boolean(mark) || over, worth: pair, name: `${placeNames()[square]}: ${names[mark]}${worth ?? ""}`,
    };
  }

  return {
    kept, take, fresh, takeBack,
    practise: (practice) => ({ changes: { practice }, said: recordOf(practice).join(" ") }),
    due() {
      const moves = answered(get("moves"));
      return moves.length > get("moves").length ? { moves } : null;
    },
    view() {
      const board = boardOf(get("moves"));
      const over = !games.free(board).length;
      const row = games.rowOf(board) ?? [];
      const worths = games.valuesOf(graph, table(), board);
      return {
        practice: get("practice"), begins: get("begins"), values: get("values"),
        squares: board.map((_, square) => squareOf(square, board, row, worths, over)),
        status: statusOf(get("moves")), over, mayTakeBack: shorter() !== null, record: recordOf(get("practice")),
      };
    },
  };
}
