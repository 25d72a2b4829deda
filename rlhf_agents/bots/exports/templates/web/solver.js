// Proofs by alpha-beta with two answers, function by function those of rlhf_agents/search/solver.py,
// bounds.py and root_proofs.py. Does the mover get at least a win (question 1), a draw (0)?
"use strict";

const NO = 0, YES = 1, UNKNOWN = 2;
const SURE = 2 ** 40, UNLIMITED = 2 ** 20;
const TABLE_PLIES = 6, LOOK_PLIES = 12;
const LEAST_EVALUATIONS = 100, NODES_PER_EVALUATION = 100, MOVE_NODES = 3000;
const FIRST_SHARE = 0.75, LIKELY_LOST = 0.35, BLUR = 0.01;
const PAUSE_NODES = 128; // between two looks at the clock

/** What the solver asks of a game; games override what pays for them. */
class SolverRules {
  constructor(rules) {
    this.rules = rules;
    this.deepens = false;
    this.proofPlies = 16;
  }

  quickAnswer(position, question) {
    const over = this.rules.result(position);
    return over === ONGOING ? UNKNOWN : over >= question ? YES : NO;
  }

  safeMoves(position) {
    const moves = [];
    for (let action = 0; action < this.rules.actions; action++) {
      if (this.rules.legal(position, action)) moves.push(action);
    }
    return moves;
  }

  orderHint(after) {
    const over = this.rules.result(after);
    if (over !== ONGOING) return over === -1 ? SURE : 0;
    return -this.safeMoves(after).length;
  }

  key(position) {
    return String.fromCharCode(position.ply, ...position.cells);
  }

  age(position) {
    return position.ply;
  }
}

/** A search that remembers what is proven. Its generators pause after every few nodes. */
class Solver {
  constructor(rules, maxPlies, nodes) {
    this.rules = rules;
    this.hooks = rules.solverRules();
    this.maxPlies = maxPlies;
    this.left = nodes;
    this.table = new Map();
  }

  answerIn(key, question) {
    const flags = this.table.get(key) || 0;
    return (flags >> question) & 1 ? YES : (flags >> question) & 4 ? NO : UNKNOWN;
  }

  remember(key, question, answer) {
    const flags = answer === YES ? (question ? 3 : 1) : question ? 8 : 12;
    this.table.set(key, (this.table.get(key) || 0) | flags);
  }

  /** The key under which failures up to the limit are kept. */
  limited(key, depth) {
    return `${key}/${this.limit - depth + 1}/${this.hope ^ (depth & 1)}`;
  }

  recall(depth, key, question) {
    let answer = this.answerIn(key, question);
    if (answer !== UNKNOWN || this.limit === UNLIMITED) return answer;
    answer = this.answerIn(this.limited(key, depth), question);
    this.touched = this.touched || answer !== UNKNOWN;
    return answer;
  }

  keep(frame, depth, answer) {
    if (frame.key === null) return;
    const failed = ((answer ^ depth) & 1) !== this.hope;
    const key = this.limit !== UNLIMITED && failed ? this.limited(frame.key, depth) : frame.key;
    this.remember(key, (this.question ^ depth) & 1, answer);
  }

  /** Answer a position at once, or list its moves and return UNKNOWN. */
  enter(frame, depth) {
    const { rules, hooks } = this;
    const { position } = frame;
    const question = (this.question ^ depth) & 1;
    if (depth === 0) {
      for (let action = 0; action < rules.actions; action++) {
        if (rules.legal(position, action) && rules.result(rules.play(position, action)) === -1) {
          this.action = action;
          return YES;
        }
      }
    } else {
      const answer = hooks.quickAnswer(position, question);
      if (answer !== UNKNOWN) return answer;
    }
    if (depth >= this.limit) {
      this.touched = true;
      return (1 - this.hope) ^ (depth & 1);
    }
    frame.moves = hooks.safeMoves(position);
    if (frame.moves.length <= 1) return frame.moves.length ? UNKNOWN : NO;
    const left = this.maxPlies - hooks.age(position);
    if (left > TABLE_PLIES) {
      const key = hooks.key(position);
      const answer = depth ? this.recall(depth, key, question) : UNKNOWN;
      if (answer !== UNKNOWN) return answer;
      frame.key = key;
    }
    return this.rank(frame, depth, question, left > LOOK_PLIES);
  }

