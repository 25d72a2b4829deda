// What the page says: whose turn it is, the result, what a move is worth.
"use strict";

/** What the players are called: at the board, and by screen readers. */
function seatNames() {
  if (view.side === "both") return ["first player", "second player"];
  return [0, 1].map((seat) => (isMine(seat) ? "you" : "agent"));
}

function lastMoveText(match) {
  if (!match.actions.length) return "";
  const seat = (match.actions.length - 1) % 2;
  const name = seatNames()[seat], who = name === "you" ? "You" : `The ${name}`;
  const action = match.actions[match.actions.length - 1];
  const where = board.isColumns ? "column " : "";
  return `${who} played ${where}${AGENT.actionNames[seat][action]}.`;
}

/** Whose turn it is, or the result. */
function statusText(match, mine) {
  if (view.broken) return `The agent cannot think here: ${view.broken}`;
  if (!match.isOver) {
    if (view.side === "both") return `${match.seat === 0 ? "First" : "Second"} player to move`;
    return mine ? "Your move" : "The agent thinks…";
  }
  if (match.winner < 0) return "The game is drawn";
  if (view.side === "both") return `The ${match.winner === 0 ? "first" : "second"} player won`;
  return isMine(match.winner) ? "You won" : "The agent won";
}

/** Which goals the person (or the winner) has achieved beside the result, "" if none. */
function achievedText(match) {
  const seat = view.side === "both" ? Math.max(match.winner, 0) : Number(isMine(1));
  const side = seat === match.seat ? 0 : 1, plain = /^(win|draw|lose.*|deficit.*|last.*)$/;
  const reached = AGENT.goals.filter((_, goal) => rules.verdict(match.position, side, goal) === 1);
  const implied = new Set(reached.map((goal) => goal.implies));
  const words = reached
    .filter(({ name }) => !plain.test(name) && !implied.has(name))
    .map((goal) => goal.words);
  const who = view.side === "both" ? `The ${seatNames()[seat]}` : "You";
  return words.length ? `${who} also achieved: ${words.slice(0, 3).join("; ")}. ` : "";
}

/** The values of all moves; that of a proven result is exact, as its discount means nothing to people. */
function shownValues({ values, action, goal, proven }) {
  const exact = Math.round(2 * values[action]) / 2;
  return values.map((value, a) => (a === action && proven && goal === WIN ? exact : value));
}

/** What the best move is worth: a chance, or the result that the rules prove. */
function verdictText({ goal, values, action, proven, plies }, mine) {
  const asked = mine ? adviceNow() : view.goal, value = values[action];
  const who = mine ? "You" : "It", aim = AGENT.goals[goal].words;
  const instead = goal === asked ? "" : ` (${AGENT.goals[asked].words} is out of reach)`;
  if (!proven || goal !== WIN) return `${who} to ${aim}${instead}: ${percent(value)}${proven ? ", proven" : ""}`;
  const result = Math.round(2 * value) / 2;
  if (result === 0.5) return `Proven${instead}: a draw`;
  const [yours, its] = result > 0.5 ? ["win", "wins"] : ["lose", "loses"];
  const when = plies === null ? "" : ` in ${plies === 1 ? "" : "at most "}${plies}`;
  return `Proven${instead}: ${who.toLowerCase()} ${mine ? yours : its}${when}`;
}
