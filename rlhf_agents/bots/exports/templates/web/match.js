// A game between a person and the agent: positions, turns, and requests to the worker.
"use strict";

/** The worker, as questions and answers: only the newest question is answered. */
class Thinking {
  constructor(agent, sources, weights) {
    const url = URL.createObjectURL(new Blob(sources, { type: "text/javascript" }));
    this.worker = new Worker(url);
    this.id = 0;
    this.listener = null;
    this.ready = new Promise((resolve, reject) => {
      this.worker.onmessage = ({ data }) => {
        if (data.ready) resolve();
        else if (data.broken) reject(new Error(data.broken));
        else this.tell(data);
      };
      this.worker.onerror = (event) => reject(new Error(event.message));
    });
    this.worker.postMessage({ id: 0, agent, weights });
  }

  tell(answer) {
    if (answer.id === this.id && this.listener) this.listener(answer);
  }

  /** Ask about a position; `listener` hears every answer until the next question. */
  ask(position, goal, strength, listener) {
    this.listener = listener;
    this.worker.postMessage({ id: ++this.id, position, goal, strength });
  }

  stop() {
    this.listener = null;
    this.worker.postMessage({ id: ++this.id });
  }
}

/** The moves of one game; the last of `positions` is on the board. */
class Match {
  constructor(rules) {
    this.rules = rules;
    this.positions = [rules.start()];
    this.actions = [];
  }

  get position() {
    return this.positions[this.positions.length - 1];
  }

  /** Whose turn it is: 0 the first player, 1 the second. */
  get seat() {
    return this.actions.length % 2;
  }

  get isOver() {
    return this.rules.result(this.position) !== ONGOING;
  }

  /** Who won: 0, 1, or -1 for a draw; only in a finished game. */
  get winner() {
    const result = this.rules.result(this.position);
    return result === 0 ? -1 : result === 1 ? this.seat : 1 - this.seat;
  }

  get legal() {
    const actions = Array.from({ length: this.rules.actions }, (_, action) => action);
    return actions.filter((action) => this.rules.legal(this.position, action));
  }

  play(action) {
    if (!this.rules.legal(this.position, action)) return false;
    this.positions.push(this.rules.play(this.position, action));
    this.actions.push(action);
    return true;
  }

  /** The same game up to a ply, to look at or to play on from. */
  upTo(ply) {
    const earlier = new Match(this.rules);
    earlier.positions = this.positions.slice(0, ply + 1);
    earlier.actions = this.actions.slice(0, ply);
    return earlier;
  }

  /** Take back moves until `isMine(seat)` is to move again; return whether there was one. */
  undo(isMine) {
    let count = this.actions.length - 1;
    while (count >= 0 && !isMine(count % 2)) count--;
    if (count < 0) return false;
    this.actions.length = count;
    this.positions.length = count + 1;
    return true;
  }
}