  /** Put the moves of a position in order; the table may prove or refute some of them. */
  rank(frame, depth, question, look) {
    const ranked = [];
    for (const move of frame.moves) {
      const after = this.rules.play(frame.position, move);
      const hint = this.hooks.orderHint(after);
      if (hint === SURE) {
        frame.moves = [move];
        return YES;
      }
      ranked.push({ hint: depth ? hint : this.order[move], move, after });
    }
    ranked.sort((a, b) => b.hint - a.hint);
    frame.moves = [];
    for (const { move, after } of ranked) {
      const known = look ? this.recall(depth + 1, this.hooks.key(after), 1 - question) : UNKNOWN;
      if (known === NO) {
        frame.moves = [move];
        return YES;
      }
      if (known === UNKNOWN) frame.moves.push(move);
    }
    return frame.moves.length ? UNKNOWN : NO;
  }

  /** Return the answer to a question, UNKNOWN where the budget is used up; sets `action`. */
  *solve(position, question, hope, limit, order, budget) {
    Object.assign(this, { question, hope, limit, order, touched: false, action: null });
    const frames = [{ position, moves: [], tried: 0, key: null }];
    this.visited = 0;
    while (this.visited < budget) {
      if (this.visited % PAUSE_NODES === PAUSE_NODES - 1) yield;
      this.visited += 1;
      const depth = frames.length - 1;
      let answer = this.enter(frames[depth], depth);
      if (answer !== UNKNOWN) {
        this.keep(frames[depth], depth, answer);
        answer = this.carryUp(frames, answer);
      }
      if (answer !== UNKNOWN) return answer;
      const last = frames[frames.length - 1];
      const child = this.rules.play(last.position, last.moves[last.tried]);
      frames.push({ position: child, moves: [], tried: 0, key: null });
    }
    return UNKNOWN;
  }

  /** Leave the positions that are answered; UNKNOWN where another move is to be tried. */
  carryUp(frames, answer) {
    while (frames.length > 1) {
      frames.pop();
      const frame = frames[frames.length - 1];
      if (answer === NO) {
        answer = YES;
      } else {
        frame.tried += 1;
        if (frame.tried < frame.moves.length) return UNKNOWN;
        answer = NO;
      }
      this.keep(frame, frames.length - 1, answer);
    }
    if (answer === YES && this.action === null) this.action = frames[0].moves[frames[0].tried];
    return answer;
  }

  *ask(position, question, order, budget) {
    const limits = this.hooks.deepens ? this.maxPlies + 1 : 1;
    for (let limit = 1; limit <= limits; limit++) {
      for (const hope of this.hooks.deepens ? [YES, NO] : [YES]) {
        const depth = this.hooks.deepens ? limit : UNLIMITED;
        const answer = yield* this.solve(position, question, hope, depth, order, budget);
        budget -= this.visited;
        this.left -= this.visited;
        if (answer === UNKNOWN) return UNKNOWN;
        if (answer === hope || !this.touched) return answer;
        if (budget <= 0) return UNKNOWN;
      }
    }
    return UNKNOWN;
  }
}

/** The least and the largest value of each legal move of a position: -1, 0 or 1. */
class Bounds {
  constructor(rules, position) {
    const actions = Array.from({ length: rules.actions }, (_, action) => action);
    this.legal = actions.filter((action) => rules.legal(position, action));
    this.low = new Int8Array(rules.actions).fill(-1);
    this.high = new Int8Array(rules.actions).fill(1);
  }

  most(values) {
    return Math.max(...this.legal.map((action) => values[action]));
  }

  settled() {
    return this.most(this.low) === this.most(this.high);
  }

  answers(question) {
    return this.most(this.low) >= question || this.most(this.high) < question;
  }

  learn(question, answer, action) {
    if (answer === NO) this.high = this.high.map((value) => Math.min(value, question - 1));
    else if (answer === YES && action !== null) {
      this.low[action] = Math.max(this.low[action], question);
    }
  }

  ofMove(action) {
    return this.low[action] === this.high[action];
  }

