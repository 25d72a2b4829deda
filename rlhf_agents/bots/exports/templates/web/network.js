// The pattern network, one position at a time; see rlhf_agents/compiled_network.py.
"use strict";

const NORM_EPSILON = 1e-5;
const CLOCK_SYMBOLS = 4;
const f = Math.fround;

/** Turn base64 text with zlib data into bytes. */
async function unpacked(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

/** Reads the arrays of rlhf_agents/bots/exports/quantize_web.py, in their order. */
class ArrayReader {
  constructor(buffer) {
    this.buffer = buffer;
    this.place = 0;
  }

  bytes(count) {
    this.place += count;
    return this.buffer.slice(this.place - count, this.place);
  }

  int8(count) {
    return new Int8Array(this.bytes(count));
  }

  float32(count) {
    const view = new DataView(this.bytes(4 * count));
    return Float32Array.from({ length: count }, (_, i) => view.getFloat32(4 * i, true));
  }

  /** Rows of whole numbers, each times its own scale. */
  scaled(rows, width) {
    const scales = this.float32(rows);
    const numbers = this.int8(rows * width);
    return Float32Array.from(numbers, (number, i) => number * scales[(i / width) | 0]);
  }
}

class Network {
  /** `agent` is what the page carries beside the weights, `buffer` the unpacked weights. */
  constructor(agent, buffer) {
    const { width, depth, goals, actions, tableRows } = agent.sizes;
    const reader = new ArrayReader(buffer);
    this.windows = Int32Array.from(agent.windows.flat());
    this.windowLength = agent.windows[0].length;
    this.parents = agent.parents;
    this.width = width;
    this.depth = depth;
    this.nGoals = goals;
    this.nActions = actions;
    this.readTable(reader, tableRows);
    this.scale = reader.float32((depth + 1) * width);
    this.shift = reader.float32((depth + 1) * width);
    this.bias = reader.float32(depth * width);
    this.headBias = reader.float32(2 * goals * actions);
    this.dense = reader.scaled(depth * width, width); // [layer, output, input]
    this.heads = reader.scaled(2 * goals * actions, width);
    this.sums = new Float64Array(width);
  }

  /** The table is whole numbers times a power of two: its sums have no rounding. */
  readTable(reader, rows) {
    this.step = reader.float32(1)[0];
    const kept = new Uint8Array(reader.bytes(Math.ceil(rows / 8)));
    this.rowOf = new Int32Array(rows).fill(-1);
    let count = 0;
    for (let row = 0; row < rows; row++) {
      if ((kept[row >> 3] >> (row & 7)) & 1) this.rowOf[row] = count++;
    }
    this.table = reader.int8(count * this.width);
  }

  /** Compute the last hidden layer of a position into `out`. */
  hidden(symbols, plies, out) {
    const { width, depth, dense, bias, sums } = this;
    this.embed(symbols, plies, out);
    this.normalise(out, 0);
    for (let layer = 0; layer < depth; layer++) {
      for (let output = 0; output < width; output++) {
        const first = (layer * width + output) * width;
        let sum = bias[layer * width + output];
        for (let d = 0; d < width; d++) sum += dense[first + d] * out[d];
        sums[output] = sum;
      }
      out.set(sums);
      this.normalise(out, layer + 1);
    }
  }

  /** Sum the table rows of all windows of a position into `out`. */
  embed(symbols, plies, out) {
    const { width, windows, windowLength, rowOf, table, sums } = this;
    const cells = symbols.length - CLOCK_SYMBOLS;
    for (let digit = 0; digit < CLOCK_SYMBOLS; digit++) {
      symbols[cells + digit] = (plies >> (2 * digit)) & 3;
    }
    sums.fill(0);
    for (let first = 0; first < windows.length; first += windowLength) {
      let row = first / windowLength;
      for (let k = 0; k < windowLength; k++) row = 4 * row + symbols[windows[first + k]];
      if (rowOf[row] < 0) continue;
      const start = rowOf[row] * width;
      for (let d = 0; d < width; d++) sums[d] += table[start + d];
    }
    for (let d = 0; d < width; d++) out[d] = sums[d] * this.step;
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
