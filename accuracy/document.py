"""The tables of docs/accuracy.md, between `<!-- name -->` and `<!-- end -->`."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from accuracy.forecast import CODES, ForecastCase, ForecastRow
from accuracy.realism import Compared
from accuracy.summary import Alarms, Files, Row, per_1000, percent
from accuracy.why import why
from faplog.contracts.limits import LIMITS
from faplog.synthetic.damage import DAMAGES
from faplog.synthetic.faults import DEGREES, FAULTS, Degree

DOCUMENT: Final = Path(__file__).parents[1] / "docs" / "accuracy.md"
OTHERS_FROM: Final = 0.02
"""A code that is not right for the fault is listed from this share of the cars on."""
_MARKED: Final = re.compile(r"(?<=<!-- )(?!end )(\w+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)

Tables = dict[str, str]


def filled(text: str, tables: Tables) -> str:
    """Return the document with these tables between their marks. Marks without a table keep their text."""

    def fill(place: re.Match[str]) -> str:
        name = place[1]
        return f"{name}{place[2]}{tables[name]}\n" if name in tables else place[0]

    return _MARKED.sub(fill, text)


def write(tables: Tables) -> None:
    """Write the tables of a run into the document."""
    DOCUMENT.write_text(filled(DOCUMENT.read_text("utf-8"), tables), "utf-8")


def realism_table(compared: Sequence[Compared]) -> str:
    """Return the table of real and synthetic figures."""
    lines = []
    for one in compared:
        decimals = one.figure.decimals
        real = ", ".join(f"{value:.{decimals}f}" for value in one.figure.real)
        span = f"{one.low:.{decimals}f} … {one.high:.{decimals}f}"
        lines.append((one.figure.name, real, f"{one.median:.{decimals}f}", span, "" if one.inside else "outside"))
    return _table(("figure", "real", "synthetic, median", "nine of ten lie in", ""), lines)


def faults_table(rows: Sequence[Row]) -> str:
    """Return the table of faults, and in how many cars each is named."""
    lines, before = [], ""
    for row in rows:
        fault = FAULTS[row.fault]
        codes = ", ".join(fault.codes) if fault.codes else "no rule"
        first, before = row.fault != before, row.fault
        lines.append(
            (
                row.fault if first else "",
                f"{row.degree}: {fault.amount(row.degree):g}"
                + (f" {fault.what}" if first and fault.what != "–" else ""),
                percent(row.named_in_one),
                percent(row.named_in_ten),
                str(row.good) if row.good else "",
                "misses" if row.missed() else "",
                codes if first else "",
            )
        )
    return _table(("fault", "degree", "in 1 log", "in 10 logs", "called good", "bar", "right codes"), lines)


def confusion_table(rows: Sequence[Row]) -> str:
    """Return the table of other codes that come with clear and severe faults."""
    lines = []
    for row in rows:
        others = [(code, count) for code, count in row.others.most_common() if count / row.cars >= OTHERS_FROM]
        if others and row.degree != "slight":
            shown = ", ".join(f"{code} {percent(count / row.cars)}" for code, count in others)
            lines.append((row.fault, row.degree, shown))
    return _table(("fault", "degree", "other codes in the first log, and in how many cars"), lines)


def healthy_table(alarms: Alarms) -> str:
    """Return the table of false alarms in healthy cars."""
    codes = sorted(alarms.watch.keys() | alarms.act.keys(), key=lambda code: -alarms.watch[code])
    lines = [
        (code, per_1000(alarms.watch[code], alarms.logs), per_1000(alarms.act[code], alarms.logs)) for code in codes
    ]
    total = (
        f"any, of {alarms.logs:,} logs",
        per_1000(alarms.logs_at_watch, alarms.logs),
        per_1000(alarms.logs_at_act, alarms.logs),
    )
    logs, averages = _counts(alarms.verdicts), _counts(alarms.averages)
    verdicts = f"Verdicts of the logs: {logs}; of the averages over ten drives: {averages}."
    if alarms.average_codes:
        verdicts += f" Findings of the averages: {_counts(alarms.average_codes)}."
    return f"{_table(('code', 'at watch, per 1,000 logs', 'at act, per 1,000 logs'), [total, *lines])}\n\n{verdicts}"


def files_table(found: dict[tuple[str, Degree], Files]) -> str:
    """Return the table of damaged files."""
    lines = []
    for name, damage in DAMAGES.items():
        for number, degree in enumerate(DEGREES):
            if (name, degree) not in found:
                continue
            one = found[name, degree]
            total = one.outcomes.total()
            lines.append(
                (
                    "" if number else name,
                    f"{degree}: {damage.amounts[number]:g}" + (f" {damage.what}" if not number else ""),
                    damage.right_for(degree),
                    percent(one.outcomes["right"] / total),
                    percent(one.outcomes["refused"] / total),
                    percent(one.outcomes["wrong"] / total),
                    "; ".join(text for text, _ in one.why.most_common(2)),
                )
            )
    return _table(("damage", "degree", "right is", "right", "refused", "wrong", "what was off"), lines)


def missed_list(rows: Iterable[Row], alarms: Alarms) -> str:
    """Return the list of what misses the bar, and why."""
    lines = [
        f"- **{row.fault}, {row.degree}**: {' and '.join(missed)}. {why(row.fault)}"
        for row in rows
        if (missed := row.missed())
    ]
    lines += [f"- **healthy cars**: {sentence}. {why('healthy')}" for sentence in alarms.missed()]
    return "\n".join(lines) or "Nothing."


def forecast_table(rows: Sequence[ForecastRow], cases: Sequence[ForecastCase]) -> str:
    """Return the table of forecasts and truth."""
    lines = [
        (
            row.figure,
            f"{row.limit} {LIMITS[CODES[row.figure]].unit}",
            f"{row.span_km:,}",
            f"{row.made} of {row.cases}",
            percent(row.holds),
            percent(row.holds_day),
            percent(row.opened),
            "–" if row.half_width is None else f"± {row.half_width * 100:.0f} %",
            "misses" if row.missed() else "",
        )
        for row in rows
    ]
    columns = (
        "figure",
        "limit",
        "logs cover, km",
        "forecasts",
        "hold the true km",
        "hold the true day",
        "without an end",
    )
    real = [case for case in cases if case.is_real and case.forecast]
    said = (
        f"Of {len(real)} forecasts from logs that were written and analysed, {sum(case.holds for case in real)} hold."
    )
    return f"{_table((*columns, 'half width', 'bar'), lines)}\n\n{said}"


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counter.most_common())


def _table(head: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    rule = ("---",) * len(head)
    return "\n".join(f"|{'|'.join(f' {cell} ' if cell else ' ' for cell in line)}|" for line in [head, rule, *lines])
