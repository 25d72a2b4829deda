"""Environments with many agents that move at the same time (PettingZoo's Parallel API), as columns.

Every learning agent of every environment is a column of a batch: column `w * K + k` is the k-th
learner of environment w. A column has the observations and rewards of its own agent only.

* **Waiting.** A column waits while it has no agent to play: its agent has died, has not joined yet,
  or was taken out because its goal is decided (the agent then rests: it plays the action that does
  nothing). A waiting column shows zeros, allows one action, gets reward 0, never ends, and has
  `info["waiting"]`. An environment restarts when all its columns wait or it is over.
* **Actions.** Agents with fewer actions than others have masks. An action that the agent does not
  have, or that the environment's own mask forbids, counts as resting.
* **Others.** Agents that do not learn are played by an opponent, see `opponents`, while they live.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rlhf_adapters.kinds import Arrays, Picture
from rlhf_adapters.multi_agent.goals import role_of
from rlhf_adapters.multi_agent.views import BOARD, shown_space, view_of
from rlhf_adapters.single_agent.goals import Bools
from rlhf_adapters.specs import RANDOM, SELF, EnvError, Info, Options
from rlhf_adapters.two_player.opponents import Opponents, mixture
from rlhf_adapters.zoo_types import ParallelEnv
from rlhf_games.base import Array, unknown_name

MASK_KEY = "action_mask"
ALL = "all"
LARGEST_SEED = 1 << 31
AGENT, WAITING = "agent", "waiting"

Facts = Mapping[str, Mapping[str, float]]
"""The keys of infos that are ours, not the environment's."""


class AgentFacts:
    """Facts about the agents of one environment; this class has none."""

    def restart(self, env: ParallelEnv) -> None:
        """Note that a new episode has begun."""

    def look(self, env: ParallelEnv, rewards: Mapping[str, float]) -> Facts:
        """Return facts by agent after a step with these rewards."""
        del env, rewards
        return {}


def learners_of(name: str, agents: Sequence[str], asked: object) -> list[str]:
    """Return the agents that learn.

    Args:
        name: of the environment, for errors.
        agents: all agents.
        asked: "all", a role, an agent, or a list of roles and agents.

    Raises:
        EnvError: there is no such role or agent.
    """
    words = list(asked) if isinstance(asked, list | tuple | set) else [asked]
    roles = {role_of(agent) for agent in agents}
    for word in words:
        if word != ALL and word not in roles and word not in agents:
            known = [ALL, *sorted(roles), *agents]
            raise EnvError(f"{name}: {unknown_name('learners', str(word), known)}")
    chosen = [a for a in agents if ALL in words or a in words or role_of(a) in words]
    if not chosen:
        msg = f"{name}: learners must name at least one agent or role, got {asked!r}"
        raise EnvError(msg)
    return chosen


