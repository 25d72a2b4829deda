"""Write the list of slow tests from the output of pytest.

    python -m pytest -n 2 --durations=0 > log
    python -m tests.slow_tests log [SECONDS]

SECONDS (1 by default) is what one test function may take, with all its parameters' set-up.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

from tests.conftest import LIST

ROW = re.compile(r"^\s*([\d.]+)s (?:call|setup|teardown)\s+(\S+)", re.MULTILINE)


def slow_tests(log: str, seconds: float) -> list[str]:
    """Return the test functions of which some run took longer, sorted."""
    took: defaultdict[str, float] = defaultdict(float)
    for duration, test in ROW.findall(log):
        took[test] += float(duration)
    return sorted({test.partition("[")[0] for test, each in took.items() if each > seconds})


if __name__ == "__main__":
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    found = slow_tests(Path(sys.argv[1]).read_text(encoding="utf-8"), seconds)
    LIST.write_text("\n".join(found) + "\n", encoding="utf-8")
    print(f"{len(found)} slow tests in {LIST}")  # noqa: T201 - the program's output
