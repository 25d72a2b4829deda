// The page: settings, turns, and what the agent thinks.
"use strict";

const byId = (id) => document.getElementById(id);
const AGENT = JSON.parse(byId("agent").textContent);
const LINE_SHOWN = 10;
const rules = makeRules(AGENT);
/** Who rates your moves: always as well as it can. */
const ADVISER = { nodes: 256, noise: 0, sight: 2, seconds: null };

const newSeed = () => Math.floor(Math.random() * 2 ** 31);

const view = {
  match: new Match(rules),
  side: "first",
  goal: AGENT.goal,
  strength: AGENT.strength,
  advice: null, // a goal for which the person's moves are rated, or null
  hinted: false, // the best move of this turn was asked for
  review: null,
  mistake: null, // the number of the mistake that is looked at
  origin: null,
  thought: null,
  reach: null,
  broken: null,
  seed: newSeed(),
};

const sources = ["unpack", "engine", "worker"].map((id) => byId(id).textContent);
const thinking = new Thinking(AGENT, sources, byId("weights").textContent.trim());
const board = new Board(byId("board"), rules, AGENT, press);

/** How the agent plays: one of AGENT.strengths, from weak to strong. */
function strength() {
  return { ...AGENT.strengths[view.strength], seed: view.seed };
}

function isMine(seat) {
  return view.side === "both" || (view.side === "first" ? 0 : 1) === seat;
}

/** Something has changed: draw, keep it, and ask the agent for its move or its advice. */
function turn() {
  keep();
  view.thought = view.reach = view.origin = view.review = view.mistake = null;
  thinking.stop();
  const { match } = view;
  if (match.isOver) {
    view.review = new Review(match, thinking, draw);
  } else {
    const mine = isMine(match.seat);
    const goal = mine ? adviceNow() : view.goal;
    if (goal !== null) {
      thinking.ask(match.position, goal, mine ? ADVISER : strength(), (answer) => hear(answer, mine));
    }
  }
  draw();
}

/** The goal for which the person's moves are rated now, or null. */
function adviceNow() {
  return view.advice === null && view.hinted ? WIN : view.advice;
}

function hear({ thought, reach, done }, mine) {
  view.thought = thought;
  view.reach = reach || view.reach;
  if (done && !mine) {
    view.match.play(thought.action);
    view.hinted = false;
    turn();
  } else draw();
}

/** A person presses a spot of the board: a move, or the piece that shall move. */
function press(spot) {
  const { match, origin } = view;
  if (match.isOver || !isMine(match.seat)) return;
  const leadsTo = (from) => match.legal.filter((action) => board.spotOf(match, action, from) === spot);
  const able = leadsTo(origin);
  if (able.length && (origin !== null || !board.isChecked)) {
    match.play(able[0]);
    view.hinted = false;
    turn();
    return;
  }
  view.origin = board.isChecked && spot !== origin && leadsTo(null).length ? spot : null;
  draw();
}

// ---- a reload keeps the game -------------------------------------------------------------------

const KEPT = `rlhf_agents ${AGENT.game} ${AGENT.name}`;

function keep() {
  const { match, side, goal, strength, advice } = view;
  const kept = { actions: match.actions, side, goal, strength, advice };
  try {
    localStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // A browser may forbid it: then a reload begins a new game.
  }
}

/** Go on where the page was left; what makes no sense is ignored. */
function restore() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT));
    if (kept === null || !Array.isArray(kept.actions)) return;
    const match = new Match(rules);
    if (!kept.actions.every((action) => match.legal.includes(action) && match.play(action))) return;
    const isGoal = (goal) => Number.isInteger(goal) && goal >= 0 && goal < AGENT.goals.length;
    const isSide = ["first", "second", "both"].includes(kept.side);
    if (!isSide || !isGoal(kept.goal) || !(kept.advice === null || isGoal(kept.advice))) return;
    if (!(kept.strength in AGENT.strengths)) return;
    const { side, goal, strength, advice } = kept;
    Object.assign(view, { match, side, goal, strength, advice });
  } catch {
    // Forbidden or damaged: a new game.
  }
}

// ---- what is seen ------------------------------------------------------------------------------

