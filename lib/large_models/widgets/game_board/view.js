// Noughts and crosses against a table that has learned. Python's side: __init__.py; the game: model.js.
import { bytesOf, h, mount, segmented, slider, t, toggle } from "../kit/mod.js";
import { boardPart } from "./board.js";
import { boardModel, gamesText } from "./model.js";

function build(ctx) {
  const levels = new Int16Array(bytesOf(ctx.get("_tables")).slice().buffer);
  const model = boardModel(ctx.get, { levels });
  /** What the reader did, if it was a move. */
  const act = ctx.guard((done) => {
    if (!done) return;
    ctx.sync(done.changes);
    ctx.say(done.said);
    draw(); // the same moves again are no change that `watch` would tell
  });

  const practice = slider(ctx, t("It has played against itself", "它已与自己下过"), {
    values: model.kept, told: gamesText, onInput: (games) => act(model.practise(games)),
  });
  const begins = segmented(t("Who begins", "谁先下"), [["reader", t("you", "你")], ["table", t("it", "它")]],
    (side) => act(model.fresh(side)));
  const values = toggle(t("show what each square is worth", "显示每一格的价值"), (on) => ctx.sync({ values: on }));
  const button = (text, onclick) => h("button", { type: "button", class: "lw-button", onclick }, text);
  const undo = button(t("Take back", "悔棋"), () => act(model.takeBack()));
  const anew = button(t("New game", "新的一局"), () => act(model.fresh()));
  const board = boardPart(ctx, (square) => act(model.take(square)));
  const status = h("p", { class: "gb-status" });
  const record = h("p", { class: "gb-record" });
  const key = h("p", { class: "gb-key lw-quiet" },
    h("span", { class: "lw-learned" }, t("Its table", "它的表")), t(" and ", "和"),
    h("span", { class: "lw-out" }, t("minimax", "极小化极大")),
    t(", for the player whose move it is: +1 won, 0 drawn, −1 lost.", "，对该走的一方：+1 赢，0 平，−1 输。"));

  const draw = ctx.redraw(() => {
    const due = model.due();
    if (due) return ctx.sync(due); // Python has set what must be answered
    const view = model.view();
    practice.set(view.practice);
    begins.set(view.begins);
    values.set(view.values);
    undo.setAttribute("aria-disabled", String(!view.mayTakeBack));
    board.show(view);
    status.textContent = view.status;
    status.classList.toggle("gb-over", view.over);
    record.replaceChildren(h("b", {}, view.record[0]), " ", view.record[1]);
    return undefined;
  });
  ctx.root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("set the slider to 0 games and win. Then set it to 30,000: can you still win?", "先调到 0 局并打败它，再调到 30,000 局：还能赢吗？")),
    h("div", { class: "gb-top" }, practice.node, begins.node),
    record,
    h("div", { class: "gb-main" }, board.node,
      h("div", { class: "gb-side" }, status, h("div", { class: "gb-buttons" }, undo, anew), values.node, key)));
  ctx.watch(["practice", "begins", "moves", "values"], draw);
  draw();
}

export default { render: (host) => mount(host, "game-board", build) };
