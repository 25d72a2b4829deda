"""A cluster on this machine: a head without cores, and two nodes with one core each.

Ray's daemons start within fixed times, which a busy machine may miss, so that is tried again.
"""

from __future__ import annotations

import sys
import time
import warnings

import pytest

STARTS = 3


def start_cluster():
    from ray.cluster_utils import Cluster  # noqa: PLC0415 - an optional extra

    for trial in range(1, STARTS + 1):
        try:
            head = {"num_cpus": 0, "include_dashboard": False}
            return Cluster(initialize_head=True, head_node_args=head)
        except Exception as error:
            sys.stderr.write(f"the cluster did not start ({error}), try {trial} of {STARTS}\n")
            time.sleep(5 * trial)
    pytest.fail(f"the cluster did not start in {STARTS} tries")


class Nodes:
    """The nodes of the cluster, as many as a test wants."""

    def __init__(self, cluster):
        self.cluster, self.running = cluster, []

    def want(self, number):
        while len(self.running) > number:
            self.kill()
        while len(self.running) < number:
            self.running.append(self.cluster.add_node(num_cpus=1))

    def kill(self):
        self.cluster.remove_node(self.running.pop(), allow_graceful=False)


@pytest.fixture(scope="session")
def nodes():
    ray = pytest.importorskip("ray")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cluster = start_cluster()
        ray.init(address=cluster.address, log_to_driver=False)
        yield Nodes(cluster)
        ray.shutdown()
        cluster.shutdown()
