"""Which tests `make quick` leaves out: those marked as slow, and those that took over a second.

The list is written by `python -m tests.slow_tests LOG`, from what `pytest --durations=0` printed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

LIST = Path(__file__).with_name("slow_tests.txt")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the list."""
    slow = set(LIST.read_text(encoding="utf-8").split())
    for item in items:
        if item.nodeid.partition("[")[0] in slow:
            item.add_marker(pytest.mark.slow)
