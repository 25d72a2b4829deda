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

  /** Return what the solver asks of the game. */
  solverRules() {
    return this.gravity ? new ColumnSolverRules(this) : new LineSolverRules(this);
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

/** What the solver asks of games of lines. */
class LineSolverRules extends SolverRules {
  key({ mineLow, mineHigh, low, high }) {
    return `${mineLow},${mineHigh},${low},${high}`;
  }
}

const ROW = 7, ROW_MASK = 127, WORD_MASK = 2 ** WORD - 1, HIGHEST_ROWS = 14;
const CENTRAL_FIRST = [3, 2, 4, 1, 5, 0, 6];
const MIRRORED_PLIES = 10;
// Rows counted from 1 at the bottom; a word has three rows.
const ODD_ROWS = { low: ROW_MASK << ROW, high: ROW_MASK | (ROW_MASK << HIGHEST_ROWS) };
const EVEN_ROWS = { low: ODD_ROWS.high, high: ODD_ROWS.low };

function bitsIn(word) {
  let count = 0;
  for (; word; word &= word - 1) count++;
  return count;
}

/** Return whether two words hold more than one bit. */
function several(low, high) {
  return (low !== 0 && high !== 0) || (low & (low - 1)) !== 0 || (high & (high - 1)) !== 0;
}

/** The cells above those of two words; `bottom` enters from below. */
function above(low, high, bottom = 0) {
  return {
    low: (low >> ROW) | ((high & ROW_MASK) << HIGHEST_ROWS),
    high: (high >> ROW) | (bottom << HIGHEST_ROWS),
  };
}

function mirroredWord(word) {
  let turned = 0;
  for (let cell = 0; cell < WORD; cell++) {
    if ((word >> cell) & 1) turned |= 1 << (cell - 2 * (cell % ROW) + ROW - 1);
  }
  return turned;
}

/** Connect Four: see rlhf_games/boards/connect_four.py and column_boards.py. */
class ColumnSolverRules extends LineSolverRules {
  constructor(rules) {
    super(rules);
    this.proofPlies = 34;
  }

  /** The empty cells, playable or not, that complete a line of some stones. */
  winningCells(ownLow, ownHigh, low, high) {
    let foundLow = 0, foundHigh = 0;
    for (const line of this.rules.lines) {
      const missingLow = line.low & ~ownLow, missingHigh = line.high & ~ownHigh;
      if (!several(missingLow, missingHigh)) {
        foundLow |= missingLow;
        foundHigh |= missingHigh;
      }
    }
    return { low: foundLow & ~low, high: foundHigh & ~high };
  }

  landing({ low, high }) {
    const onTop = above(low, high, ROW_MASK);
    return { low: onTop.low & ~low, high: onTop.high & ~high };
  }

  /** The playable cells after which the other player has no line at once. */
  safeCells(position) {
    const { mineLow, mineHigh, low, high } = position;
    const cells = this.landing(position);
    const threats = this.winningCells(mineLow ^ low, mineHigh ^ high, low, high);
    const forcedLow = cells.low & threats.low, forcedHigh = cells.high & threats.high;
    if (forcedLow || forcedHigh) {
      if (several(forcedLow, forcedHigh)) return { low: 0, high: 0 };
      cells.low = forcedLow;
      cells.high = forcedHigh;
    }
    const belowLow = (threats.low << ROW) & WORD_MASK;
    const belowHigh = ((threats.high << ROW) & WORD_MASK) | (threats.low >> HIGHEST_ROWS);
    return { low: cells.low & ~belowLow, high: cells.high & ~belowHigh };
  }

  quickAnswer(position, question) {
    const { rules } = this;
    const { mineLow, mineHigh, low, high, ply } = position;
    if (ply < rules.cells) {
      const safe = this.safeCells(position);
      if (!safe.low && !safe.high) return NO;
    }
    if (ply >= rules.cells - 2) return question ? NO : YES;
    const ownLow = question ? mineLow ^ low : mineLow, ownHigh = question ? mineHigh ^ high : mineHigh;
    const canLine = rules.hasLine(WORD_MASK & ~ownLow, WORD_MASK & ~ownHigh, null);
    if (!canLine) return question ? NO : YES;
    return ply % 2 ? UNKNOWN : this.followUpAnswer(position, question);
  }

  /** NO if answering in pairs of cells refutes the question, else UNKNOWN. */
  followUpAnswer(position, question) {
    const { rules } = this;
    const { mineLow, mineHigh, low, high } = position;
    const landing = this.landing(position);
    const oddLow = landing.low & EVEN_ROWS.low, oddHigh = landing.high & EVEN_ROWS.high;
    const emptyLow = WORD_MASK & ~low, emptyHigh = WORD_MASK & ~high;
    const mine = [mineLow | (emptyLow & ODD_ROWS.low) | oddLow,
      mineHigh | (emptyHigh & ODD_ROWS.high) | oddHigh];
    if (rules.hasLine(...mine, null)) return UNKNOWN;
    if (question) return NO;
    const theirs = [(mineLow ^ low) | (emptyLow & EVEN_ROWS.low & ~oddLow),
      (mineHigh ^ high) | (emptyHigh & EVEN_ROWS.high & ~oddHigh)];
    return rules.hasLine(...theirs, null) ? NO : UNKNOWN;
  }

  safeMoves(position) {
    const safe = this.safeCells(position);
    let columns = 0;
    for (const word of [safe.low, safe.high]) {
      columns |= (word | (word >> ROW) | (word >> HIGHEST_ROWS)) & ROW_MASK;
    }
    return CENTRAL_FIRST.filter((column) => (columns >> column) & 1);
  }

  orderHint(after) {
    const { mineLow, mineHigh, low, high, ply } = after;
    const threats = this.winningCells(mineLow ^ low, mineHigh ^ high, low, high);
    const landing = this.landing(after);
    const onceLow = threats.low & landing.low, onceHigh = threats.high & landing.high;
    const next = above(onceLow, onceHigh);
    if (several(onceLow, onceHigh) || next.low & threats.low || next.high & threats.high) return SURE;
    const good = ply % 2 ? ODD_ROWS : EVEN_ROWS;
    const odd = bitsIn(threats.low & good.low) + bitsIn(threats.high & good.high);
    return 2 * (bitsIn(threats.low) + bitsIn(threats.high)) + odd;
  }

  key(position) {
    const own = super.key(position);
    if (position.ply > MIRRORED_PLIES) return own;
    const turned = {};
    for (const word of ["mineLow", "mineHigh", "low", "high"]) {
      turned[word] = mirroredWord(position[word]);
    }
    const other = super.key(turned);
    return own < other ? own : other;
  }
}

function makeRules(agent) {
  return new LineGame(agent);
}
