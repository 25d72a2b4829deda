// The tree search, function by function that of rlhf_agents/search/tree.py and searcher.py.
// Numbers are rounded to 32 bits (`f`) where the compiled search keeps 32 bits.
"use strict";

const WIN = 0;
const ONGOING = 2;
const IMPOSSIBLE = -1;
const UNEXPANDED = -1, ILLEGAL = -2, DECIDED = -3;
const DECISIVE = 0.5;
const OUT_OF_REACH = 0.01;
const AT_ONCE = 0.3, LEAST = 1e-6, ERRORS = 0.5, AS_GOOD = 1e-3, TIE_SHARE = 1e-3;
const TREE_SHARE = 0.6; // of the time of a move, where the rest goes into proofs

/** Nodes in order of expansion. Values are those of the player whose goal it is. */
class Tree {
  constructor(capacity, actions) {
    const edges = capacity * actions;
    this.actions = actions;
    this.positions = new Array(capacity);
    this.child = new Int32Array(edges).fill(ILLEGAL);
    this.value = new Float32Array(edges);
    this.mean = new Float32Array(edges);
    this.exact = new Uint8Array(edges);
    this.visits = new Int32Array(edges);
    this.reply = new Float32Array(edges);
    this.parent = new Int32Array(capacity).fill(-1);
    this.action = new Int32Array(capacity).fill(-1);
    this.ours = new Uint8Array(capacity);
  }
}

/** A tree that grows for one goal of the root's mover. */
class Search {
  constructor(rules, network, goals, position, goal, nodes) {
    this.rules = rules;
    this.network = network;
    this.goals = goals;
    this.goal = goal;
    this.zeroSum = goals.zeroSum[goal];
    this.drawValue = f(goals.drawValue[goal]);
    this.discount = f(this.zeroSum ? goals.discount : 1);
    this.tree = new Tree(Math.max(nodes, rules.actions + 1), rules.actions);
    this.symbols = new Int32Array(rules.cells + CLOCK_SYMBOLS);
    this.features = new Float32Array(network.width);
    this.begin(position, nodes > 0);
  }

  discounted(value) {
    return f(this.drawValue + f(this.discount * f(value - this.drawValue)));
  }

  /** What a finished game is worth to a goal of `seat`. */
  payoff(position, seat, goal) {
    const draw = f(this.goals.drawValue[goal]);
    if (this.rules.result(position) === 0 && draw > 0) return draw;
    return this.rules.verdict(position, seat, goal) === 1 ? 1 : 0;
  }

  /** The value of a goal if the rules alone decide it, else null. */
  decidedValue(position, seat, goal) {
    if (this.rules.result(position) !== ONGOING) return this.payoff(position, seat, goal);
    if (this.goals.zeroSum[goal]) return null;
    const verdict = this.rules.verdict(position, seat, goal);
    return verdict === 0 ? null : verdict === 1 ? 1 : 0;
  }

  /** The network's value of a move to the player whose goal it is. */
  edgeGuess(ours, action) {
    if (this.zeroSum) {
      const value = this.network.value(this.features, 0, this.goal, action);
      return ours ? value : f(1 - value);
    }
    return this.network.value(this.features, ours ? 0 : 1, this.goal, action);
  }

  /** Evaluate a node; return whether its mover wins at once. */
  expand(node) {
    const { tree, rules } = this;
    const position = tree.positions[node];
    rules.symbols(position, this.symbols);
    this.network.hidden(this.symbols, rules.plies(position), this.features);
    for (let action = 0; action < tree.actions; action++) {
      const edge = node * tree.actions + action;
      if (rules.legal(position, action)) this.guessEdge(node, action, edge);
      else tree.child[edge] = ILLEGAL;
    }
    return this.fillReplies(node);
  }

  guessEdge(node, action, edge) {
    const { tree } = this;
    const ours = tree.ours[node] === 1;
    const after = this.rules.play(tree.positions[node], action);
    let own = this.decidedValue(after, 1, WIN);
    if (own === null) own = this.network.value(this.features, 0, WIN, action);
    tree.reply[edge] = own;
    const known = this.decidedValue(after, ours ? 1 : 0, this.goal);
    tree.child[edge] = known === null ? UNEXPANDED : DECIDED;
    tree.exact[edge] = known === null ? 0 : 1;
    if (known !== null) tree.value[edge] = this.discounted(known);
    else if (this.goal === WIN) tree.value[edge] = ours ? own : f(1 - own);
    else tree.value[edge] = this.edgeGuess(ours, action);
    tree.mean[edge] = tree.value[edge];
  }

