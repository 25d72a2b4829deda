// The pattern network, one position at a time; see rlhf_agents/compiled_network.py.
"use strict";

const NORM_EPSILON = 1e-5;
const CLOCK_SYMBOLS = 4;
const f = Math.fround;

/** Reads what rlhf_agents/bots/exports/packing.py wrote, in its order. */
class Reader {
  constructor(buffer) {
    this.view = new DataView(buffer);
    this.place = 0;
  }

  list(count, kind, size) {
    const first = this.place;
    this.place += count * size;
    return Array.from({ length: count }, (_, i) => this.view[kind](first + i * size, true));
  }

  int8(count) {
    return this.list(count, "getInt8", 1);
  }

  uint16(count) {
    return this.list(count, "getUint16", 2);
  }

  half(count) {
    return Float32Array.from(this.uint16(count), (bits) => {
      const [exponent, digits] = [(bits >> 10) & 31, bits & 1023];
      const size = exponent === 0 ? digits * 2 ** -24 : (1 + digits / 1024) * 2 ** (exponent - 15);
      return bits >> 15 ? -size : size;
    });
  }
}

/** An asymmetric numeral system in many lanes: whole numbers, one after the other. */
class Decoder {
  constructor(reader, coding, beyond) {
    const { most, lanes, classes, bits } = coding;
    Object.assign(this, { most, bits, place: 2 * lanes, lane: 0, beyond: 0 });
    this.mask = 2 ** bits - 1;
    this.shares = Array.from({ length: classes }, () => reader.uint16(2 * most + 2));
    this.escapes = reader.list(beyond, "getInt32", 4);
    this.words = reader.uint16((reader.view.byteLength - reader.place) / 2);
    this.state = Array.from({ length: lanes }, (_, i) => this.words[2 * i] + this.words[2 * i + 1] * 65536);
    this.starts = this.shares.map((shares) => {
      let sum = 0;
      return shares.map((share) => (sum += share) - share);
    });
    this.symbols = this.shares.map((shares) => shares.flatMap((share, symbol) => Array(share).fill(symbol)));
  }

  next(kind) {
    const before = this.state[this.lane];
    const slot = before & this.mask;
    const symbol = this.symbols[kind][slot];
    let state = this.shares[kind][symbol] * Math.floor(before / (this.mask + 1));
    state += slot - this.starts[kind][symbol];
    if (state < 65536) state = state * 65536 + this.words[this.place++];
    this.state[this.lane] = state;
    this.lane = (this.lane + 1) % this.state.length;
    return symbol > 2 * this.most ? this.escapes[this.beyond++] : symbol - this.most;
  }
}

class Network {
  /** `agent` is what the page carries beside the weights, `buffer` the unpacked weights. */
  constructor(agent, buffer) {
    const { width, depth, goals, actions, tableRows } = agent.sizes;
    const reader = new Reader(buffer);
    this.windows = Int32Array.from(agent.windows.flat());
    this.windowLength = agent.windows[0].length;
    this.parents = agent.parents;
    this.width = width;
    this.depth = depth;
    this.nGoals = goals;
    this.nActions = actions;
    this.scale = reader.half((depth + 1) * width);
    this.shift = reader.half((depth + 1) * width);
    this.bias = reader.half(depth * width);
    this.headBias = reader.half(2 * goals * actions);
    const sizes = [tableRows, ...Array(depth).fill(width), 2 * goals * actions];
    const [table, ...others] = this.matrices(reader, agent.coding, sizes);
    this.table = table;
    this.heads = others.pop();
    this.dense = others; // by layer: [output, input]
    this.sums = new Float64Array(width);
  }

  /** Return the matrices with these numbers of rows. */
  matrices(reader, coding, sizes) {
    const { width } = this;
    const lists = () => sizes.map(() => reader.int8(width));
    const ofRows = () => sizes.map((rows) => reader.int8(rows));
    const [beyond] = reader.list(1, "getUint32", 4);
    const [columns, columnKinds, steps, rowKinds] = [lists(), lists(), ofRows(), ofRows()];
    const decoder = new Decoder(reader, coding, beyond);
    return sizes.map((rows, one) => {
      const matrix = new Float32Array(rows * width);
      for (let row = 0; row < rows; row++) {
        if (rowKinds[one][row] === 0) continue;
        const step = 2 ** (steps[one][row] >> 1) * (steps[one][row] & 1 ? 1.5 : 1);
        for (let d = 0; d < width; d++) {
          const kind = rowKinds[one][row] + columnKinds[one][d];
          const number = decoder.next(Math.min(Math.max(kind, 1), coding.classes - 1));
          matrix[row * width + d] = number * step * 2 ** columns[one][d];
        }
      }
      return matrix;
    });
  }

  /** Compute the last hidden layer of a position into `out`. */
  hidden(symbols, plies, out) {
    const { width, depth, dense, bias, sums } = this;
    this.embed(symbols, plies, out);
    this.normalise(out, 0);
    for (let layer = 0; layer < depth; layer++) {
      for (let output = 0; output < width; output++) {
        const first = output * width;
        let sum = bias[layer * width + output];
        for (let d = 0; d < width; d++) sum += dense[layer][first + d] * out[d];
        sums[output] = sum;
      }
      out.set(sums);
      this.normalise(out, layer + 1);
    }
  }

  /** Sum the table rows of all windows of a position into `out`. */
  embed(symbols, plies, out) {
    const { width, windows, windowLength, table, sums } = this;
    const cells = symbols.length - CLOCK_SYMBOLS;
    for (let digit = 0; digit < CLOCK_SYMBOLS; digit++) {
      symbols[cells + digit] = (plies >> (2 * digit)) & 3;
    }
    sums.fill(0);
    for (let first = 0; first < windows.length; first += windowLength) {
      let row = first / windowLength;
      for (let k = 0; k < windowLength; k++) row = 4 * row + symbols[windows[first + k]];
      const start = row * width;
      for (let d = 0; d < width; d++) sums[d] += table[start + d]; // exact in any order
    }
    out.set(sums);
  }

  /** Apply layer normalisation and ReLU in place. */
  normalise(values, layer) {
    const { width, scale, shift } = this;
    let total = 0;
    for (let d = 0; d < width; d++) total += values[d];
    const mean = total / width;
    let squares = 0;
    for (let d = 0; d < width; d++) squares += (values[d] - mean) * (values[d] - mean);
    const factor = 1 / Math.sqrt(squares / width + NORM_EPSILON);
    const first = layer * width;
    for (let d = 0; d < width; d++) {
      const value = (values[d] - mean) * factor * scale[first + d] + shift[first + d];
      values[d] = Math.max(value, 0);
    }
  }

  /**
   * Return the probability that a seat reaches `goal` after `action`. Every step is rounded to 32
   * bits as in the compiled network: near 1 there are few numbers, and ties have to be the same.
   */
  value(features, seat, goal, action) {
    const { width, heads } = this;
    let value = 1;
    while (goal >= 0) {
      const row = (seat * this.nGoals + goal) * this.nActions + action;
      let logit = this.headBias[row];
      for (let d = 0; d < width; d++) logit += heads[row * width + d] * features[d];
      value = f(value * f(1 / f(1 + f(Math.exp(-f(logit))))));
      goal = this.parents[goal];
    }
    return value;
  }
}
