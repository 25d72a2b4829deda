"""Networks with layer normalization, which keeps Q-learning stable without a target network.

They are SB3 feature extractors, so that policies stay SB3's own. Gallici et al. (2025),
"Simplifying Deep Temporal Difference Learning", show why the normalization matters.
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

import torch
from gymnasium import spaces
from stable_baselines3.common.preprocessing import get_flattened_obs_dim, is_image_space
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor, create_mlp
from stable_baselines3.common.type_aliases import PyTorchObs
from stable_baselines3.dqn.policies import MultiInputPolicy, QNetwork
from torch import nn

from rlhf_agents.files.types import Space

BOARD, DESIRED, ACHIEVED, MASK = "observation", "desired_goal", "achieved_goal", "action_mask"
NUMBERS_PER_AGENT, MOST_AGENTS = 7, 5
KERNEL = 3
"""Height and width of the convolution."""


def seen_keys(space: Space) -> tuple[str, ...]:
    """Return the keys of a Dict observation with information about the state or the goal.

    A goal of a single number, such as that of the goal `score`, never changes.
    """
    if not isinstance(space, spaces.Dict):
        return ()
    useless = {MASK}
    if BOARD in space.spaces:
        useless.add(ACHIEVED)
    if DESIRED in space.spaces and get_flattened_obs_dim(space[DESIRED]) == 1:
        useless |= {DESIRED, ACHIEVED}
    return tuple(key for key in space.spaces if key not in useless)


def _board_and_goal(space: Space, sees_goal: bool) -> tuple[Space, int]:
    """Return the space of the board, and how many numbers of the goal a network sees with it."""
    if not isinstance(space, spaces.Dict):
        return space, 0
    seen = sees_goal and DESIRED in seen_keys(space)
    return space[BOARD], get_flattened_obs_dim(space[DESIRED]) if seen else 0


def is_planes(space: Space) -> bool:
    """Return whether observations, or their part `observation`, are planes `[C, H, W]`."""
    board = space.spaces.get(BOARD) if isinstance(space, spaces.Dict) else space
    if not isinstance(board, spaces.Box) or len(board.shape) != 3 or is_image_space(board):
        return False
    return all(side >= KERNEL for side in board.shape[1:])


class PlanesExtractor(BaseFeaturesExtractor):
    """The MinAtar paper's network: one 3 x 3 convolution and one dense layer, both normalized.

    The channels of each cell are normalized together, and cells are flattened row by row with
    their channels last.

    Args:
        observation_space: planes `[C, H, W]`, or a Dict with them as `observation`; its
            `desired_goal` joins the dense layer.
        features_dim: width of the dense layer.
        channels: of the convolution.
        sees_goal: False leaves the desired goal out.
    """

    def __init__(
        self,
        observation_space: Space,
        features_dim: int = 128,
        channels: int = 16,
        sees_goal: bool = True,
    ) -> None:
        super().__init__(observation_space, features_dim)
        board, self.goal_size = _board_and_goal(observation_space, sees_goal)
        planes, height, width = board.shape or ()
        cells = (height - KERNEL + 1) * (width - KERNEL + 1)
        self.convolution = nn.Conv2d(planes, channels, KERNEL)
        self.cell_norm = nn.LayerNorm(channels)
        self.dense = nn.Linear(channels * cells + self.goal_size, features_dim)
        self.norm = nn.LayerNorm(features_dim)

    def forward(self, observations: PyTorchObs) -> torch.Tensor:
        """Return features `[B, features_dim]`."""
        planes = observations[BOARD] if isinstance(observations, dict) else observations
        cells = self.convolution(planes.float()).permute(0, 2, 3, 1)
        hidden = torch.relu(self.cell_norm(cells)).flatten(1)
        if self.goal_size and isinstance(observations, dict):
            hidden = torch.cat([hidden, observations[DESIRED].float().flatten(1)], dim=1)
        return torch.relu(self.norm(self.dense(hidden)))


class VectorExtractor(BaseFeaturesExtractor):
    """Dense layers with normalization, for observations that are a list of numbers.

    Args:
        observation_space: any that SB3 can flatten; of a Dict, all parts with information about
            state or goal.
        features_dim: width of every layer.
        layers: their number, at least 1.
        sees_goal: False leaves the desired goal out.
    """

    def __init__(
        self,
        observation_space: Space,
        features_dim: int = 128,
        layers: int = 2,
        sees_goal: bool = True,
    ) -> None:
        super().__init__(observation_space, features_dim)
        keys = seen_keys(observation_space)
        self.keys = tuple(key for key in keys if key != DESIRED or sees_goal)
        if isinstance(observation_space, spaces.Dict):
            size = sum(get_flattened_obs_dim(observation_space[key]) for key in self.keys)
        else:
            size = get_flattened_obs_dim(observation_space)
        self.layers = _normalized(size, *[features_dim] * layers)

    def forward(self, observations: PyTorchObs) -> torch.Tensor:
        """Return features `[B, features_dim]`."""
        if isinstance(observations, dict):
            parts = [observations[key].float().flatten(1) for key in self.keys]
            flat = torch.cat(parts, dim=1)
        else:
            flat = observations.float().flatten(1)
        result: torch.Tensor = self.layers(flat)
        return result


class FormationExtractor(BaseFeaturesExtractor):
    """For agents that share a network and have to cover places together (`simple_spread`).

    An observation of N agents is velocity and position (4 numbers), then places (2 N), other agents
    (2 N - 2) and their messages (2 N - 2), all relative to the agent, then which agent it is (N).
    All agents find the same shortest assignment of the places, and each of them sees its own
    place first, then what is near each place, in an order that does not depend on names.

    Args:
        observation_space: a Dict with `observation`; its desired goal joins, if it has several
            numbers.
        features_dim: width of every layer.

    Raises:
        ValueError: observations are not as described, or of more than `MOST_AGENTS`.
    """

    orders: torch.Tensor

    def __init__(self, observation_space: spaces.Dict, features_dim: int = 128) -> None:
        super().__init__(observation_space, features_dim)
        length = get_flattened_obs_dim(observation_space[BOARD])
        self.agents, rest = divmod(length, NUMBERS_PER_AGENT)
        if rest or not 1 <= self.agents <= MOST_AGENTS:
            msg = f"{length} numbers are not those of 1 to {MOST_AGENTS} agents that spread"
            raise ValueError(msg)
        orders = list(permutations(range(self.agents)))
        self.register_buffer("orders", torch.tensor(orders), persistent=False)
        keys = seen_keys(observation_space)
        self.goal_size = 0
        if DESIRED in keys:
            self.goal_size = get_flattened_obs_dim(observation_space[DESIRED])
        each = 3 + self.agents
        self.place = _normalized(each, features_dim)
        size = 2 + 3 + features_dim + 2 * (self.agents - 1) + self.goal_size
        self.layers = _normalized(size, features_dim, features_dim)

    def forward(self, observations: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return features `[B, features_dim]`."""
        seen, n = observations[BOARD].float(), self.agents
        places = seen[:, 4 : 4 + 2 * n].view(-1, n, 2)
        others = seen[:, 4 + 2 * n : 2 + 4 * n].view(-1, n - 1, 2)
        agents = torch.cat([torch.zeros_like(places[:, :1]), others], dim=1)
        distances = torch.cdist(agents, places)  # [B, agents, places]
        mine = self._share_out(distances)
        target = (places * mine[:, :, None]).sum(dim=1)
        near = distances[:, 1:].sort(dim=1).values.transpose(1, 2)
        each = [places, distances[:, 0, :, None], near, mine[:, :, None]]
        around = self.place(torch.cat(each, dim=2)).max(dim=1).values
        nearest = others.norm(dim=2).argsort(dim=1)[:, :, None].expand_as(others)
        own = seen[:, :2], target, target.norm(dim=1, keepdim=True)
        parts = [*own, around, others.gather(1, nearest).flatten(1)]
        if self.goal_size:
            parts.append(observations[DESIRED].float().flatten(1))
        result: torch.Tensor = self.layers(torch.cat(parts, dim=1))
        return result

    def _share_out(self, distances: torch.Tensor) -> torch.Tensor:
        """Return the first agent's place in the shortest assignment, one-hot.

        Args:
            distances: `[B, agents, places]`.
        """
        costs = distances[:, torch.arange(self.agents), self.orders].sum(dim=2)
        mine = self.orders[costs.argmin(dim=1), 0]
        return nn.functional.one_hot(mine, self.agents).float()


