// Weaker play that stays sensible, as in rlhf_agents/search/handicap.py: what lies far ahead is
// overlooked before what is near. Its random numbers are others, their distribution is the same.
"use strict";

const UNPROVEN = 1000, HALF_FOG = 2, CERTAIN = 1000;

/** Whether a reply in a node wins at once, whatever the network fears more. */
function losesAtOnce({ tree: { child, value, actions } }, node) {
  for (let edge = node * actions; node >= 0 && edge < (node + 1) * actions; edge++) {
    if (child[edge] === DECIDED && value[edge] < DECISIVE) return true;
  }
  return false;
}

/** Return in how many plies the game ends after a move at the root, as far as that is proven. */
function pliesToEnd(search, action) {
  const { child, exact, value, reply, ours, actions } = search.tree;
  if (!exact[action]) {
    return search.zeroSum && losesAtOnce(search, child[action]) ? 2 : UNPROVEN;
  }
  let count = 1;
  for (let node = child[action]; node >= 0; count++) {
    let best = -1, most = -Infinity;
    for (let edge = node * actions; edge < (node + 1) * actions; edge++) {
      if (child[edge] === ILLEGAL || !exact[edge]) continue;
      const wish = ours[node] ? value[edge] : search.zeroSum ? -value[edge] : reply[edge];
      if (wish > most) [best, most] = [edge, wish];
    }
    if (best < 0) break;
    node = child[best];
  }
  return count;
}

/** Return a generator of standard normal numbers that depend on a position and a seed. */
function normals(search, seed) {
  search.rules.symbols(search.tree.positions[0], search.symbols);
  let state = 2166136261 ^ seed;
  for (const symbol of search.symbols) state = Math.imul(state ^ symbol, 16777619);
  const uniform = () => { // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return (((bits ^ (bits >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Return what the moves at the root seem to be worth, for ranking them; NaN where illegal. */
function misjudged(search, { noise, sight, seed }) {
  const values = search.values(), normal = normals(search, seed);
  const best = Math.max(...values.filter((value) => value === value));
  return values.map((value, action) => {
    const error = (search.zeroSum ? noise : noise * best) * normal();
    if (Number.isNaN(value)) return value;
    const plies = pliesToEnd(search, action);
    const fog = 1 - 0.5 ** (Math.max(plies - sight, 0) / HALF_FOG);
    return fog > 0 ? value + fog * error : value + CERTAIN * Math.sign(Math.round(2 * value - 1));
  });
}

/** Return a judged value as a share in [0, 1]. */
function shownValue(judged) {
  const known = Math.abs(judged) > CERTAIN / 2;
  return Math.min(1, Math.max(0, known ? judged - CERTAIN * Math.sign(judged) : judged));
}