function draw() {
  const mistakes = view.review ? view.review.mistakes(isReviewed) : [];
  const looked = view.mistake === null ? null : mistakes[view.mistake];
  drawAfter(mistakes, looked);
  if (looked) {
    board.draw(view.match.upTo(looked.ply), {
      values: shownValues(view.review.thoughts[looked.ply]), best: looked.better, mine: false,
      origin: null, names: seatNames(),
    });
    return;
  }
  const { match, thought, origin } = view;
  const mine = !match.isOver && isMine(match.seat);
  board.flipped = board.isChecked && view.side === "second";
  const values = thought ? shownValues(thought) : null;
  board.draw(match, { values, best: thought ? thought.action : -1, origin, mine, names: seatNames() });
  document.body.dataset.state = match.isOver ? "over" : mine ? "yours" : "thinking";
  document.body.dataset.moves = match.actions.join(" ");
  byId("status").textContent = statusText(match, mine);
  speak([lastMoveText(match), byId("status").textContent].join(" "));
  byId("status").dataset.seat = match.isOver ? "" : SEATS[match.seat];
  byId("status").dataset.count = board.countText(match.position);
  byId("undo").disabled = !match.actions.some((_, ply) => isMine(ply % 2));
  byId("pass").hidden = !(mine && rules.pass !== undefined && rules.legal(match.position, rules.pass));
  byId("hint").hidden = !mine || view.advice !== null;
  drawThought();
  drawReach();
}

/** Whose mistakes a review shows. */
function isReviewed(seat) {
  return view.side === "both" || isMine(seat);
}

function drawAfter(mistakes, looked) {
  const { match, review } = view;
  byId("after").hidden = !review;
  byId("thought").hidden = Boolean(review);
  if (!review) return;
  byId("result").textContent = looked
    ? `Mistake ${view.mistake + 1} of ${mistakes.length}`
    : `${statusText(match)} after ${match.actions.length} moves`;
  const found = `${mistakes.length || "no"} mistake${mistakes.length === 1 ? "" : "s"}`;
  const searched = achievedText(match)
    + (review.isComplete ? `Found ${found}.` : `Looking for mistakes: ${found} so far.`);
  const seat = looked ? looked.ply % 2 : 0, name = seatNames()[seat];
  const text = () => mistakeText(
    looked, AGENT.actionNames[seat], name === "you" ? name : `the ${name}`,
    new Reasons(AGENT, rules).reason(match.positions[looked.ply], seat, looked));
  byId("why").textContent = looked ? text() : searched;
  byId("graph").innerHTML = graphOf(
    review.standing, mistakes, match.actions.length, looked ? looked.ply : null);
  byId("review").hidden = byId("back").hidden = !mistakes.length;
  byId("review").textContent = looked ? "Next" : "Review";
  byId("back").hidden = byId("retry").hidden = !looked;
}

/** Look at another mistake, `by` further; past the last one is the end of the game. */
function lookAt(number) {
  const { review } = view;
  if (!review) return;
  const count = review.mistakes(isReviewed).length;
  view.mistake = number >= 0 && number < count ? number : null;
  draw();
}

function step(by) {
  lookAt(view.mistake === null ? (by > 0 ? 0 : -1) : view.mistake + by);
}

/** Play on from the position before the mistake. */
function retry() {
  const mistake = view.review && view.review.mistakes(isReviewed)[view.mistake];
  if (!mistake) return;
  view.match = view.match.upTo(mistake.ply);
  turn();
}

function hint() {
  if (view.match.isOver || !isMine(view.match.seat)) return;
  view.hinted = !view.hinted;
  turn();
}

function swapSides() {
  const other = view.side === "first" ? "second" : "first";
  const radio = document.querySelector(`[name=side][value=${other}]`);
  radio.checked = true;
  view.side = other;
  newGame();
}

/** Let screen readers hear a text, once. */
function speak(text) {
  const spoken = byId("spoken");
  if (spoken.textContent !== text) spoken.textContent = text;
}

function drawThought() {
  const { thought, match } = view;
  const line = byId("line");
  line.replaceChildren();
  if (!thought) {
    const hidden = isMine(match.seat) && adviceNow() === null;
    const text = view.broken ? "" : hidden ? "Hint (H) shows the best move." : "Looking ahead…";
    byId("verdict").textContent = match.isOver ? "The game is over." : text;
    byId("effort").textContent = "";
    return;
  }
  byId("verdict").textContent = verdictText(thought, isMine(match.seat));
  let seat = match.seat;
  for (const action of thought.line.slice(0, LINE_SHOWN)) {
    const item = document.createElement("li");
    item.className = SEATS[seat];
    item.textContent = AGENT.actionNames[seat][action];
    line.append(item);
    seat = 1 - seat;
  }
  const unit = thought.nodes === 1 ? "position" : "positions";
  byId("effort").textContent = `${thought.nodes} ${unit}`;
}

