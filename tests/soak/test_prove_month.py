"""Many random projects, larger ones too: the proof and every call at every minute of a month agree.

Seeds come from CCTOOLKIT_SEEDS ("1-20", "7", "1-3,9"); each is a hundred projects.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.soak.test_traffic_seeds import seeds
from tests.unit.flow.made_projects import projects
from tests.unit.flow.test_flow_prove_exhaustive import STARTS, hold

pytestmark = pytest.mark.soak

PROJECTS = 100


@pytest.mark.parametrize("number", seeds(os.environ.get("CCTOOLKIT_SEEDS", "1")))
def test_the_proof_and_every_call_agree(number):
    """Nothing missed, no false alarm; and the projects were not all of one kind."""
    walked: list[int] = []

    @seed(number)
    @settings(
        deadline=None,
        max_examples=PROJECTS,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(project=projects(most=8), since=STARTS)
    def held(project, since):
        walked.append(hold(project, since).calls)

    held()
    assert sum(calls > 10 for calls in walked) > PROJECTS / 4
