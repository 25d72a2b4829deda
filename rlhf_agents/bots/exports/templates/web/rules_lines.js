// Connect Four and Tic-Tac-Toe: see rlhf_games/connect_four.py and tic_tac_toe.py.
// A position holds the mover's stones and all stones, each as two words of 21 cells, and the ply.
"use strict";

const WORD = 21;

/** All straight lines of `length` cells as { low, high, kind }. */
function straightLines(height, width, length) {
  const ways = [[0, 1, "horizontal"], [1, 0, "vertical"], [1, 1, "diagonal"], [1, -1, "diagonal"]];
  const lines = [];
  for (const [down, right, kind] of ways) {
    for (let row = 0; row + (length - 1) * down < height; row++) {
      for (let column = 0; column < width; column++) {
        const end = column + (length - 1) * right;
        if (end < 0 || end >= width) continue;
        const line = { low: 0, high: 0, kind };
        for (let k = 0; k < length; k++) {
          const cell = (row + k * down) * width + column + k * right;
          if (cell < WORD) line.low |= 1 << cell;
          else line.high |= 1 << (cell - WORD);
        }
        lines.push(line);
      }
    }
  }
  return lines;
}

/** Rules of games that a straight line of stones wins. */
class LineGame {
  constructor(agent) {
    const { height, width, lineLength, gravity } = agent.board;
    this.height = height;
    this.width = width;
    this.gravity = gravity;
    this.cells = height * width;
    this.actions = gravity ? width : this.cells;
    this.lines = straightLines(height, width, lineLength);
    this.meanings = agent.goals.map((goal) => goalMeaning(goal.name));
    this.allLow = (1 << Math.min(this.cells, WORD)) - 1;
    this.allHigh = (1 << Math.max(this.cells - WORD, 0)) - 1;
  }

  start() {
    return { mineLow: 0, mineHigh: 0, low: 0, high: 0, ply: 0, lost: false };
  }

  /** Return the position that shows `cells`: 1 the mover's, 2 the other's, else empty. */
  place(cells) {
    const position = this.start();
    cells.forEach((what, cell) => {
      if (what !== 1 && what !== 2) return;
      const bit = 1 << cell % WORD;
      const half = cell < WORD ? "Low" : "High";
      if (what === 1) position["mine" + half] |= bit;
      position[half.toLowerCase()] |= bit;
      position.ply += 1;
    });
    return this.judged(position);
  }

  judged(position) {
    const { mineLow, mineHigh, low, high } = position;
    position.lost = this.hasLine(mineLow ^ low, mineHigh ^ high, null);
    return position;
  }

  hasLine(low, high, kind) {
    for (const line of this.lines) {
      if ((low & line.low) === line.low && (high & line.high) === line.high) {
        if (kind === null || kind === line.kind) return true;
      }
    }
    return false;
  }

  isFree({ low, high }, cell) {
    return cell < WORD ? ((low >> cell) & 1) === 0 : ((high >> (cell - WORD)) & 1) === 0;
  }

  isPlayable(position, cell) {
    if (!this.isFree(position, cell)) return false;
    const below = cell + this.width;
    return !this.gravity || below >= this.cells || !this.isFree(position, below);
  }

  /** Return the cell on which the stone of a legal action comes to rest. */
  cellOf(position, action) {
    let cell = action;
    while (this.gravity && cell + this.width < this.cells && this.isFree(position, cell + this.width)) {
      cell += this.width;
    }
    return cell;
  }

  legal(position, action) {
    return !position.lost && action >= 0 && action < this.actions && this.isFree(position, action);
  }

  play(position, action) {
    const { mineLow, mineHigh, low, high, ply } = position;
    const cell = this.cellOf(position, action);
    return this.judged({
      mineLow: mineLow ^ low,
      mineHigh: mineHigh ^ high,
      low: cell < WORD ? low | (1 << cell) : low,
      high: cell < WORD ? high : high | (1 << (cell - WORD)),
      ply: ply + 1,
      lost: false,
    });
  }

  result(position) {
    if (position.lost) return -1;
    return position.ply === this.cells ? 0 : ONGOING;
  }

  plies(position) {
    return position.ply;
  }

  symbol(position, cell) {
    const { mineLow, mineHigh } = position;
    if (this.isFree(position, cell)) return this.isPlayable(position, cell) ? 3 : 0;
    return (cell < WORD ? mineLow >> cell : mineHigh >> (cell - WORD)) & 1 ? 1 : 2;
  }

  symbols(position, out) {
    for (let cell = 0; cell < this.cells; cell++) out[cell] = this.symbol(position, cell);
  }

  verdict(position, seat, goal) {
    const { lost, mineLow, mineHigh, low, high, ply } = position;
    const meaning = this.meanings[goal];
    const other = { low: mineLow ^ low, high: mineHigh ^ high };
    if (lost || ply === this.cells) {
      return this.finished(meaning, lost && seat === 1, lost && seat === 0, other, ply) ? 1 : -1;
    }
    const mine = { low: mineLow, high: mineHigh };
    return seat === 0
      ? this.ongoing(meaning, mine, other, ply)
      : this.ongoing(meaning, other, mine, ply);
  }

  finished({ kind, number }, won, lost, winner, ply) {
    if (kind === "win") return won;
    if (kind === "draw") return !won && !lost;
    if (kind === "lose") return lost;
    if (kind === "win_by") return won && ply <= number;
    if (kind === "lose_by") return lost && ply <= number;
    if (kind === "last") return !(lost && ply < number);
    return won && this.hasLine(winner.low, winner.high, kind.replace("win_", ""));
  }

  /** Return what is already certain in an unfinished game: 1, -1 or 0. */
  ongoing({ kind, number }, own, other, ply) {
    if (kind === "draw") return 0;
    if ((kind === "win_by" || kind === "lose_by") && ply >= number) return -1;
    if (!this.gravity) return 0; // the rules of Tic-Tac-Toe look at no lines
    const canLine = (stones, line) =>
      this.hasLine(this.allLow & ~stones.low, this.allHigh & ~stones.high, line);
    if (kind === "last") return ply >= number - 1 || !canLine(own, null) ? 1 : 0;
    if (kind === "win" || kind === "win_by") return canLine(other, null) ? 0 : -1;
    if (kind === "lose" || kind === "lose_by") return canLine(own, null) ? 0 : -1;
    return canLine(other, kind.replace("win_", "")) ? 0 : -1;
  }

  /** Return who owns every cell: 0 the first player, 1 the second, -1 neither. */
  owners(position) {
    return Array.from({ length: this.cells }, (_, cell) => {
      const what = this.symbol(position, cell);
      return what === 1 || what === 2 ? (position.ply + what - 1) % 2 : -1;
    });
  }

  /** Return the cells of the lines that won. */
  decisiveCells(position) {
    if (!position.lost) return [];
    const { mineLow, mineHigh, low, high } = position;
    const won = this.lines.filter(
      (line) =>
        ((mineLow ^ low) & line.low) === line.low && ((mineHigh ^ high) & line.high) === line.high,
    );
    return Array.from({ length: this.cells }, (_, cell) => cell).filter((cell) =>
      won.some((line) => ((cell < WORD ? line.low >> cell : line.high >> (cell - WORD)) & 1) === 1),
    );
  }

  /** Return the cells that show a move: where the piece comes from, if on the board, and goes. */
  pathOf(position, action) {
    return [this.cellOf(position, action)];
  }
}

function makeRules(agent) {
  return new LineGame(agent);
}
