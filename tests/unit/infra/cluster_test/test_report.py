"""The table as text, Markdown and JSON."""

import json

from infra.cluster_test import report
from infra.cluster_test.report import Report, measured, proof

ROWS = [
    proof("flow", "upload → verdict", "0.2 s", holds=True),
    proof("kill", "lost | gone", "1 of 9 " + "and more words " * 10, holds=False),
    measured("cold", "zero → verdict", "1.3 s"),
]
FOUND = Report("2026-11-28 16:00 UTC", "local", {"Kubernetes": "v1.34.2", "helm": "v3.19.0"}, ROWS)


def test_text_names_versions_and_counts_failures() -> None:
    text = report.as_text(FOUND)
    assert "Kubernetes v1.34.2; helm v3.19.0" in text
    assert text.endswith("1 of 3 rows failed.")
    assert max(map(len, text.splitlines())) <= 130
    assert report.as_text(Report("", "", {}, ROWS[:1])).endswith("All 1 rows are as promised.")


def test_markdown_is_one_table() -> None:
    lines = report.as_markdown(FOUND).splitlines()
    assert lines[2:4] == ["| part | what | measured | verdict |", "|---|---|---|---|"]
    assert lines[4] == "| flow | upload → verdict | 0.2 s | pass |"
    assert "lost \\| gone" in lines[5]


def test_json_has_everything() -> None:
    found = json.loads(report.as_json(FOUND))
    assert found["rows"][1]["verdict"] == "FAIL"
    assert found["versions"]["helm"] == "v3.19.0"
