// Othello on square boards: see rlhf_games/othello.py.
// A position holds every cell (1 the mover's, 2 the other's, 0 empty), the moves, and the ply.
"use strict";

const EIGHT_WAYS = [[-1, -1], [-1, 0], [-1, 1], [0, -1], [0, 1], [1, -1], [1, 0], [1, 1]];

class Othello {
  constructor(agent) {
    this.side = this.height = this.width = agent.board.height;
    this.cells = this.side * this.side;
    this.actions = this.cells + 1;
    this.pass = this.cells;
    this.rays = Array.from({ length: this.cells }, (_, cell) => this.raysFrom(cell));
    this.corners = [0, this.side - 1, this.cells - this.side, this.cells - 1];
    this.meanings = agent.goals.map((goal) => goalMeaning(goal.name));
  }

  /** Return the cells in each direction from a cell, nearest first. */
  raysFrom(cell) {
    const row = Math.floor(cell / this.side), column = cell % this.side;
    const inside = (at) => at >= 0 && at < this.side;
    return EIGHT_WAYS.map(([down, right]) => {
      const ray = [];
      for (let k = 1; inside(row + k * down) && inside(column + k * right); k++) {
        ray.push((row + k * down) * this.side + column + k * right);
      }
      return ray;
    }).filter((ray) => ray.length > 1);
  }

  start() {
    const cells = new Int8Array(this.cells);
    const upper = (this.side / 2 - 1) * (this.side + 1), lower = upper + this.side;
    cells[upper + 1] = cells[lower] = 1;
    cells[upper] = cells[lower + 1] = 2;
    return this.judged(cells, 0);
  }

  place(cells, ply) {
    return this.judged(Int8Array.from(cells, (what) => (what === 3 ? 0 : what)), ply);
  }

  judged(cells, ply) {
    const moves = this.movesOf(cells, 1);
    const stuck = !moves.includes(1);
    return { cells, moves, mustPass: stuck && this.movesOf(cells, 2).includes(1), stuck, ply };
  }

  movesOf(cells, owner) {
    const moves = new Int8Array(this.cells);
    for (let cell = 0; cell < this.cells; cell++) {
      if (cells[cell] === 0 && this.rays[cell].some((ray) => this.enclosed(cells, ray, owner) > 0)) {
        moves[cell] = 1;
      }
    }
    return moves;
  }

  /** Return how many of the other's discs a new disc of `owner` encloses along a ray. */
  enclosed(cells, ray, owner) {
    let count = 0;
    while (count < ray.length && cells[ray[count]] === 3 - owner) count++;
    return count < ray.length && cells[ray[count]] === owner ? count : 0;
  }

  legal(position, action) {
    return action === this.pass ? position.mustPass : position.moves[action] === 1;
  }

  play(position, action) {
    const cells = Int8Array.from(position.cells, (what) => (what === 0 ? 0 : 3 - what));
    if (action !== this.pass) {
      for (const ray of this.rays[action]) {
        const count = this.enclosed(position.cells, ray, 1);
        for (let k = 0; k < count; k++) cells[ray[k]] = 2;
      }
      cells[action] = 2;
    }
    return this.judged(cells, position.ply + 1);
  }

  /** Return how many more discs the mover has. */
  lead(position) {
    return position.cells.reduce((lead, what) => lead + (what === 1) - (what === 2), 0);
  }

  isOver(position) {
    return position.stuck && !position.mustPass;
  }

  result(position) {
    return this.isOver(position) ? Math.sign(this.lead(position)) : ONGOING;
  }

  plies(position) {
    return position.ply;
  }

  symbols(position, out) {
    const { cells, moves } = position;
    for (let cell = 0; cell < this.cells; cell++) out[cell] = moves[cell] ? 3 : cells[cell];
  }

  verdict(position, seat, goal) {
    const { kind, number } = this.meanings[goal];
    const over = this.isOver(position);
    if (kind === "corners") {
      const certain = this.cornerVerdict(position.cells, seat + 1, number);
      return over && certain === 0 ? -1 : certain;
    }
    if (!over) return 0;
    const lead = this.lead(position);
    return this.finished(kind, number, seat === 0 ? lead : -lead) ? 1 : -1;
  }

  cornerVerdict(cells, owner, count) {
    const held = (who) => this.corners.filter((corner) => cells[corner] === who).length;
    if (held(owner) >= count) return 1;
    return 4 - held(3 - owner) < count ? -1 : 0;
  }

  finished(kind, number, lead) {
    if (kind === "close") return Math.abs(lead) <= number;
    if (kind === "deficit") return -lead >= number;
    if (kind === "margin") return lead >= number;
    if (kind === "draw") return lead === 0;
    return kind === "win" ? lead > 0 : lead < 0;
  }

  /** Return what the solver asks of the game: at most one pass follows each disc. */
  solverRules() {
    const hooks = new SolverRules(this);
    hooks.proofPlies = 24;
    hooks.age = ({ cells }) => 2 * (cells.filter((what) => what !== 0).length - 4);
    return hooks;
  }

  owners(position) {
    return Array.from(position.cells, (what) => (what === 0 ? -1 : (position.ply + what - 1) % 2));
  }

  decisiveCells() {
    return [];
  }

  pathOf(position, action) {
    return action === this.pass ? [] : [action];
  }
}

function makeRules(agent) {
  return new Othello(agent);
}
