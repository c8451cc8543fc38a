"""When a function is started, doubled and stopped."""

import pytest

from standalone.scaling import WAITING_LOOKS, decide
from standalone.system import Scale

ON_DEMAND = Scale(least=0, most=2, idle_sec=60)
ALWAYS = Scale(least=1, most=2, idle_sec=300)


@pytest.mark.parametrize(
    ("scale", "replicas", "waiting_looks", "idle_sec", "wanted"),
    [
        (ON_DEMAND, 1, 0, 0, 1),
        (ON_DEMAND, 1, WAITING_LOOKS - 1, 0, 1),
        (ON_DEMAND, 1, WAITING_LOOKS, 0, 2),
        (ON_DEMAND, 2, WAITING_LOOKS + 5, 0, 2),
        (ON_DEMAND, 2, 0, 59.9, 2),
        (ON_DEMAND, 2, 0, 60, 0),
        (ALWAYS, 2, 0, 300, 1),
        (ALWAYS, 1, 0, 3000, 1),
    ],
)
def test_decide(scale: Scale, replicas: int, waiting_looks: int, idle_sec: float, wanted: int) -> None:
    assert decide(scale, replicas, waiting_looks, idle_sec) == wanted