class ParallelEnvs:
    """Parallel environments as columns, see this module; arrays as in `batched_envs.BatchedEnvs`.

    Args:
        name: of the environment.
        teams: environments of PettingZoo's Parallel API, all alike.
        learners: see `learners_of`.
        opponent: plays the agents that do not learn, see `opponents`; by default at random.
        watchers: one for each environment.
        rest: the action that does nothing.

    Attributes:
        agents: the learners of one environment, K of them.
        action_names: names of each learner's actions.
        waiting: bool `[n]`.
        idle: bool `[n]`, the columns that were waiting during the last step.
        began: bool `[n]`, the columns of environments that the last `restart` restarted.

    Raises:
        EnvError: actions are not discrete, there are no such learners, or an opponent does not
            apply.
    """

    silent = planes_first = False

    def __init__(
        self,
        name: str,
        teams: Sequence[ParallelEnv],
        learners: object = ALL,
        opponent: object = None,
        watchers: Sequence[AgentFacts] | None = None,
        rest: int = 0,
    ) -> None:
        self.name, self.teams = name, teams
        self.watchers = watchers or [AgentFacts() for _ in teams]
        self.everybody = list(teams[0].possible_agents)
        self.agents = learners_of(name, self.everybody, learners)
        self.others = [agent for agent in self.everybody if agent not in self.agents]
        self.counts = {agent: _count(name, teams[0], agent) for agent in self.everybody}
        self.action_names = tuple(tuple(map(str, range(self.counts[a]))) for a in self.agents)
        self.n_actions, self.rest = max(self.counts.values()), rest
        self._boards = {agent: _has_board(teams[0], agent) for agent in self.everybody}
        shown = [shown_space(teams[0].observation_space(agent)) for agent in self.everybody]
        self.view = view_of(name, shown)
        self.space = self.view.space
        self.n = len(teams) * len(self.agents)
        self.envs: Sequence[ParallelEnv] = [team for team in teams for _ in self.agents]
        self.render_mode = getattr(teams[0].unwrapped, "render_mode", None)
        self.metadata = dict(teams[0].metadata)
        self._make_arrays()
        self.opponents = self._seat(opponent)
        self.others_want = np.ones((len(self.others), 1), np.float32)
        self.seed(None)

    def _make_arrays(self) -> None:
        shape, dtype = self.space.shape, self.space.dtype
        self.observation: Array = np.zeros((self.n, *shape), dtype)
        self.mask = np.zeros((self.n, self.n_actions), np.int8)
        self.reward = self.points = np.zeros(self.n)
        self.terminated, self.truncated = np.zeros((2, self.n), np.bool_)
        self.waiting = np.ones(self.n, np.bool_)
        self.idle, self.began = self.waiting.copy(), ~self.waiting
        self.infos: list[Info] = [{} for _ in range(self.n)]
        m = len(self.teams), len(self.others)
        self.seen = np.zeros((*m, *shape), dtype)
        self.seen_masks = np.zeros((*m, self.n_actions), np.int8)
        self.alive = np.zeros(m, np.bool_)
        for column in range(self.n):
            self._wait(column)

    def _seat(self, opponent: object) -> Opponents | None:
        if not self.others:
            if opponent is not None:
                msg = (
                    f"{self.name}: all agents learn, so opponent={opponent!r} does not apply; say "
                    "who learns, e.g. learners="
                    f"{role_of(self.everybody[0])!r}"
                )
                raise EnvError(msg)
            return None
        if any(isinstance(who, str) and who == SELF for who, _ in mixture(opponent)):
            msg = f"{self.name}: opponent='self' is learners='all', the default; leave both out"
            raise EnvError(msg)
        n = len(self.teams) * len(self.others)
        return Opponents(n, RANDOM if opponent is None else opponent, self._random_actions, None)

    # ---- the protocol of environments ------------------------------------------------------

    def seed(self, seed: int | None) -> None:
        """Reseed environment w with seed + w; call `restart` next."""
        seeds = [None if seed is None else seed + w for w in range(len(self.teams))]
        self._seeders = [np.random.default_rng(one) for one in seeds]
        self._rng = np.random.default_rng(seed)

    def restart(self, which: Bools, options: Sequence[Info | None] = ()) -> None:
        """Let the columns of `which` `[n]` wait; environments without agents restart.

        Afterwards `began` `[n]` are the columns of these environments.
        """
        size, began = len(self.agents), np.zeros(self.n, np.bool_)
        for column in np.flatnonzero(which & ~self.waiting).tolist():
            self._wait(column)
        for w, team in enumerate(self.teams):
            mine = slice(w * size, (w + 1) * size)
            if which[mine].any() and (self.waiting[mine].all() or not team.agents):
                self._begin(w, options[w * size] if options else None)
                began[mine] = True
        self.began = began

    def step(self, actions: NDArray[np.int64]) -> None:
        """Step every environment with the actions of its columns `[n]`."""
        self.idle = self.waiting.copy()
        self.reward[:], self.terminated[:], self.truncated[:] = 0.0, False, False
        answers = self._answers()
        for w in range(len(self.teams)):
            self._step(w, actions, answers)

    def render(self) -> list[Picture]:
        """Return a picture for every column: that of its environment."""
        return [picture for team in self.teams for picture in [team.render()] * len(self.agents)]

    def close(self) -> None:
        """Close the environments."""
        for team in self.teams:
            team.close()

    # ---- one environment -------------------------------------------------------------------

    def _begin(self, w: int, options: Info | None) -> None:
        team, size = self.teams[w], len(self.agents)
        seed = int(self._seeders[w].integers(LARGEST_SEED))
        try:
            shown, infos = team.reset(seed=seed, options=options)
        except Exception as error:  # some check their options only now
            said = f"{type(error).__name__}: {error}".rstrip(": ")
            msg = f"{self.name} cannot start an episode: {said}"
            raise EnvError(msg) from error
        self.watchers[w].restart(team)
        facts = self.watchers[w].look(team, {})
        for k, agent in enumerate(self.agents):
            self._wait(w * size + k)
            if agent in team.agents:
                self._show(w * size + k, agent, shown[agent], infos, facts)
        if self.waiting[w * size : (w + 1) * size].all():
            msg = f"{self.name} started without any of its learners {', '.join(self.agents)}"
            raise EnvError(msg)
        if self.opponents is not None:
            m = len(self.others)
            mine = np.zeros(len(self.teams) * m, np.bool_)
            mine[w * m : (w + 1) * m] = True
            self.opponents.draw(mine, self._rng)
            self.alive[w] = False
            self._show_others(w, shown, infos)

    def _step(self, w: int, actions: NDArray[np.int64], answers: NDArray[np.int64]) -> None:
        team, size = self.teams[w], len(self.agents)
        before = set(team.agents)
        chosen = {
            agent: int(answers[w, m]) for m, agent in enumerate(self.others) if agent in before
        }
        for k, agent in enumerate(self.agents):
            if agent in before:
                column = w * size + k
                allowed = not self.waiting[column] and self.mask[column, actions[column]]
                chosen[agent] = int(actions[column]) if allowed else self._resting(agent, column)
        shown, rewards, terminated, truncated, infos = team.step(chosen)
        facts = self.watchers[w].look(team, rewards)
        for k, agent in enumerate(self.agents):
            column = w * size + k
            if not self.waiting[column]:
                self.reward[column] = rewards.get(agent, 0.0)
                self.terminated[column] = terminated.get(agent, agent not in team.agents)
                cut = truncated.get(agent, False) and not self.terminated[column]
                self.truncated[column] = cut
                if agent in shown:
                    self._show(column, agent, shown[agent], infos, facts)
            elif agent in team.agents and agent not in before:
                self._show(column, agent, shown[agent], infos, facts)
        self._show_others(w, shown, infos)

    def _resting(self, agent: str, column: int) -> int:
        """Return the action that does nothing, or the agent's first."""
        legal = np.flatnonzero(self.mask[column])
        if not self.waiting[column] and self.rest not in legal:
            return int(legal[0])
        return min(self.rest, self.counts[agent] - 1)

    def _show(
        self, column: int, agent: str, raw: Any, infos: Mapping[str, Info], facts: Facts
    ) -> None:
        info = infos.get(agent, {})
        number = self.everybody.index(agent)
        board = raw[BOARD] if self._boards[agent] else raw
        self.view.write(number, board, self.observation[column], bool(self.waiting[column]))
        self.mask[column] = self._mask(agent, raw, info)
        self.waiting[column] = False
        plain = {key: value for key, value in info.items() if key != MASK_KEY}
        self.infos[column] = {**plain, **facts.get(agent, {}), AGENT: agent, WAITING: False}

    def _mask(self, agent: str, raw: object, info: Options) -> NDArray[np.int8]:
        mask = np.zeros(self.n_actions, np.int8)
        mask[: self.counts[agent]] = 1
        holder = raw if isinstance(raw, dict) and MASK_KEY in raw else info
        if MASK_KEY in holder:
            own = np.asarray(holder[MASK_KEY]) > 0
            if own.any():  # no action is allowed only at an agent's end
                mask[: len(own)] &= own
        return mask

    def _wait(self, column: int) -> None:
        agent = self.agents[column % len(self.agents)]
        self.waiting[column] = True
        self.observation[column], self.mask[column] = 0, 0
        self.mask[column, min(self.rest, self.counts[agent] - 1)] = 1
        self.infos[column] = {AGENT: agent, WAITING: True}

    # ---- agents that do not learn ------------------------------------------------------------

    def _show_others(self, w: int, shown: Mapping[str, Any], infos: Mapping[str, Info]) -> None:
        for m, agent in enumerate(self.others):
            first, self.alive[w, m] = not self.alive[w, m], agent in self.teams[w].agents
            if self.alive[w, m] and agent in shown:
                number, raw = self.everybody.index(agent), shown[agent]
                board = raw[BOARD] if self._boards[agent] else raw
                self.view.write(number, board, self.seen[w, m], first)
                self.seen_masks[w, m] = self._mask(agent, raw, infos.get(agent, {}))

    def _answers(self) -> NDArray[np.int64]:
        """Return the actions of the agents that do not learn, int64 `[W, M]`."""
        answers = np.zeros(self.alive.shape, np.int64)
        if self.opponents is None or not self.alive.any():
            return answers
        asked = self.alive.reshape(-1)
        want = np.tile(self.others_want, (len(self.teams), 1))[asked]
        batch = {
            "observation": self.seen[self.alive],
            "achieved_goal": np.zeros_like(want),
            "desired_goal": want,
            "action_mask": self.seen_masks[self.alive],
        }
        actions = self.opponents.choose(asked, batch, want.argmax(axis=1))
        self.opponents.check(asked, actions, batch["action_mask"] > 0)
        answers[self.alive] = actions
        return answers

    def _random_actions(self, batch: Arrays, _goals: NDArray[np.int64]) -> NDArray[np.int64]:
        legal = batch["action_mask"]
        return np.asarray((self._rng.random(legal.shape) * legal).argmax(axis=1), np.int64)


def _has_board(team: ParallelEnv, agent: str) -> bool:
    space = team.observation_space(agent)
    return isinstance(space, spaces.Dict) and BOARD in space.spaces


def _count(name: str, team: ParallelEnv, agent: str) -> int:
    space = team.action_space(agent)
    if isinstance(space, spaces.Discrete) and space.start == 0:
        return int(space.n)
    msg = f"{name}: {agent} has the actions {space}, which are not Discrete(n)"
    raise EnvError(msg)
