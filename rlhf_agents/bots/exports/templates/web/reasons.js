// Mistakes in words, by the rules: see rlhf_agents/play/reasons.py, whose sentences these are.
"use strict";

const LINE_STEPS = [["row", 0, 1], ["column", 1, 0], ["diagonal", 1, 1], ["diagonal", 1, -1]];

/** What the rules say of the moves of a game; `names` are those of the first and the second player. */
class Reasons {
  constructor(agent, rules) {
    this.rules = rules;
    this.told = agent.reasons;
    this.names = agent.actionNames;
    this.lineLength = agent.board.lineLength;
    this.isColumns = agent.board.gravity;
  }

  /** Return what was wrong with a move of `seat`; `before` and `after` are the values of both. */
  reason(position, seat, { played, better, before, after }) {
    const { limits } = this.told;
    const byRules = this.tactics(position, seat, played, better);
    if (byRules) return byRules;
    if (before >= limits.won && after < limits.won) {
      return this.say(after >= limits.holdable && after < limits.drawn ? "drew" : "gave up");
    }
    if (before >= limits.holdable && after <= limits.lost) return this.say("lost");
    return this.say("fell", { wish: this.told.win, before: percent(before), after: percent(after) });
  }

  say(kind, words = {}) {
    return this.told.sentences[kind].replace(/{(\w+)}/g, (_, name) => words[name]);
  }

  /** Return a sentence about a move of a seat. */
  about(kind, seat, action, line = "") {
    const name = this.names[seat][action];
    return this.say(kind, { move: this.isColumns ? `column ${name}` : name, line });
  }

  tactics(position, seat, played, better) {
    const { rules } = this, wins = this.winning(position);
    if (wins.length && !wins.includes(played)) {
      const line = this.line(position, seat, wins[0]);
      return this.say("missed a win", { how: this.about(line ? "completes" : "wins", seat, wins[0], line) });
    }
    const after = rules.play(position, played), instead = rules.play(position, better);
    if (rules.result(after) !== ONGOING) return "";
    const threats = this.winning(after);
    if (threats.length) return this.allowedWin(position, seat, played, better, threats[0]);
    if (rules.result(instead) !== ONGOING || this.legal(position).length > this.told.limits.widest) return "";
    const doubles = this.doubleThreats(after);
    if (doubles.length && !this.doubleThreats(instead).length) {
      return this.about("allowed double", 1 - seat, doubles[0]);
    }
    const mine = this.doubleThreats(position);
    return mine.includes(better) && !mine.includes(played) ? this.about("missed double", seat, better) : "";
  }

  allowedWin(position, seat, played, better, reply) {
    const after = this.rules.play(position, played), line = this.line(after, 1 - seat, reply);
    if (!line) return this.about("let win", 1 - seat, reply);
    const cell = this.rules.cellOf(after, reply);
    if (this.rules.cellOf(position, better) === cell) return this.about("blocked", seat, better, line);
    const under = this.rules.cellOf(position, played) - this.rules.width;
    if (this.isColumns && cell === under) return this.about("on top", seat, played, line);
    return this.about("let complete", 1 - seat, reply, line);
  }

  legal(position) {
    return Array.from({ length: this.rules.actions }, (_, action) => action)
      .filter((action) => this.rules.legal(position, action));
  }

  /** Return the moves that win at once. */
  winning(position) {
    return this.legal(position).filter((action) => this.rules.result(this.rules.play(position, action)) === -1);
  }

  /** Return the moves after which every reply loses at once. */
  doubleThreats(position) {
    const { rules } = this;
    return this.legal(position).filter((action) => {
      const child = rules.play(position, action);
      if (rules.result(child) !== ONGOING) return false;
      const replies = this.legal(child).map((reply) => rules.play(child, reply));
      return replies.every((one) => rules.result(one) === ONGOING && this.winning(one).length > 0);
    });
  }

  /** Return the line that a winning move of a seat completes, "" in games without lines. */
  line(position, seat, action) {
    const { rules } = this;
    if (!rules.lines) return "";
    const cell = rules.cellOf(position, action), owners = rules.owners(rules.play(position, action));
    const run = (down, right) => {
      let row = Math.floor(cell / rules.width) + down, column = (cell % rules.width) + right, length = 0;
      while (row >= 0 && row < rules.height && column >= 0 && column < rules.width
             && owners[row * rules.width + column] === seat) {
        [row, column, length] = [row + down, column + right, length + 1];
      }
      return length;
    };
    const found = LINE_STEPS.find(([, down, right]) =>
      1 + run(down, right) + run(-down, -right) >= this.lineLength);
    if (!found) return "";
    const count = this.told.numbers[this.lineLength] || this.lineLength;
    return `${count} ${found[0] === "diagonal" ? "on" : "in"} a ${found[0]}`;
  }
}
