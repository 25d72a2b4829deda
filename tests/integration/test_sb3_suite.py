"""HFDQN passes SB3's own tests of DQN and HER, those of the installed version."""

from __future__ import annotations

import subprocess

import pytest

from tests.integration.sb3_suite import download, files_about_dqn, run_shard, unpack

pytestmark = pytest.mark.slow

# One for each worker of `make test`; numbers and not files, as workers must agree on the names.
SHARDS = 2
# SB3 2.9.2: 14 files that need none of SB3's extras, with 56 tests that make a DQN.
FEWEST_FILES = 10
FEWEST_TESTS_WITH_HFDQN = 40


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """The folder with SB3's tests."""
    folder = tmp_path_factory.mktemp("sb3")
    try:
        archive = download(folder)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"SB3's sources cannot be downloaded: {error.stderr.strip()[-300:]}")
    except subprocess.TimeoutExpired as error:
        pytest.skip(f"SB3's sources cannot be downloaded: {error}")
    return unpack(archive, folder)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_hfdqn_passes_sb3s_own_tests(suite, tmp_path, shard):
    files, _ = files_about_dqn(suite)
    assert len(files) >= FEWEST_FILES

    result = run_shard(suite, files, shard, SHARDS, tmp_path)

    failed = [name for name, outcome in result.outcomes.items() if outcome == "failed"]
    assert not failed, f"{failed}\n{result.output[-8000:]}"
    assert result.exit_code == 0, result.output[-8000:]
    assert len(result.with_hfdqn) >= FEWEST_TESTS_WITH_HFDQN // SHARDS, result.output[-8000:]
    assert not result.with_dqn, "SB3's own DQN was tested"


def test_no_file_about_dqn_is_left_out(suite):
    _, unable = files_about_dqn(suite)
    if unable:
        pytest.skip(", ".join(f"{name} needs {missing}" for name, missing in unable.items()))