  /** Turn the mover's own `win` values into probabilities. */
  fillReplies(node) {
    const { child, reply, actions } = this.tree;
    const first = node * actions;
    let best = -1, total = 0;
    for (let edge = first; edge < first + actions; edge++) {
      if (child[edge] !== ILLEGAL) best = Math.max(best, reply[edge]);
    }
    for (let edge = first; edge < first + actions; edge++) {
      if (child[edge] === ILLEGAL) reply[edge] = 0;
      else reply[edge] = Math.exp((reply[edge] - best) / f(this.goals.temperature));
      total += reply[edge];
    }
    for (let edge = first; edge < first + actions; edge++) reply[edge] /= total;
    return best >= 1;
  }

  /** Make a reply unlikely after which we win at once: the opponent sees that. */
  avoidBlunder(node, action) {
    const { reply, actions } = this.tree;
    const first = node * actions;
    const kept = Math.max(f(Math.exp(-f(AT_ONCE) / f(this.goals.temperature))), f(LEAST));
    const lost = f(f(1 - kept) * reply[first + action]);
    reply[first + action] -= lost;
    for (let edge = first; edge < first + actions; edge++) reply[edge] /= f(1 - lost);
  }

  /** What a node is worth against an opponent that errs; `hopes` are those of its children. */
  hopeOfNode(node, hopes) {
    const { child, value, reply, actions, ours } = this.tree;
    let best = -9, most = -9, likely = 0, total = 0, count = 0;
    for (let edge = node * actions; edge < (node + 1) * actions; edge++) {
      if (child[edge] !== ILLEGAL) best = Math.max(best, value[edge]);
    }
    for (let edge = node * actions; edge < (node + 1) * actions; edge++) {
      if (child[edge] === ILLEGAL) continue;
      const hope = child[edge] >= 0 ? hopes[child[edge]] : value[edge];
      if (value[edge] >= f(best - f(AS_GOOD))) most = Math.max(most, hope);
      likely = f(likely + f(reply[edge] * hope));
      total = f(total + hope);
      count++;
    }
    return ours[node] ? most : f(likely + f(f(ERRORS) * f(f(total / count) - likely)));
  }

  /** What may be hoped for after each move at the root. */
  hopes() {
    const { child, value, actions } = this.tree;
    const hopes = new Float32Array(this.used);
    for (let node = this.used - 1; node > 0; node--) hopes[node] = this.hopeOfNode(node, hopes);
    return Array.from({ length: actions }, (_, a) => (child[a] >= 0 ? hopes[child[a]] : value[a]));
  }

  /** Return the best value for a chooser of `sign`, if it is exact, and if all moves are. */
  extremeValue(node, sign) {
    const { child, value, exact, actions } = this.tree;
    let best = -2, bestExact = false, allExact = true;
    for (let edge = node * actions; edge < (node + 1) * actions; edge++) {
      if (child[edge] === ILLEGAL) continue;
      const worth = sign * value[edge];
      allExact = allExact && exact[edge] === 1;
      if (worth > best || (worth === best && exact[edge])) {
        best = worth;
        bestExact = exact[edge] === 1;
      }
    }
    return [sign * best, bestExact, allExact];
  }

  /** Return what a node is worth, and whether that is exact. */
  nodeValue(node) {
    const { child, value, reply, actions, ours } = this.tree;
    if (ours[node] || this.zeroSum) {
      const sign = ours[node] ? 1 : -1;
      const [best, bestExact, allExact] = this.extremeValue(node, sign);
      return [best, allExact || (bestExact && (best - DECISIVE) * sign > 0)];
    }
    const [worst, , allExact] = this.extremeValue(node, -1);
    let above = 0;
    for (let edge = node * actions; edge < (node + 1) * actions; edge++) {
      if (child[edge] !== ILLEGAL) above = f(above + f(reply[edge] * f(value[edge] - worst)));
    }
    return [f(worst + f(f(1 - f(this.goals.paranoia)) * above)), allExact];
  }

