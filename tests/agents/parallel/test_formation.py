"""Sets of agents, places and cars: their order and names do not matter."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium import spaces

from rlhf_agents.parallel.networks import FormationExtractor, TrafficExtractor

AGENTS = 3


def space(length=7 * AGENTS):
    return spaces.Dict(
        observation=spaces.Box(-9, 9, (length,), np.float32),
        desired_goal=spaces.Box(-1, 1, (1,), np.float32),
    )


def seen_by(agent, agents, places):
    """What `simple_spread` shows an agent that stands still."""
    others = [one for one in range(len(agents)) if one != agent]
    silence = np.zeros(2 * len(others))
    parts = [np.zeros(2), agents[agent], places - agents[agent], agents[others] - agents[agent]]
    return np.concatenate([part.ravel() for part in (*parts, silence, np.eye(len(agents))[agent])])


def features(extractor, rows):
    with torch.no_grad():
        return extractor({"observation": torch.tensor(np.array(rows), dtype=torch.float32)})


def test_names_do_not_matter():
    rng, extractor = np.random.default_rng(0), FormationExtractor(space())
    agents, places = rng.normal(size=(2, AGENTS, 2))
    here = features(extractor, [seen_by(0, agents, places)])
    renamed = features(extractor, [seen_by(0, agents[[0, 2, 1]], places[[2, 0, 1]])])
    assert torch.allclose(here, renamed, atol=1e-5)
    moved = features(extractor, [seen_by(0, agents, places + np.eye(3, 2) / 2)])
    assert not torch.allclose(here, moved, atol=1e-3)


def test_all_agree_on_the_shortest_ways():
    """The first place is nearest to two of them; who goes there lets all go the shortest way."""
    agents = np.array([[0.0, 0.0], [1.0, 0.0], [9.0, 0.0]])
    places = np.array([[1.2, 0.0], [9.5, 0.0], [-0.5, 0.0]])
    extractor = FormationExtractor(space())
    for agent, expected in enumerate((2, 0, 1)):
        order = [agent, *(one for one in range(AGENTS) if one != agent)]
        gaps = np.linalg.norm(agents[order][:, None] - places, axis=2)
        shared = extractor._share_out(torch.tensor(gaps[None], dtype=torch.float32))
        assert shared.argmax().item() == expected


def test_other_observations_are_refused():
    with pytest.raises(ValueError, match="20 numbers"):
        FormationExtractor(space(20))
    with pytest.raises(ValueError, match="42 numbers"):
        FormationExtractor(space(42))


def test_the_order_of_cars_does_not_matter_and_absent_ones_do_not_count():
    rng = np.random.default_rng(0)
    cars = rng.normal(size=(4, 7)).astype(np.float32)
    cars[:, 0] = 1
    cars[3] = 0
    extractor = TrafficExtractor(spaces.Dict(observation=spaces.Box(-9, 9, (4, 7), np.float32)))
    absent = cars.copy()
    absent[3, 1:] = 5
    moved = cars.copy()
    moved[2, 1] += 0.1
    here, swapped, unseen, other = features(extractor, [cars, cars[[0, 3, 2, 1]], absent, moved])
    assert torch.allclose(here, swapped, atol=1e-6)
    assert torch.allclose(here, unseen, atol=1e-6)
    assert not torch.allclose(here, other, atol=1e-3)
