"""The ranges of road speed over which fuel economy is listed."""

from itertools import pairwise
from typing import Final

EDGES_KMH: Final = (*range(5, 196, 10), 200)
"""Lower edges of the speed ranges: 5–15, 15–25 … 185–195, 195–200 and 200 and more."""

RANGES: Final = (*(f"{low}-{high}" for low, high in pairwise(EDGES_KMH)), f"{EDGES_KMH[-1]}+")