class TrafficExtractor(BaseFeaturesExtractor):
    """For a car among others (HighwayEnv's `Kinematics`), whose order does not matter.

    Each other car is seen together with one's own; of all that are present, the largest features
    count. Square roots make small distances distinct.

    Args:
        observation_space: cars `[V, F]`, one's own first, whose first feature is 1 where there is a
            car; or a Dict with them as `observation`.
        features_dim: width of the last layer.
        width: of the layers for each car.
        sees_goal: False leaves the desired goal out.
    """

    def __init__(
        self,
        observation_space: Space,
        features_dim: int = 128,
        width: int = 64,
        sees_goal: bool = True,
    ) -> None:
        super().__init__(observation_space, features_dim)
        board, self.goal_size = _board_and_goal(observation_space, sees_goal)
        self.cars, features = board.shape or (0, 0)
        features *= 2
        self.each = _normalized(2 * features, width, width)
        self.layers = _normalized(features + width + self.goal_size, features_dim)

    def forward(self, observations: PyTorchObs) -> torch.Tensor:
        """Return features `[B, features_dim]`."""
        cars = observations[BOARD] if isinstance(observations, dict) else observations
        cars = cars.float()
        cars = torch.cat([cars, cars.sign() * cars.abs().sqrt()], dim=2)
        own, others = cars[:, :1], cars[:, 1:]
        pairs = torch.cat([own.expand_as(others), others], dim=2)
        around = (self.each(pairs) * others[:, :, :1]).max(dim=1).values
        parts = [own[:, 0], around]
        if self.goal_size and isinstance(observations, dict):
            parts.append(observations[DESIRED].float().flatten(1))
        result: torch.Tensor = self.layers(torch.cat(parts, dim=1))
        return result