  /** Return the move that the walk follows, -1 if all are exact. */
  chooseEdge(node) {
    const { child, value, exact, visits, reply, actions, ours } = this.tree;
    const first = node * actions;
    const explore = f(this.goals.explore);
    let total = 1, best = -1, bestScore = -1e9;
    for (let edge = first; edge < first + actions; edge++) total += visits[edge];
    for (let edge = first; edge < first + actions; edge++) {
      if (child[edge] === ILLEGAL || exact[edge]) continue;
      const seen = 1 + visits[edge];
      let score = reply[edge] / seen;
      if (ours[node] || this.zeroSum) {
        const worth = ours[node] ? value[edge] : -value[edge];
        score = worth + (explore * Math.sqrt(total)) / seen;
      }
      if (score > bestScore) {
        best = edge - first;
        bestScore = score;
      }
    }
    return best;
  }

  /** Carry the value of a new node up to the root. */
  backUp(node) {
    const { tree } = this;
    const share = f(this.goals.averaging);
    let [value, exact] = this.nodeValue(node);
    let leaf = value;
    while (tree.parent[node] >= 0) {
      const edge = tree.parent[node] * tree.actions + tree.action[node];
      tree.visits[edge] += 1;
      const weight = f(1 / (tree.visits[edge] + 1));
      leaf = this.discounted(leaf);
      tree.mean[edge] += f(weight * f(leaf - tree.mean[edge]));
      value = this.discounted(value);
      if (!exact) value = f(value + f(share * f(tree.mean[edge] - value)));
      tree.value[edge] = value;
      tree.exact[edge] = exact ? 1 : 0;
      node = tree.parent[node];
      [value, exact] = this.nodeValue(node);
    }
  }

  addChild(node, action) {
    const { tree } = this;
    const fresh = this.used++;
    tree.positions[fresh] = this.rules.play(tree.positions[node], action);
    tree.parent[fresh] = node;
    tree.action[fresh] = action;
    tree.ours[fresh] = 1 - tree.ours[node];
    tree.child[node * tree.actions + action] = fresh;
    const wins = this.expand(fresh);
    if (wins && !tree.ours[node] && !this.zeroSum) this.avoidBlunder(node, action);
    this.backUp(fresh);
  }

  /** Follow the best moves to one that is not expanded; null if the root is exact. */
  walk() {
    let node = 0;
    for (;;) {
      const action = this.chooseEdge(node);
      if (action < 0) return null;
      const next = this.tree.child[node * this.tree.actions + action];
      if (next === UNEXPANDED) return [node, action];
      node = next;
    }
  }

  begin(position, ahead) {
    this.tree.positions[0] = position;
    this.tree.ours[0] = 1;
    this.used = 1;
    this.expand(0);
    for (let action = 0; ahead && action < this.rules.actions; action++) {
      if (this.tree.child[action] === UNEXPANDED) this.addChild(0, action);
    }
  }

  /** Let the tree grow until `enough()` or to `nodes`; return whether it is complete. */
  grow(nodes, enough) {
    while (this.used < nodes && !this.nodeValue(0)[1]) {
      if (enough()) return false;
      const place = this.walk();
      if (place === null) break;
      this.addChild(...place);
    }
    return true;
  }

  /** Give the root's moves the network's own values, whatever the rules decide. */
  trustNetwork() {
    for (let action = 0; action < this.rules.actions; action++) {
      if (this.tree.child[action] !== ILLEGAL) {
        this.tree.value[action] = this.edgeGuess(true, action);
      }
    }
  }

  /** Return the values of all moves, NaN where illegal; equal ones that are exact are told apart. */
  values() {
    const { child, value, exact, actions } = this.tree;
    const known = Array.from({ length: actions }, (_, a) => (child[a] === ILLEGAL ? NaN : value[a]));
    if (!known.some((_, a) => exact[a])) return known;
    const hopes = this.hopes();
    return known.map((v, a) => (exact[a] ? f(v + f(f(TIE_SHARE) * f(hopes[a] - v))) : v));
  }

  /** Return the moves that the tree expects, beginning with `action`. */
  expectedLine(action) {
    const { child, value, reply, visits, ours, actions } = this.tree;
    const line = [action];
    let node = child[action];
    while (node >= 0) {
      const first = node * actions;
      let best = -1, bestWish = -Infinity, visited = false;
      for (let edge = first; edge < first + actions; edge++) {
        visited = visited || visits[edge] > 0;
        if (child[edge] === ILLEGAL) continue;
        const wish = ours[node] ? value[edge] : this.zeroSum ? -value[edge] : reply[edge];
        if (wish > bestWish) {
          best = edge - first;
          bestWish = wish;
        }
      }
      if (best < 0 || !visited) break;
      line.push(best);
      node = child[first + best];
    }
    return line;
  }
}