function drawReach() {
  const rows = (view.reach || []).map((value, goal) => {
    const row = document.createElement("li"), name = document.createElement("span");
    const share = document.createElement("b");
    row.style.setProperty("--share", value);
    row.title = AGENT.goals[goal].text;
    name.textContent = AGENT.goals[goal].words;
    share.textContent = percent(value);
    row.append(name, share);
    return row;
  });
  byId("reach").replaceChildren(...rows);
}

// ---- settings ----------------------------------------------------------------------------------

function newGame() {
  view.hinted = false;
  view.seed = newSeed();
  view.match = new Match(rules);
  turn();
}

function undo() {
  if (view.match.undo(isMine)) turn();
}

function pass() {
  if (isMine(view.match.seat) && view.match.play(rules.pass)) turn();
}

function addGoals(select, chosen) {
  AGENT.goals.forEach(({ name, words, text }, goal) => {
    const option = new Option(words, String(goal));
    option.title = text;
    option.dataset.name = name;
    select.add(option);
  });
  select.value = String(chosen);
}

function showStrength() {
  const text = AGENT.strengths[view.strength].name;
  byId("strength-text").textContent = text;
  byId("strength").setAttribute("aria-valuetext", text);
}

function prepareSettings() {
  byId("strength").max = AGENT.strengths.length - 1;
  byId("strength").value = view.strength;
  byId("strength").addEventListener("input", () => {
    view.strength = Number(byId("strength").value);
    showStrength();
    turn();
  });
  addGoals(byId("goal"), view.goal);
  byId("goal").addEventListener("change", () => {
    view.goal = Number(byId("goal").value);
    turn();
  });
  byId("advice").add(new Option("Do not show it", "none"));
  addGoals(byId("advice"), view.advice === null ? "none" : view.advice);
  byId("advice").addEventListener("change", () => {
    view.advice = byId("advice").value === "none" ? null : Number(byId("advice").value);
    turn();
  });
  for (const radio of document.querySelectorAll("[name=side]")) {
    radio.checked = radio.value === view.side;
    radio.addEventListener("change", () => {
      view.side = radio.value;
      turn();
    });
  }
  showStrength();
}

function prepareButtons() {
  byId("new").addEventListener("click", newGame);
  byId("undo").addEventListener("click", undo);
  byId("pass").addEventListener("click", pass);
  byId("hint").addEventListener("click", hint);
  byId("rematch").addEventListener("click", newGame);
  byId("swap").addEventListener("click", swapSides);
  byId("review").addEventListener("click", () => step(1));
  byId("back").addEventListener("click", () => step(-1));
  byId("retry").addEventListener("click", retry);
  byId("graph").addEventListener("click", (event) => {
    const dot = event.target.closest("circle");
    if (!dot) return;
    const plies = view.review.mistakes(isReviewed).map(({ ply }) => ply);
    lookAt(plies.indexOf(Number(dot.dataset.ply)));
  });
  byId("theme").addEventListener("click", () => {
    const { dataset } = document.documentElement;
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    dataset.theme = (dataset.theme || (dark ? "dark" : "light")) === "dark" ? "light" : "dark";
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select")) return;
    const number = Number(event.key) - 1, key = event.key.toLowerCase();
    if (key === "n") newGame();
    else if (key === "u") undo();
    else if (key === "h") hint();
    else if (key === "e") step(event.shiftKey ? -1 : 1);
    else if (number >= 0 && number < board.spots.length && board.spots.length <= 9) press(number);
  });
}

restore();
prepareSettings();
prepareButtons();
const digits = board.spots.length <= 9 ? `1 to ${board.spots.length} play, ` : "";
byId("help").textContent = `Keys: ${digits}arrows and Enter, H shows the best move, ` +
  "U takes back, N begins anew, E goes through your mistakes.";
thinking.ready.catch((error) => {
  view.broken = error.message;
  draw();
});
turn();
