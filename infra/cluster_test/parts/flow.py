"""Upload through the edge, verdict, average; and the file as it was."""

from collections.abc import Iterator
from statistics import median
from typing import Final

from infra.cluster_test import owner as accounts
from infra.cluster_test.owner import Owner, now, owner
from infra.cluster_test.report import Row, proof
from infra.cluster_test.target import Target

PART: Final = "flow"
WARM: Final = 10


def run(target: Target) -> Iterator[Row]:
    """Upload one log, then more while everything is warm."""
    logs = accounts.logs(WARM + 1)
    with owner(target) as one:
        began = now()
        name, content = logs[0]
        log_id = accounts.upload(one, name, content)
        accepted = now() - began
        found = accounts.analysed(one, log_id)
        verdict = now() - began
        said = (found.get("analysis") or {}).get("health", {}).get("verdict")
        yield proof(
            PART,
            "upload → verdict, whatever is awake",
            f"{found['status']}, verdict {said}; accepted after {accepted:.2f} s, analysed after {verdict:.2f} s",
            holds=found["status"] == "Success" and bool(said),
        )
        average = accounts.averaged(one, 1)
        yield proof(
            PART,
            "→ average",
            f"{now() - began:.2f} s after the upload, over {average['overall']['logs']} log",
            holds=average["overall"]["logs"] == 1,
        )
        again = one.http.get(f"/analyses/{log_id}/file").raise_for_status().content
        yield proof(PART, "the file as it was", f"{len(again)} bytes", holds=again == content)
        seconds = [_one_more(one, *log) for log in logs[1:]]
        yield proof(
            PART,
            f"upload → verdict, warm, {len(seconds)} times",
            f"median {median(seconds):.2f} s, longest {max(seconds):.2f} s",
            holds=True,
        )


def _one_more(one: Owner, name: str, content: bytes) -> float:
    began = now()
    accounts.analysed(one, accounts.upload(one, name, content), every=0.02)
    return now() - began