/** Return the best action; ties go to the middle of the action order. */
function bestAction(values) {
  const middle = (values.length - 1) / 2;
  const order = values.map((_, action) => action);
  order.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle) || a - b);
  let best = order[0], most = -Infinity;
  for (const action of order) {
    if (values[action] > most) {
      best = action;
      most = values[action];
    }
  }
  return best;
}

/** An agent: rules, a network, and how goals are valued. */
class Agent {
  constructor(agent, buffer) {
    this.rules = makeRules(agent);
    this.network = new Network(agent, buffer);
    this.goals = agent.foresight;
    this.facts = agent.board;
  }

  /**
   * Explain the choice in an unfinished position better and better: yield after every `slice`
   * milliseconds; the last is the choice. Goals out of reach give way to `win`.
   * `strength` may end the search after its seconds, and weaken it, see handicap.js.
   */
  *think(position, goal, nodes, slice = Infinity, strength = null) {
    const limit = strength && strength.seconds ? 1000 * strength.seconds : Infinity;
    const begun = performance.now(), over = begun + limit;
    const weak = strength !== null && strength.noise > 0;
    const possible = this.rules.verdict(position, 0, goal) !== IMPOSSIBLE;
    const pursued = possible ? goal : WIN;
    let spent = 0;
    for (const instead of pursued === WIN ? [WIN] : [pursued, WIN]) {
      const search = new Search(this.rules, this.network, this.goals, position, instead, nodes);
      if (nodes === 0) search.trustNetwork();
      const treeOver = begun + TREE_SHARE * limit;
      for (let done = false; !done; ) {
        const end = Math.min(performance.now() + slice, treeOver);
        done = search.grow(nodes, () => performance.now() > end) || performance.now() > treeOver;
        yield this.thought(search, instead, spent, nodes > 0, strength);
      }
      const best = Math.max(...search.values().filter((value) => value === value));
      if (instead !== WIN && best >= OUT_OF_REACH) return;
      if (instead === WIN && !weak) yield* this.prove(search, spent, nodes, slice, over);
      spent += search.used;
    }
  }

  /** Yield thoughts that know what is proven of the moves. */
  *prove(search, spent, nodes, slice, over) {
    const position = search.tree.positions[0];
    let shown = performance.now(), last = null;
    for (const bounds of proofs(this.rules, this.facts, position, search.values(), nodes)) {
      last = bounds;
      const now = performance.now();
      if (now > over) break;
      if (now - shown < slice) continue;
      shown = now;
      yield this.thought(search, WIN, spent, true, null, bounds);
    }
    if (last !== null) yield this.thought(search, WIN, spent, true, null, last);
  }

  thought(search, goal, spent, lookedAhead, strength, bounds = null) {
    const weak = strength !== null && strength.noise > 0;
    let judged = weak ? misjudged(search, strength) : search.values();
    if (bounds !== null) judged = bounds.applied(judged, search.hopes());
    const values = weak ? judged.map(shownValue) : judged;
    const action = bestAction(judged);
    const line = lookedAhead ? search.expectedLine(action) : [action];
    const exact = search.tree.exact[action] === 1;
    const proven = lookedAhead && !weak && (exact || (bounds !== null && bounds.ofMove(action)));
    const plies = proven && exact ? pliesToEnd(search, action) : null;
    return { action, values, line, goal, proven, plies, nodes: spent + search.used };
  }

  /** Return the last of `think`. */
  choose(position, goal, nodes) {
    let last = null;
    for (const thought of this.think(position, goal, nodes)) last = thought;
    return last;
  }

  /** Return the value of every goal of the mover if it were asked, no search. */
  reach(position) {
    return this.network.parents.map((_, goal) => {
      const verdict = this.rules.verdict(position, 0, goal);
      if (verdict !== 0) return verdict === 1 ? 1 : 0;
      const search = new Search(this.rules, this.network, this.goals, position, goal, 0);
      return search.nodeValue(0)[0];
    });
  }
}