  /** Return what the moves are worth to the mover, moved within the bounds. */
  applied(values, hopes) {
    const top = this.most(this.low), settled = this.settled();
    const below = ((1 - BLUR) * (top + 1)) / 2 - BLUR;
    return values.map((value, action) => {
      if (value !== value) return value;
      const low = this.low[action], high = this.high[action];
      const inside = Math.min(Math.max(value, (low + 1) / 2), (high + 1) / 2);
      const order = low === high && low < 1 ? hopes[action] : value;
      let found = value;
      if (low > -1 || high < 1) found = (1 - BLUR) * inside + f(f(BLUR) * order);
      return f(settled && low < top ? Math.min(found, below) : found);
    });
  }
}

/** Narrow the bounds `own` of one move by an answer about the position after it. */
function narrow(own, question, answer) {
  if (answer === YES) own.high = Math.min(own.high, -question);
  else if (answer === NO) own.low = Math.max(own.low, 1 - question);
}

/** Narrow the bounds of the move to an unfinished position; return the nodes that it took. */
function* proveMove(solver, after, order, budget, own) {
  const key = solver.hooks.key(after);
  for (const question of [0, 1]) narrow(own, question, solver.answerIn(key, question));
  let spent = 0;
  for (const question of [0, 1]) {
    if (own.high <= -question || own.low >= 1 - question || budget <= 0) continue;
    const answer = yield* solver.solve(after, question, YES, UNLIMITED, order, budget);
    spent += solver.visited;
    narrow(own, question, answer);
  }
  return spent;
}

/** Narrow the bounds of single moves, within a few nodes. */
function* proveMoves(solver, position, bounds) {
  const { rules } = solver;
  const own = bounds.legal.map((action) => {
    const after = rules.play(position, action), over = rules.result(after);
    return over === ONGOING ? { after, low: -1, high: 1 } : { after, low: -over, high: -over };
  });
  const order = new Array(rules.actions).fill(0);
  let left = MOVE_NODES, count = own.filter(({ low, high }) => low < high).length;
  for (let turn = 0; turn < 2; turn++) {
    let open = 0;
    for (const one of own) {
      if (one.low >= one.high) continue;
      left -= yield* proveMove(solver, one.after, order, Math.floor(left / (2 * count)), one);
      count -= 1;
      open += one.low < one.high ? 1 : 0;
    }
    count = open;
  }
  bounds.legal.forEach((action, k) => {
    bounds.low[action] = Math.max(bounds.low[action], own[k].low);
    bounds.high[action] = Math.min(bounds.high[action], own[k].high);
  });
}

/** Rank of each action by values that are NaN where illegal: the best are tried first. */
function ranks(values) {
  const worth = values.map((value) => (value === value ? value : -1));
  const order = worth.map((_, action) => action).sort((a, b) => worth[a] - worth[b] || a - b);
  const found = new Array(values.length);
  order.forEach((action, rank) => (found[action] = rank));
  return found;
}

/** Yield the bounds of moves, better and better and now and then unchanged. */
function* proofs(rules, facts, position, values, evaluations) {
  const hooks = rules.solverRules();
  const left = facts.maxPlies - hooks.age(position);
  if (evaluations < LEAST_EVALUATIONS || left > hooks.proofPlies) return;
  const solver = new Solver(rules, facts.maxPlies, NODES_PER_EVALUATION * evaluations);
  const bounds = new Bounds(rules, position), order = ranks(values);
  const questions = facts.draws ? [1, 0] : [1];
  if (bounds.most(values) < LIKELY_LOST) questions.reverse();
  const [first, ...others] = questions;
  const plan = [[first, others.length ? FIRST_SHARE : 1]];
  for (const question of [...others, first]) plan.push([question, 1]);
  for (const [question, share] of plan) {
    if (bounds.settled() || bounds.answers(question)) continue;
    const asked = solver.ask(position, question, order, Math.floor(share * solver.left));
    let step = asked.next();
    for (; !step.done; step = asked.next()) yield bounds;
    bounds.learn(question, step.value, solver.action);
    yield bounds;
  }
  for (const _ of proveMoves(solver, position, bounds)) yield bounds;
  yield bounds;
}
