// Noughts and crosses against a table that has learned. Python's side: __init__.py.
import { gameBest, gameFree, gameGraph, gamePlay, gameRow, gameToMove, gameValues } from "../engine/games.js";
import { bytesOf, h, mount, number, probability, segmented, t, toggle, uniqueId } from "../kit/mod.js";

function build(ctx) {
  const { root, get } = ctx;
  const kept = get("_kept");
  const bytes = bytesOf(get("_tables"));
  const all = new Int16Array(bytes.slice().buffer);
  const graph = gameGraph();
  const table = () => {
    const row = kept.indexOf(get("practice"));
    return all.subarray(row * graph.names.length, (row + 1) * graph.names.length);
  };
  const boardOf = (moves) => moves.reduce(gamePlay, new Array(9).fill(0));
  const readersMark = () => (get("begins") === "reader" ? 1 : 2);
  const signed = (value) => (value > 0 ? "+" : "") + number(value, 3);
  const count = (games) => games.toLocaleString("en");
  let said = null; // what to read aloud once it is drawn

  // --- moves ------------------------------------------------------------------------------------------
  /** The table's turn: it plays the best square, one of them where several are. */
  function answered(moves) {
    const board = boardOf(moves);
    if (gameToMove(board) === readersMark() || !gameFree(board).length) return moves;
    const best = gameBest(gameValues(graph, table(), board));
    return [...moves, best[Math.floor(Math.random() * best.length)]];
  }
  const places = [
    t("top left", "左上"), t("top middle", "上中"), t("top right", "右上"), t("middle left", "左中"), t("middle", "正中"),
    t("middle right", "右中"), t("bottom left", "左下"), t("bottom middle", "下中"), t("bottom right", "右下"),
  ];
  function take(square) {
    const moves = get("moves");
    const board = boardOf(moves);
    if (board[square] || !gameFree(board).length || gameToMove(board) !== readersMark()) return;
    const after = answered([...moves, square]);
    const answer = after.length > moves.length + 1 ? t(`It plays: ${places[after.at(-1)]}.`, `它下：${places[after.at(-1)]}。`) : "";
    said = () => `${answer} ${status.textContent}`.trim();
    ctx.sync({ moves: after });
  }
  function fresh(begins = get("begins")) {
    said = () => t(`New game. ${status.textContent}`, `新的一局。${status.textContent}`);
    ctx.model.set("begins", begins);
    ctx.sync({ moves: answered([]) });
    draw();
  }
  /** Moves without the reader's last one and the answer to it; null if there is none. */
  function shorter() {
    const moves = get("moves");
    const first = readersMark() - 1; // the reader's first move
    if (moves.length <= first) return null;
    const whose = (moves.length - 1) % 2 === first % 2;
    return moves.slice(0, moves.length - (whose ? 1 : 2));
  }

  // --- controls ---------------------------------------------------------------------------------------
  const id = uniqueId();
  const shown = h("output", { class: "gb-practice", for: id });
  const range = h("input", {
    type: "range", id, min: 0, max: kept.length - 1, step: 1,
    oninput: ctx.guard(() => {
      said = () => record.textContent;
      ctx.sync({ practice: kept[Number(range.value)] });
    }),
  });
  const begins = segmented(t("Who begins", "谁先下"), [["reader", t("you", "你")], ["table", t("it", "它")]], (value) => fresh(value));
  const values = toggle(t("show what each square is worth", "显示每一格的价值"), (on) => ctx.sync({ values: on }));
  const undo = h("button", { type: "button", class: "lw-button", onclick: ctx.guard(() => {
    const moves = shorter();
    if (!moves) return;
    said = () => t(`Move taken back. ${status.textContent}`, `已悔棋。${status.textContent}`);
    ctx.sync({ moves });
  }) }, t("Take back", "悔棋"));
  const anew = h("button", { type: "button", class: "lw-button", onclick: ctx.guard(() => fresh()) }, t("New game", "新的一局"));

  // --- the board: a grid of buttons, of which one takes the focus ------------------------------------
  const squares = places.map((place, square) => {
    const mark = h("span", { class: "gb-mark" });
    const learned = h("span", { class: "lw-learned" });
    const exact = h("span", { class: "lw-out" });
    const worth = h("span", { class: "gb-worth" }, learned, exact);
    const button = h("button", { type: "button", class: "gb-square", tabindex: square ? -1 : 0, onclick: ctx.guard(() => take(square)) }, mark, worth);
    ctx.listen(button, "focus", () => squares.forEach((other) => { other.button.tabIndex = other.button === button ? 0 : -1; }));
    ctx.listen(button, "keydown", (event) => {
      const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      if (!move || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const [row, column] = [Math.floor(square / 3) + move[0], (square % 3) + move[1]];
      if (row >= 0 && row < 3 && column >= 0 && column < 3) squares[3 * row + column].button.focus();
    });
    return { button, mark, learned, exact, worth, place };
  });
  const grid = h("div", { class: "gb-board", role: "grid", "aria-label": t("the board", "棋盘") },
    [0, 3, 6].map((from) => h("div", { class: "gb-row", role: "row" },
      squares.slice(from, from + 3).map(({ button }) => h("div", { role: "gridcell" }, button)))));
  const status = h("p", { class: "gb-status" });
  const record = h("p", { class: "gb-record" });
  const key = h("p", { class: "gb-key lw-quiet" });

  function drawBoard(board, over) {
    const row = gameRow(board) ?? [];
    const worths = gameValues(graph, table(), board);
    squares.forEach(({ button, mark, learned, exact, worth, place }, square) => {
      const name = ["", "×", "○"][board[square]];
      const pair = worths.get(square);
      mark.textContent = name;
      mark.classList.toggle("gb-reader", board[square] === readersMark());
      button.classList.toggle("gb-won", row.includes(square));
      button.setAttribute("aria-disabled", String(Boolean(name) || over));
      worth.hidden = !get("values") || !pair;
      let told = name ? t({ "×": "cross", "○": "nought" }[name], { "×": "叉", "○": "圈" }[name]) : t("free", "空");
      if (!worth.hidden) {
        [learned.textContent, exact.textContent] = pair.map(signed);
        told += t(`, its table says ${signed(pair[0])}, minimax ${signed(pair[1])}`, `，表中的值 ${signed(pair[0])}，极小化极大 ${signed(pair[1])}`);
      }
      button.setAttribute("aria-label", `${place}: ${told}`);
    });
  }

  function drawWords(board, over) {
    const row = gameRow(board);
    const mine = row && board[row[0]] === readersMark();
    const mark = ["×", "○"][readersMark() - 1];
    status.textContent = !over ? t(`Your move: ${mark}`, `轮到你：${mark}`)
      : !row ? t("A draw.", "平局。") : mine ? t("You win.", "你赢了。") : t("It wins.", "它赢了。");
    status.classList.toggle("gb-over", over);
    const { perfect, beaten } = get("_records")[kept.indexOf(get("practice"))];
    const can = beaten[0] && beaten[1] ? t("It can be beaten.", "它可以被打败。")
      : beaten[0] ? t("It can be beaten when it begins.", "它先下时可以被打败。")
        : beaten[1] ? t("It can be beaten when you begin.", "你先下时可以打败它。") : t("It cannot be beaten.", "它不可能被打败。");
    record.replaceChildren(h("b", {}, t(`${probability(perfect)} of its moves are perfect.`, `它的着法有 ${probability(perfect)} 是完美的。`)), " ", can);
    key.replaceChildren(h("span", { class: "lw-learned" }, t("Its table", "它的表")), t(" and ", "和"), h("span", { class: "lw-out" }, t("minimax", "极小化极大")),
      t(", for the player whose move it is: +1 won, 0 drawn, −1 lost.", "，对该走的一方：+1 赢，0 平，−1 输。"));
  }

  const draw = ctx.redraw(() => {
    const moves = get("moves");
    const whole = answered(moves);
    if (whole.length > moves.length) return ctx.sync({ moves: whole }); // Python has set what it must answer
    const board = boardOf(moves);
    const over = !gameFree(board).length;
    range.value = kept.indexOf(get("practice"));
    shown.textContent = t(`${count(get("practice"))} games`, `${count(get("practice"))} 局`);
    range.setAttribute("aria-valuetext", shown.textContent);
    begins.set(get("begins"));
    values.set(get("values"));
    undo.setAttribute("aria-disabled", String(!shorter()));
    drawBoard(board, over);
    drawWords(board, over);
    if (said) ctx.say(said());
    said = null;
    return undefined;
  });
  root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("set the slider to 0 games and win. Then set it to 30,000: can you still win?", "先调到 0 局并打败它，再调到 30,000 局：还能赢吗？")),
    h("div", { class: "gb-top" },
      h("div", { class: "gb-slider" }, h("label", { class: "lw-label", for: id }, t("It has played against itself", "它已与自己下过")), shown, range),
      begins.node),
    record,
    h("div", { class: "gb-main" }, grid, h("div", { class: "gb-side" }, status, h("div", { class: "gb-buttons" }, undo, anew), values.node, key)));
  ctx.watch(["practice", "begins", "moves", "values"], draw);
  draw();
}

export default { render: (host) => mount(host, "game-board", build) };