GOAL_EXTRACTORS = (PlanesExtractor, VectorExtractor, TrafficExtractor)
"""Extractors that can leave the desired goal to the heads of `AllGoalsPolicy`."""


def _normalized(size: int, *widths: int) -> nn.Sequential:
    """Return dense layers, each normalized, for a number of inputs."""
    layers = nn.Sequential()
    for before, width in zip((size, *widths), widths, strict=False):
        layers.extend((nn.Linear(before, width), nn.LayerNorm(width), nn.ReLU()))
    return layers


class GoalsQNetwork(QNetwork):
    """A Q-network with a head for each goal of a table and one more, see `GoalHeads`.

    Arguments as for `QNetwork`. As an SB3 Q-network it returns the values of the desired goal, or
    of a mixture with weights.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        seen, actions = self.observation_space, self.action_space
        assert isinstance(seen, spaces.Dict)
        assert isinstance(actions, spaces.Discrete)
        self.goals = get_flattened_obs_dim(seen[DESIRED])
        outputs = (self.goals + 1) * int(actions.n)
        layers = create_mlp(self.features_dim, outputs, self.net_arch, self.activation_fn)
        self.q_net = nn.Sequential(*layers)
        # Goals never reached have value 0; random initial values would confirm each other.
        for parameter in self.q_net[-1].parameters():
            nn.init.zeros_(parameter)

    def all_values(self, observations: PyTorchObs) -> torch.Tensor:
        """Return the values of all heads, `[B, (goals + 1) * actions]`."""
        features = self.extract_features(observations, self.features_extractor)
        result: torch.Tensor = self.q_net(features)
        return result

    def forward(self, observations: PyTorchObs) -> torch.Tensor:
        """Return the values of the desired goals, `[B, actions]`; without any, of survival."""
        assert isinstance(observations, dict)
        wanted = observations[DESIRED].float().clamp(min=0.0)
        none = (1 - wanted.sum(dim=1, keepdim=True)).clamp(min=0.0)
        wanted = torch.cat([wanted, none], dim=1)
        values = self.all_values(observations).view(len(wanted), self.goals + 1, -1)
        result: torch.Tensor = (values * wanted[:, :, None]).sum(dim=1)
        return result


class AllGoalsPolicy(MultiInputPolicy):
    """SB3's policy with a head for each goal of a table; arguments as for `MultiInputPolicy`."""

    @property
    def goals(self) -> int:
        """The number of goals."""
        assert isinstance(self.q_net, GoalsQNetwork)
        return self.q_net.goals

    def make_q_net(self) -> QNetwork:
        """Return a network, see `DQNPolicy.make_q_net`."""
        arguments = self._update_features_extractor(self.net_args, features_extractor=None)
        return GoalsQNetwork(**arguments).to(self.device)


def extractor_for(space: Space) -> type[BaseFeaturesExtractor] | None:
    """Return the network for observations, None to leave the choice to SB3, as with pictures."""
    if is_planes(space):
        return PlanesExtractor
    parts = [space[key] for key in seen_keys(space)] if isinstance(space, spaces.Dict) else [space]
    pictures = any(isinstance(part, spaces.Box) and len(part.shape) > 1 for part in parts)
    return None if pictures else VectorExtractor
