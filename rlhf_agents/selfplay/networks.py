"""Networks: the pattern-embedding extractor, the all-goals head and the SB3 policy around them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.type_aliases import PyTorchObs, Schedule, TensorDict
from stable_baselines3.dqn.policies import DQNPolicy
from torch import nn

from rlhf_agents.files.types import Arguments, Space
from rlhf_agents.search.compiled_network import (
    CLOCK_SYMBOLS,
    N_SYMBOLS,
    PatternWeights,
    windows_of,
)
from rlhf_games.base import CLOCK
from rlhf_games.compiled import compiled_fast


@compiled_fast
def scatter_rows(
    rows: NDArray[np.int64], gradient: NDArray[np.float32], out: NDArray[np.float32]
) -> None:
    """Add `gradient[b]` to the rows `rows[b, :]` of `out`."""
    for b in range(rows.shape[0]):
        for window in range(rows.shape[1]):
            row = rows[b, window]
            for d in range(gradient.shape[1]):
                out[row, d] += gradient[b, d]


class _SumRows(torch.autograd.Function):
    """`EmbeddingBag(mode="sum")` on the CPU with a backward pass that does not sort (4x faster)."""

    @staticmethod
    def forward(ctx: Any, table: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(rows)
        ctx.shape = table.shape
        return nn.functional.embedding_bag(rows, table, mode="sum")

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        (rows,) = ctx.saved_tensors
        out = torch.zeros(ctx.shape)
        scatter_rows(rows.numpy(), gradients[0].contiguous().numpy(), out.numpy())
        return out, None


def symbol_powers(windows: NDArray[np.int64], cells: int) -> NDArray[np.float32]:
    """Return float32 `[cells, P]` that maps symbols `[cells]` to the contents of windows.

    It is empty for windows of one cell, whose content is the symbol itself.
    """
    n_windows, length = windows.shape
    if length == 1:
        return np.zeros((0, 0), np.float32)
    powers = np.zeros((cells, n_windows), np.float32)
    for k in range(length):
        powers[windows[:, k], np.arange(n_windows)] = N_SYMBOLS ** (length - 1 - k)
    return powers


MAX_CELLS = 2048
"""The most cells of a board: the cost of computing windows is quadratic in them."""
MAX_FEATURES = 100_000
"""The most cells of a board whose windows are single cells."""


class PatternExtractor(BaseFeaturesExtractor):
    """Sum of learned rows, one per window and content: an n-tuple network for any small board.

    A cell shows one of four symbols: empty, the mover's, the other's, or empty and playable. Boards
    of four planes (see `rlhf_games.base.Game`) show the playable cells and the number of plies
    played, which is one more window.
    Use it like any SB3 features extractor:
    `policy_kwargs=dict(features_extractor_class=PatternExtractor)`.

    Args:
        observation_space: Box `[2, H, W]` or `[4, H, W]` of zeros and ones (plane 0 the mover's),
            or a Dict with such an `observation`.
        features_dim: width of the embedding.
        line_length: cells per window; all straight lines of that length are windows.
        gravity: for two planes: only the lowest empty cell of a column is playable, otherwise
            every empty cell is.
        visible_cells: windows cover only this many cells, row by row; all by default.
    """

    def __init__(
        self,
        observation_space: Space,
        features_dim: int = 128,
        line_length: int = 4,
        gravity: bool = True,
        visible_cells: int | None = None,
    ) -> None:
        super().__init__(observation_space, features_dim)
        board = observation_space
        if isinstance(observation_space, spaces.Dict):
            board = observation_space["observation"]
        if board.shape is None or len(board.shape) != 3 or board.shape[0] not in (2, CLOCK + 1):
            msg = f"PatternExtractor needs observations [2, H, W] or [4, H, W], got {board.shape}"
            raise ValueError(msg)
        size = board.shape[1] * board.shape[2]
        cells = size if visible_cells is None else visible_cells
        most = MAX_CELLS if line_length > 1 else MAX_FEATURES
        if not 1 <= cells <= size <= most or line_length < 1:
            msg = (
                f"PatternExtractor takes boards of at most {most} cells, all or some visible, "
                f"got {board.shape[1]} x {board.shape[2]}, {cells} visible, in lines of "
                f"{line_length}"
            )
            raise ValueError(msg)
        self.gravity = gravity
        self.clock = board.shape[0] > CLOCK
        self.visible_cells = cells
        self.windows = windows = windows_of(board.shape, line_length, cells)
        powers = symbol_powers(windows, size + CLOCK_SYMBOLS * self.clock)
        self.register_buffer("powers", torch.from_numpy(powers), persistent=False)
        self.register_buffer("cells", torch.from_numpy(windows[:, 0].copy()), persistent=False)
        first = torch.arange(len(windows), dtype=torch.float32) * N_SYMBOLS**line_length
        self.register_buffer("first_row", first, persistent=False)
        rows = len(windows) * N_SYMBOLS**line_length
        self.table = nn.Parameter(torch.randn(rows, features_dim) * len(windows) ** -0.5)

    def rows(self, board: torch.Tensor) -> torch.Tensor:
        """Return the table rows of every window, int64 `[B, P]`, for boards `[B, planes, H, W]`."""
        mine, theirs = board[:, 0], board[:, 1]
        symbols = (mine + 2.0 * theirs + 3.0 * self._playable(board)).flatten(1)
        if self.clock:
            digits = board[:, CLOCK].flatten(1)[:, : 2 * CLOCK_SYMBOLS]
            symbols = torch.cat([symbols, digits[:, ::2] + 2.0 * digits[:, 1::2]], dim=1)
        first = self.get_buffer("first_row")
        if self.windows.shape[1] == 1:
            return (symbols[:, self.get_buffer("cells")] + first).long()
        return (symbols @ self.get_buffer("powers") + first).long()

    def _playable(self, board: torch.Tensor) -> torch.Tensor:
        if self.clock:
            return board[:, 2]
        empty = 1.0 - board[:, 0] - board[:, 1]
        if not self.gravity:
            return empty
        below = torch.ones_like(empty)
        below[:, :-1] = 1.0 - empty[:, 1:]
        return empty * below

    def forward(self, observations: PyTorchObs) -> torch.Tensor:
        """Return the embedding, float32 `[B, features_dim]`."""
        board = observations["observation"] if isinstance(observations, dict) else observations
        rows = self.rows(board.float())
        if self.table.device.type == "cpu":
            summed: torch.Tensor = _SumRows.apply(self.table, rows)  # type: ignore[no-untyped-call]
            return summed
        return nn.functional.embedding_bag(rows, self.table, mode="sum")


class AllGoalsHead(nn.Module):
    """LayerNorm layers and one logit per seat, goal and action.

    Args:
        width: D of the features and of every hidden layer.
        depth: hidden layers.
        n_goals: G.
        n_actions: A.
        parents: for each goal the goal that bounds it, or -1.
    """

    def __init__(
        self, width: int, depth: int, n_goals: int, n_actions: int, parents: list[int]
    ) -> None:
        super().__init__()
        self.shape = (2, n_goals, n_actions)
        self.parents = parents
        # One tensor per kind, so that compiled code reads all layers through one view.
        self.scale = nn.Parameter(torch.ones(depth + 1, width))
        self.shift = nn.Parameter(torch.zeros(depth + 1, width))
        self.dense = nn.Parameter(torch.randn(depth, width, width) * (2.0 / width) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(depth, width))
        self.heads = nn.Linear(width, 2 * n_goals * n_actions)
        nn.init.zeros_(self.heads.weight)
        nn.init.zeros_(self.heads.bias)

    def features(self, embedding: torch.Tensor) -> torch.Tensor:
        """Return the last hidden layer, float32 `[B, D]`."""
        out = self._normalise(embedding, 0)
        for layer in range(len(self.dense)):
            out = torch.addmm(self.bias[layer], out, self.dense[layer])
            out = self._normalise(out, layer + 1)
        return out

    def _normalise(self, values: torch.Tensor, layer: int) -> torch.Tensor:
        width = values.shape[-1:]
        scaled = nn.functional.layer_norm(values, width, self.scale[layer], self.shift[layer])
        return torch.relu(scaled)

    def logits(self, embedding: torch.Tensor) -> torch.Tensor:
        """Return logits `[B, 2, G, A]`; a bounded goal's is conditional on its parent's."""
        out: torch.Tensor = self.heads(self.features(embedding))
        return out.reshape(-1, *self.shape)


class GoalQNetwork(BasePolicy):
    """Q(s, a, g) of both seats for a finite goal table, as an SB3 Q-network.

    Args:
        observation_space: the goal-conditioned Dict space.
        action_space: Discrete(A).
        features_extractor: maps observations to `[B, features_dim]`.
        features_dim: D.
        parents: for each goal the row of the goal that bounds it, or -1.
        depth: hidden layers of width D.
    """

    def __init__(
        self,
        observation_space: Space,
        action_space: spaces.Discrete,
        features_extractor: BaseFeaturesExtractor,
        features_dim: int,
        parents: list[int],
        depth: int = 2,
    ) -> None:
        super().__init__(observation_space, action_space, features_extractor=features_extractor)
        self.parents, self.depth = list(parents), depth
        self.head = AllGoalsHead(
            features_dim, depth, len(self.parents), int(action_space.n), self.parents
        )

    def logits(self, board: torch.Tensor) -> torch.Tensor:
        """Return logits `[B, 2, G, A]` for boards `[B, planes, H, W]`."""
        return self.head.logits(self.features_extractor(board))

    def values(self, board: torch.Tensor) -> torch.Tensor:
        """Return M and W, float32 `[B, 2, G, A]` in [0, 1], for boards `[B, planes, H, W]`."""
        own = torch.sigmoid(self.logits(board))
        rows: list[torch.Tensor] = []
        for goal, parent in enumerate(self.parents):
            rows.append(own[:, :, goal] if parent < 0 else own[:, :, goal] * rows[parent])
        return torch.stack(rows, dim=2)

    def forward(self, observations: TensorDict) -> torch.Tensor:
        """Return Q for the desired goal, float32 `[B, A]`; illegal actions have -1."""
        values = self.values(observations["observation"].float())[:, 0]
        wanted = observations["desired_goal"].argmax(dim=1)
        chosen = values[torch.arange(len(values)), wanted]
        return torch.where(observations["action_mask"] > 0, chosen, -1.0)

    def _predict(self, observation: PyTorchObs, deterministic: bool = True) -> torch.Tensor:
        values: torch.Tensor = self(observation)
        return values.argmax(dim=1)

    def _get_constructor_parameters(self) -> Arguments:
        data = super()._get_constructor_parameters()
        data.update(
            features_extractor=self.features_extractor,
            features_dim=self.features_extractor.features_dim,
            parents=self.parents,
            depth=self.depth,
        )
        return data

    def compiled_weights(self) -> PatternWeights:
        """Return views of the parameters for compiled code, which follow every in-place change.

        Raises:
            TypeError: the features extractor is not a `PatternExtractor`.
        """
        extractor = self.features_extractor
        if not isinstance(extractor, PatternExtractor):
            msg = f"foresight needs a PatternExtractor, got {type(extractor).__name__}"
            raise TypeError(msg)
        head = self.head
        return PatternWeights(
            windows=extractor.windows,
            table=_view(extractor.table),
            scale=_view(head.scale),
            shift=_view(head.shift),
            dense=_view(head.dense),
            bias=_view(head.bias),
            heads=_view(head.heads.weight),
            head_bias=_view(head.heads.bias),
            parents=np.array(self.parents, np.int64),
        )


def _view(parameter: torch.Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = parameter.detach().numpy()
    return array


class GoalQPolicy(DQNPolicy):
    """SB3's DQN policy around a `GoalQNetwork` and its target network.

    Args:
        observation_space: the goal-conditioned Dict space.
        action_space: Discrete(A).
        lr_schedule: learning rate by remaining progress.
        goal_parents: for each goal the row of the goal that bounds it, or -1.
        depth: hidden layers.
        kwargs: as in SB3's `MultiInputPolicy`.
    """

    q_net: GoalQNetwork  # type: ignore[assignment]
    q_net_target: GoalQNetwork  # type: ignore[assignment]

    def __init__(
        self,
        observation_space: Space,
        action_space: spaces.Discrete,
        lr_schedule: Schedule,
        goal_parents: list[int],
        depth: int = 2,
        **kwargs: Any,
    ) -> None:
        self.goal_parents, self.depth = goal_parents, depth
        kwargs.setdefault("features_extractor_class", PatternExtractor)
        super().__init__(observation_space, action_space, lr_schedule, **kwargs)

    def make_q_net(self) -> GoalQNetwork:  # type: ignore[override]
        """Return a new network, see `DQNPolicy.make_q_net`."""
        extractor = self.make_features_extractor()
        return GoalQNetwork(
            self.observation_space,
            self.action_space,  # type: ignore[arg-type]
            extractor,
            extractor.features_dim,
            self.goal_parents,
            self.depth,
        ).to(self.device)

    def _get_constructor_parameters(self) -> Arguments:
        data = super()._get_constructor_parameters()
        data.update(goal_parents=self.goal_parents, depth=self.depth)
        return data
