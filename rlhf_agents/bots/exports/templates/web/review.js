// After the game: the value of every position as a graph, and the person's mistakes one by one.
"use strict";

const WORTH_MENTIONING = 0.1; // less is within the agent's own error
const REVIEW_NODES = 256;

class Review {
  /** `changed()` is called whenever something new is known. */
  constructor(match, thinking, changed) {
    this.match = match;
    this.thinking = thinking;
    this.changed = changed;
    this.thoughts = [];
    this.askNext();
  }

  get isComplete() {
    return this.thoughts.length === this.match.actions.length;
  }

  askNext() {
    const ply = this.thoughts.length;
    if (this.isComplete) return;
    this.thinking.ask(this.match.positions[ply], WIN, { ...ADVISER, nodes: REVIEW_NODES }, ({ thought, done }) => {
      if (!done) return;
      this.thoughts.push(thought);
      this.changed();
      this.askNext();
    });
  }

  /** The first player's chance to win at every position that is known. */
  get standing() {
    const values = this.thoughts.map((thought, ply) => {
      const best = thought.values[thought.action];
      return ply % 2 === 0 ? best : 1 - best;
    });
    if (this.isComplete) values.push({ "-1": 0.5, 0: 1, 1: 0 }[this.match.winner]);
    return values;
  }

  /** The mistakes of the seats for which `isMine(seat)` is true, in the order of play. */
  mistakes(isMine) {
    const found = [];
    this.thoughts.forEach((thought, ply) => {
      const played = this.match.actions[ply], better = thought.action;
      const before = thought.values[better], after = thought.values[played];
      if (isMine(ply % 2) && before - after >= WORTH_MENTIONING) {
        found.push({ ply, played, better, before, after });
      }
    });
    return found;
  }
}

/** Return the graph of a game as SVG: `standing` from 0 to 1, and a button for each mistake. */
function graphOf(standing, mistakes, plies, looked) {
  const width = 300, height = 80, step = width / Math.max(plies, 12);
  const x = (ply) => 4 + ply * step, y = (value) => 4 + (1 - value) * (height - 8);
  const points = standing.map((value, ply) => `${x(ply).toFixed(1)},${y(value).toFixed(1)}`);
  const dots = mistakes
    .filter(({ ply }) => ply + 1 < standing.length)
    .map(({ ply }) => `<circle data-ply="${ply}" cx="${x(ply + 1)}" cy="${y(standing[ply + 1])}" r="5"/>`);
  const cursor = looked === null ? "" : `<line class="cursor" x1="${x(looked)}" x2="${x(looked)}" y1="0" y2="${height}"/>`;
  return `<svg viewBox="0 0 ${width + 8} ${height}" role="img" aria-label="The course of the game">
    <line x1="0" x2="${width + 8}" y1="${height / 2}" y2="${height / 2}"/>${cursor}
    <polyline points="${points.join(" ")}"/>${dots.join("")}</svg>`;
}

/** Return a mistake in sentences: the moves, and what was wrong with the one that was played. */
function mistakeText({ ply, played, better }, names, who, reason) {
  const why = reason[0].toUpperCase() + reason.slice(1);
  return `Move ${ply + 1}: ${who} played ${names[played]}. Better: ${names[better]}. ${why}.`;
}
