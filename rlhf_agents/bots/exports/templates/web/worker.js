// Runs behind the page: searches one position at a time, and reports after every slice.
"use strict";

const SLICE = 30; // milliseconds
let loading = null;
let current = 0;

async function load({ agent, weights }) {
  const loaded = new Agent(agent, await unpacked(weights));
  postMessage({ ready: true });
  return loaded;
}

/** Let messages in: a newer request ends the search. */
function breathe() {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

async function think({ id, position, goal, strength }) {
  const agent = await loading;
  let last = null;
  for (const thought of agent.think(position, goal, strength.nodes, SLICE, strength)) {
    if (last !== null) postMessage({ id, thought: last, done: false });
    last = thought;
    await breathe();
    if (id !== current) return;
  }
  postMessage({ id, thought: last, reach: agent.reach(position), done: true });
}

onmessage = ({ data }) => {
  current = data.id;
  if (data.agent) loading = load(data);
  else if (data.position) think(data);
};

onunhandledrejection = ({ reason }) => postMessage({ broken: String(reason.message || reason) });
