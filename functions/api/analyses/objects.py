"""The objects of an analysis, removed."""

import logging
from collections.abc import Sequence
from uuid import UUID

from faplog.blobs import Blobs
from faplog.contracts.keys import log_key, result_key, series_key
from faplog.errors import Unavailable

log = logging.getLogger(__name__)

_BATCH = 300


def remove(blobs: Blobs, analysis_ids: Sequence[UUID]) -> None:
    """Remove whatever is stored for analyses whose rows are gone; what cannot be removed now reconcile finds later."""
    keys = [key(one) for one in analysis_ids for key in (log_key, series_key, result_key)]
    try:
        for start in range(0, len(keys), _BATCH):
            blobs.delete(*keys[start : start + _BATCH])
    except Unavailable as error:
        log.warning("objects left to reconcile", extra={"analyses": len(analysis_ids), "reason": str(error)})
