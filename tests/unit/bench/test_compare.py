"""A run against the baseline: a slower machine is no regression, and a regression is not hidden by a faster one."""

from pathlib import Path

import pytest

from bench.compare import BASELINE, TOLERANCE, Compared, Run, Section, compare, load, save, summary, table
from bench.report import Reference, Row, row

CPU = "CPU a log, ms"
RATE = "logs/s"


def section(cpu_ms: float = 60, per_sec: float = 30, *, slowness: float = 1.0) -> Section:
    """Return two figures on a machine so many times slower than the usual one."""
    return Section(
        {Reference.READ_CSV: 3.0 * slowness, Reference.IMPORT_PANDAS: 500.0 * slowness},
        [
            row(CPU, cpu_ms * slowness, 30, reference=Reference.READ_CSV),
            row(RATE, per_sec / slowness, 10, at_most=False, reference=Reference.IMPORT_PANDAS),
            row("memory / file", 7, 8),
        ],
    )


def by_name(compared: list[Compared]) -> dict[str, Compared]:
    return {one.row.name: one for one in compared}


@pytest.mark.parametrize("slowness", [0.5, 1, 3])
def test_a_slower_machine_is_no_regression(slowness: float) -> None:
    for one in compare(section(slowness=slowness), section()):
        assert one.change == pytest.approx(0, abs=0.001)
        assert not one.worse


def test_what_costs_more_is_worse_also_on_a_faster_machine() -> None:
    found = by_name(compare(section(cpu_ms=90, slowness=0.5), section()))
    assert found[CPU].change == pytest.approx(0.5)
    assert found[CPU].worse
    assert not found[RATE].worse


def test_a_rate_is_worse_when_it_falls() -> None:
    found = by_name(compare(section(per_sec=20), section()))
    assert found[RATE].change == pytest.approx(0.5)
    assert found[RATE].worse
    better = by_name(compare(section(per_sec=60), section()))
    assert better[RATE].change == pytest.approx(-0.5)


def test_noise_is_not_called_out() -> None:
    found = by_name(compare(section(cpu_ms=60 * (1 + TOLERANCE - 0.01)), section()))
    assert found[CPU].change
    assert not found[CPU].worse


def test_a_figure_the_baseline_does_not_have_is_new() -> None:
    [one] = compare(Section({}, [row("a new one", 1)]), section())
    assert (one.before, one.change, one.worse) == (None, None, False)
    assert "new" in table([one])
    assert all(one.before is None for one in compare(section(), None))


def test_nothing_is_compared_with_nought() -> None:
    nought, some = Section({}, [row("kB", 0)]), Section({}, [row("kB", 1)])
    assert [one.change for one in (*compare(some, nought), *compare(nought, some))] == [None, None]


def test_the_table_says_what_is_missed_and_what_is_worse() -> None:
    text = table(compare(section(cpu_ms=120, per_sec=10), section()))
    cpu, rate, memory = text.splitlines()
    assert "MISSED" in cpu
    assert "× read_csv" in cpu
    assert cpu.endswith("+100%  WORSE")
    assert rate.endswith("+200%  WORSE")
    assert "ok" in memory
    assert memory.endswith("+0%")


def test_a_missed_bar_and_a_regression_are_two_things() -> None:
    [cpu, rate, memory] = compare(section(cpu_ms=89, per_sec=10), section())
    assert [one.worse for one in (cpu, rate, memory)] == [True, True, False]
    assert [one.missed for one in (cpu, rate, memory)] == [False, True, False]
    missed, heading, *worse = summary([cpu, rate, memory]).strip().splitlines()
    assert missed == "MISSED: logs/s is 10 (5 × import pandas), the bar is ≥ 10 × import pandas."
    assert heading.startswith("WORSE than the baseline")
    assert [line.split("  ")[0] for line in worse] == [CPU, RATE]
    assert summary([memory]) == ""


def test_details_have_a_line_of_their_own() -> None:
    assert table([Compared(row("name", 1, detail="by part"), 1)]).splitlines()[1].strip() == "by part"


@pytest.mark.parametrize(
    ("value", "bar", "at_most", "holds"),
    [(1.0, 1, True, True), (1.001, 1, True, False), (1.0, 1, False, True), (0.999, 1, False, False)],
)
def test_a_bar_is_judged_before_the_figure_is_rounded(value: float, bar: float, at_most: bool, holds: bool) -> None:
    made = row("a figure", value, bar, at_most=at_most)
    assert made.holds is holds
    assert made.value == 1.0


@pytest.mark.parametrize("slowness", [0.5, 1, 3])
def test_a_bar_in_multiples_of_a_reference_holds_on_any_machine(slowness: float) -> None:
    assert [one.holds for one in compare(section(89, 21, slowness=slowness), None)] == [True, True, True]
    assert [one.holds for one in compare(section(91, 19, slowness=slowness), None)] == [False, False, True]


def test_a_figure_without_a_bar_is_not_judged() -> None:
    assert row("a figure", 5) == Row("a figure", 5)


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = Run("2025-03-01", "two cores", {"flow": section()})
    save(run, tmp_path / "made" / "bench.json")
    assert load(tmp_path / "made" / "bench.json") == run
    assert load(tmp_path / "missing.json") is None


def test_a_run_of_some_sections_keeps_the_others() -> None:
    old = Run("2025-03-01", "two cores", {"flow": section(), "scale": section()})
    new = Run("2025-03-02", "four cores", {"scale": section(cpu_ms=1)})
    assert old.with_sections(new) == Run(new.when, new.machine, {"flow": section(), "scale": section(cpu_ms=1)})


def test_the_baseline_can_be_compared_with() -> None:
    baseline = load(BASELINE)
    assert baseline
    for one in baseline.sections.values():
        assert not [found.row.name for found in compare(one, one) if found.change]
        assert len(one.ratios()) == len(one.rows)
