// The board on the screen: buttons in a grid. A spot is what a player presses: a column where stones
// fall, else a cell.
"use strict";

const SEATS = ["amber", "blue"];
/** A share in percent; 0 and 100 only if they are exact. */
const percent = (value) => {
  const whole = Math.round(100 * value);
  return `${value > 0 && value < 1 ? Math.min(99, Math.max(1, whole)) : whole}%`;
};

class Board {
  /** `press(spot)` is called when a player presses a spot. */
  constructor(root, rules, agent, press) {
    this.rules = rules;
    this.agent = agent;
    this.isColumns = agent.board.gravity;
    this.isChecked = agent.game.startsWith("breakthrough");
    this.takes = agent.game.startsWith("othello");
    this.root = root;
    this.flipped = false;
    this.columns = rules.width;
    this.rows = this.isColumns ? 1 : rules.height;
    this.cells = [];
    this.spots = [];
    root.className = this.isColumns ? "columns" : this.isChecked ? "checked" : "cells";
    root.style.setProperty("--columns", rules.width);
    root.style.setProperty("--rows", rules.height);
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", `${agent.title} board; arrow keys move, Enter plays`);
    for (let spot = 0; spot < this.rows * this.columns; spot++) root.append(this.makeSpot(spot));
    root.addEventListener("click", (event) => {
      const button = event.target.closest(".spot");
      if (button) press(this.shown(Number(button.dataset.spot)));
    });
    root.addEventListener("keydown", (event) => this.steer(event));
    this.focusOn(Math.floor(this.spots.length / 2), false);
  }

  makeSpot(spot) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "spot";
    button.dataset.spot = spot;
    button.tabIndex = -1;
    const count = this.isColumns ? this.rules.height : 1;
    for (let k = 0; k < count; k++) {
      const cell = document.createElement("span");
      cell.className = "cell";
      cell.append(document.createElement("i"));
      button.append(cell);
      this.cells[this.isColumns ? k * this.columns + spot : spot] = cell;
    }
    if (this.isColumns) {
      const number = document.createElement("span");
      number.className = "number";
      number.textContent = this.agent.actionNames[0][spot];
      button.append(number);
    }
    const value = document.createElement("span");
    value.className = "value";
    button.append(value);
    this.spots.push(button);
    return button;
  }

  /** The second player of Breakthrough sees the board turned. */
  shown(spot) {
    return this.flipped ? this.spots.length - 1 - spot : spot;
  }

  focusOn(spot, really = true) {
    this.spots.forEach((button, i) => (button.tabIndex = i === spot ? 0 : -1));
    if (really) this.spots[spot].focus();
  }

  steer(event) {
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const button = event.target.closest(".spot");
    if (!button || !steps[event.key]) return;
    const spot = Number(button.dataset.spot), [down, right] = steps[event.key];
    const row = Math.floor(spot / this.columns) + down, column = (spot % this.columns) + right;
    event.preventDefault();
    if (row >= 0 && row < this.rows && column >= 0 && column < this.columns) {
      this.focusOn(row * this.columns + column);
    }
  }

  /**
   * Draw a match. `options`: action to value, best action, the origin chosen in a game of moves,
   * whether a person is to move, what the players are called.
   */
  draw(match, { values, best, origin, mine, names }) {
    const owners = this.rules.owners(match.position);
    const decisive = this.rules.decisiveCells(match.position);
    const before = match.positions[match.positions.length - 2];
    const last = before ? this.rules.pathOf(before, match.actions[match.actions.length - 1]) : [];
    owners.forEach((owner, cell) => {
      const view = this.cells[this.shown(cell)], stone = owner < 0 ? "" : SEATS[owner];
      if (view.dataset.stone !== stone) view.dataset.stone = stone;
      view.classList.toggle("last", last.includes(cell));
      view.classList.toggle("decisive", decisive.includes(cell));
      view.classList.toggle("chosen", cell === origin);
    });
    const worth = this.worthOfSpots(match, values, best, origin);
    this.root.classList.toggle("marked", this.takes || (this.isChecked && origin !== null));
    this.spots.forEach((button, i) => this.label(button, this.shown(i), worth, owners, mine, names));
  }

  /** The discs of both players, "" in games that are not decided by them. */
  countText(position) {
    if (!this.takes) return "";
    const owners = this.rules.owners(position);
    return [0, 1].map((seat) => owners.filter((owner) => owner === seat).length).join(" : ");
  }

  /** Return for every spot what pressing it can gain: { value, best } or undefined. */
  worthOfSpots(match, values, best, origin) {
    const worth = [];
    for (const action of match.legal) {
      const spot = this.spotOf(match, action, origin);
      if (spot === undefined) continue;
      const value = values ? values[action] : undefined;
      const known = worth[spot] || { legal: true, value: undefined, best: false };
      if (value !== undefined && !(known.value >= value)) known.value = value;
      known.best = known.best || action === best;
      worth[spot] = known;
    }
    return worth;
  }

  /** Return the spot to press next for an action. */
  spotOf(match, action, origin) {
    if (this.isColumns) return action;
    const path = this.rules.pathOf(match.position, action);
    if (path.length < 2) return path[0];
    if (origin === null || origin === undefined) return path[0];
    return path[0] === origin ? path[1] : undefined;
  }

  label(button, spot, worth, owners, mine, names) {
    const here = worth[spot], value = here && here.value;
    const text = value === undefined ? "" : percent(value);
    button.classList.toggle("legal", Boolean(here) && mine);
    button.classList.toggle("best", Boolean(here && here.best));
    button.setAttribute("aria-disabled", String(!(here && mine)));
    const label = button.querySelector(".value");
    label.textContent = text;
    label.style.setProperty("--share", value === undefined ? 0 : value);
    const worthText = text && `, worth ${text}${here.best ? ", the best" : ""}`;
    button.setAttribute("aria-label", this.nameOf(spot, owners, names) + worthText);
  }

  /** Say where a spot is and whose stones lie there; those of a column from the bottom. */
  nameOf(spot, owners, names) {
    if (!this.isColumns) {
      const row = Math.floor(spot / this.columns) + 1, column = (spot % this.columns) + 1;
      return `Row ${row}, column ${column}, ${owners[spot] < 0 ? "empty" : names[owners[spot]]}`;
    }
    const stones = owners.filter((owner, cell) => cell % this.columns === spot && owner >= 0);
    const whose = stones.reverse().map((owner) => names[owner]).join(", ");
    return `Column ${spot + 1}, ${stones.length ? `from the bottom: ${whose}` : "empty"}`;
  }
}
