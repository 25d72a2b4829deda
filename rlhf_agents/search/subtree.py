"""Keeping part of a search tree when a move is played."""

from __future__ import annotations

import numpy as np

from rlhf_agents.search.tree import Tree
from rlhf_games.compiled import compiled


@compiled
def keep_subtree(tree: Tree, row: int, used: int) -> int:
    """Make a node the root of its tree; all nodes that are not below it are dropped.

    Args:
        tree: its first `used` rows are one tree.
        row: the node.
        used: the number of nodes.

    Returns:
        the number of nodes left.
    """
    place = np.full(used, -1, np.int32)  # nodes come after their parents, so they only move up
    left = 0
    for node in range(row, used):
        parent = tree.parent[node]
        if node != row and (parent < row or place[parent] < 0):
            continue
        place[node] = left
        tree.parent[left] = -1 if node == row else place[parent]
        tree.action[left] = -1 if node == row else tree.action[node]
        tree.ours[left] = tree.ours[node]
        tree.words[left] = tree.words[node]
        tree.features[left] = tree.features[node]
        tree.value[left] = tree.value[node]
        tree.mean[left] = tree.mean[node]
        tree.exact[left] = tree.exact[node]
        tree.visits[left] = tree.visits[node]
        tree.reply[left] = tree.reply[node]
        tree.child[left] = tree.child[node]
        left += 1
    for node in range(left):
        for action in range(tree.child.shape[1]):
            if tree.child[node, action] >= 0:
                tree.child[node, action] = place[tree.child[node, action]]
    return left
