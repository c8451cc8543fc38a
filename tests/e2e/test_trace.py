"""One trace from the browser's upload through NATS and every function to the stored average."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from faplog.metrics import METRICS
from faplog.synthetic import day
from faplog.synthetic.__main__ import main as synthetic
from tests.conftest import Stack, running_stack, until
from tests.e2e.account import Account
from tests.integration.delivery import zipped
from tests.otlp_sink import Sink, otlp_sink

pytestmark = pytest.mark.stack


@pytest.fixture
def sink() -> Iterator[Sink]:
    with otlp_sink() as sink:
        yield sink


@pytest.fixture
def traced(tmp_path: Path, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """Yield a system of its own that tells the sink everything, soon."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", sink.endpoint)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
    with running_stack(tmp_path / "state") as stack:
        yield stack


def test_an_upload_is_one_trace_up_to_its_average(tmp_path: Path, traced: Stack, sink: Sink) -> None:
    synthetic(["--days", "1", "--seed", "7", str(tmp_path / "logs")])
    (file,) = (tmp_path / "logs").glob("*.csv")
    trace_id = "0af7651916cd43dd8448eb211c80319c"

    with httpx.Client(base_url=f"{traced.url}/api/v1", timeout=60) as api:
        account = {"email": "trace@example.org", "password": "a long enough Passw0rd for it"}
        assert api.post("/auth/register", json=account).status_code == 201
        token = api.post("/auth/login", json=account).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        browser = {"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}
        answer = api.post("/analyses", files={"file": (file.name, file.read_bytes())}, headers=headers | browser)
        assert answer.status_code == 202, answer.text
        until(lambda: api.get("/average", headers=headers).json().get("status") == "SUCCESS")

    def names() -> set[tuple[str, str]]:
        return {(service, span.name) for service, span in sink.spans if span.trace_id.hex() == trace_id}

    expected = {
        ("api", "POST /api/v1/analyses"),
        ("connector", "deliver analysis.request"),
        ("analyse", "analyse"),
        ("connector", "deliver analysis.result"),
        ("api", "POST /"),
        ("connector", "deliver average.request"),
        ("average", "average"),
        ("connector", "deliver average.result"),
    }
    until(lambda: names() >= expected)

    def orphans() -> list[str]:
        spans = {span.span_id: span for _, span in sink.spans if span.trace_id.hex() == trace_id}
        known = {*spans, bytes.fromhex("b7ad6b7169203331")}
        return [span.name for span in spans.values() if span.parent_span_id not in known]

    until(lambda: not orphans())  # every span hangs on another, up to the browser; parents end, and come, last
    assert {metric.name for _, metric in sink.metrics} <= set(METRICS)
    told = str([*sink.spans, *sink.logs])
    assert "trace@example.org" not in told
    assert file.name not in told
    assert token not in told


def test_logs_that_travel_together_stay_in_their_trace(traced: Stack, sink: Sink) -> None:
    logs = 24
    trace_id = "1af7651916cd43dd8448eb211c80319c"
    made = zipped({f"{n}.csv": day(seed=n, minutes=4, on=date(2025, 3, 1 + n))[0] for n in range(logs)})
    account = Account(traced)
    browser = {"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}
    answer = account.http.post("/analyses", files={"file": ("logs.zip", made)}, headers=browser)
    assert answer.status_code == 202, answer.text

    def names() -> Counter[tuple[str, str]]:
        return Counter((service, span.name) for service, span in sink.spans if span.trace_id.hex() == trace_id)

    of_each_log = {
        ("connector", "deliver analysis.request"): logs,
        ("analyse", "analyse"): logs,
        ("connector", "deliver analysis.result"): logs,
        ("api", "apply result"): logs,
    }
    until(lambda: {name: names()[name] for name in of_each_log} == of_each_log, 120)
    account.http.close()
