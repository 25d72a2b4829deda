// Breakthrough on square boards: see rlhf_games/breakthrough.py.
// A position holds every cell as the mover sees it, who moves towards row 0 (1 the mover's, 2 the
// other's, 0 empty), and the ply.
"use strict";

class Breakthrough {
  constructor(agent) {
    this.side = this.height = this.width = agent.board.height;
    this.cells = this.side * this.side;
    this.moves = this.allMoves();
    this.actions = this.moves.length;
    this.pieces = 2 * this.side;
    this.meanings = agent.goals.map((goal) => goalMeaning(goal.name));
  }

  /** Return all moves on an empty board, the actions in their order. */
  allMoves() {
    const moves = [];
    for (let row = 1; row < this.side; row++) {
      for (let column = 0; column < this.side; column++) {
        for (const right of [-1, 0, 1]) {
          if (column + right < 0 || column + right >= this.side) continue;
          const origin = row * this.side + column;
          moves.push({ origin, target: origin - this.side + right, ahead: right === 0 });
        }
      }
    }
    return moves;
  }

  start() {
    const cells = new Int8Array(this.cells);
    cells.fill(2, 0, this.pieces).fill(1, this.cells - this.pieces);
    return this.judged(cells, 0);
  }

  place(cells, ply) {
    return this.judged(Int8Array.from(cells, (what) => (what === 3 ? 0 : what)), ply);
  }

  judged(cells, ply) {
    let mine = 0, theirs = 0;
    for (const what of cells) {
      mine += what === 1;
      theirs += what === 2;
    }
    const reached = cells.subarray(this.cells - this.side).includes(2);
    return { cells, ply, counts: [mine, theirs], over: reached || mine === 0 };
  }

  legal(position, action) {
    const { origin, target, ahead } = this.moves[action];
    const { cells, over } = position;
    return !over && cells[origin] === 1 && (ahead ? cells[target] === 0 : cells[target] !== 1);
  }

  play(position, action) {
    const { origin, target } = this.moves[action];
    const moved = Int8Array.from(position.cells);
    moved[origin] = 0;
    moved[target] = 1;
    const turned = moved.reverse().map((what) => (what === 0 ? 0 : 3 - what));
    return this.judged(turned, position.ply + 1);
  }

  result(position) {
    return position.over ? -1 : ONGOING;
  }

  plies(position) {
    return position.ply;
  }

  symbols(position, out) {
    const { cells } = position;
    out.set(cells);
    for (const { origin, target } of this.moves) {
      if (cells[origin] === 1 && cells[target] === 0) out[target] = 3;
    }
  }

  verdict(position, seat, goal) {
    const { kind, number } = this.meanings[goal];
    const { counts, over, ply } = position;
    if (kind === "take") {
      return this.pieces - counts[1 - seat] >= number ? 1 : over ? -1 : 0;
    }
    if (kind === "keep") return counts[seat] < number ? -1 : over ? 1 : 0;
    if (over) return this.finished(kind, number, seat === 1, ply) ? 1 : -1;
    if (kind === "draw") return -1;
    return (kind === "win_by" || kind === "lose_by") && ply >= number ? -1 : 0;
  }

  finished(kind, number, won, ply) {
    if (kind === "lose_by") return !won && ply <= number;
    if (kind === "win_by") return won && ply <= number;
    return (kind === "win" && won) || (kind === "lose" && !won);
  }

  /** Return what the solver asks of the game: positions count alike whatever the ply. */
  solverRules() {
    const hooks = new SolverRules(this);
    hooks.deepens = true;
    hooks.key = ({ cells }) => String.fromCharCode(...cells);
    hooks.orderHint = ({ over }) => (over ? SURE : 0);
    return hooks;
  }

  /** The first player sees the board as it is drawn, the second turned by 180 degrees. */
  seen(position, cell) {
    return position.ply % 2 === 0 ? cell : this.cells - 1 - cell;
  }

  owners(position) {
    return Array.from({ length: this.cells }, (_, cell) => {
      const what = position.cells[this.seen(position, cell)];
      return what === 0 ? -1 : (position.ply + what - 1) % 2;
    });
  }

  decisiveCells(position) {
    if (!position.over) return [];
    const cells = Array.from({ length: this.side }, (_, column) => this.cells - 1 - column);
    return cells.filter((cell) => position.cells[cell] === 2).map((cell) => this.seen(position, cell));
  }

  pathOf(position, action) {
    const { origin, target } = this.moves[action];
    return [this.seen(position, origin), this.seen(position, target)];
  }
}

function makeRules(agent) {
  return new Breakthrough(agent);
}
