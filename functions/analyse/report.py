"""The analysis for a person at a terminal: the verdict first, then what it rests on."""

from collections.abc import Iterator
from typing import Final

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from faplog.contracts import catalogue
from faplog.contracts.limits import Severity

from .core.sections import Section

MARKS: Final = {
    Severity.ACT: ("✖", "bold red"),
    Severity.WATCH: ("▲", "bold yellow"),
    Severity.GOOD: ("✔", "bold green"),
    Severity.UNKNOWN: ("?", "bold cyan"),
}

Rows = Iterator[tuple[str, str]]


def show(console: Console, name: str, analysis: Section) -> None:
    """Print one analysis."""
    overall, health = analysis["overall"], analysis["health"]
    day, duration = overall["date"], overall["duration"]
    verdict = Severity(health["verdict"])
    mark, style = MARKS[verdict]
    console.rule(f"[bold]{escape(name)}[/]", align="left", style="dim")
    console.print(
        f"{day['date']}  {day['start']} to {day['end']}  {_time(duration['overall_sec'])}  "
        f"{_unit(overall['distance_km'], 'km')}  {analysis['drives_total']} drive(s)"
    )
    console.print(Text(f"{mark} {catalogue.VERDICTS[verdict]}", style=style))
    for finding in sorted(health["findings"], key=lambda one: list(MARKS).index(one["severity"])):
        if finding["severity"] in {"act", "watch"}:
            mark, style = MARKS[Severity(finding["severity"])]
            console.print(Padding(Text(f"{mark} {finding['text']}", style=style), (0, 0, 0, 2)))
            console.print(Padding(Text(finding["advice"] or ""), (0, 0, 0, 4)))
            if finding["urgency"]:
                console.print(Padding(Text(catalogue.URGENCIES[finding["urgency"]], style="bold"), (0, 0, 0, 4)))
    for note in health["notes"]:
        console.print(Padding(Text(f"i {note['text']}"), (0, 0, 0, 2)))
    good = [catalogue.words(finding["code"]).title for finding in health["findings"] if finding["severity"] == "good"]
    if good:
        console.print(Padding(Text(f"✔ Good: {', '.join(good)}", style="green"), (0, 0, 0, 2)))
    for title, rows in (("Filter", _filter(analysis)), ("Drive", _drive(analysis)), ("Engine", _engine(analysis))):
        console.print(_pairs(title, rows))
    if analysis["drives_total"] > 1:
        console.print(_drives(analysis["drives"]))
    if analysis["regens"]:
        console.print(_regens(analysis["regens"]))
    console.print(_pairs("Data quality", _quality(analysis["quality"])))


def _filter(analysis: Section) -> Rows:
    fap, restriction = analysis["fap"], analysis["restriction"]
    yield "soot", f"{_unit(fap['soot']['start_gl'], 'g/l')} → {_unit(fap['soot']['end_gl'], 'g/l')}"
    yield "soot per 100 km", _unit(analysis["sootRate_gl100km"], "g/l")
    yield "pressure, engine on", _span(fap["pressure"], "mbar", "mbar")
    yield "pressure at idle", _span(fap["pressure_idle"], "mbar", "mbar")
    yield "restriction kv", _restriction(restriction["kv"], restriction["n"])
    if analysis["regens"]:
        yield "restriction after a regeneration", _restriction(restriction["kv_afterRegen"], restriction["n_after"])
    yield "temperature", _span(fap["temp"], "c", "°C")
    yield "since last regeneration", _unit(fap["lastRegen_km"], "km")
    yield "average of the last ten", _unit(fap["last10Regen_km"], "km")
    coming = analysis["nextRegen"]
    if coming:
        reach = f"{coming['low_km']} to {coming['high_km']} km" if coming["low_km"] != coming["high_km"] else ""
        yield "next regeneration in", f"{reach or _unit(coming['low_km'], 'km')}  ({', '.join(coming['basis'])})"
    yield "additive left", _unit(fap["additive"]["remain_ml"], "ml")
    yield "ash", _unit(fap["deposits"]["percentage_perc"], "%")


def _restriction(kv: float | None, rows: int) -> str:
    return f"{_unit(kv, 'mbar per m³/h')}  ({rows} steady rows)"


def _drive(analysis: Section) -> Rows:
    duration, driving = analysis["overall"]["duration"], analysis["driving"]
    fuel = analysis["fuelConsumption"]["overall"]
    yield (
        "driving / idle / engine off",
        " / ".join(_time(duration[key]) for key in ("driving_sec", "idle_sec", "engineOff_sec")),
    )
    yield "fuel", f"{_unit(fuel['total_l'], 'l')}, {_unit(fuel['avg_l100km'], 'l/100 km')}"
    yield "speed", _span(driving["speed"], "kmh", "km/h")
    yield "outside temperature", _span(analysis["overall"]["externalTemp"], "c", "°C")


def _engine(analysis: Section) -> Rows:
    engine = analysis["engine"]
    yield "coolant temperature", _span(engine["coolantTemp"], "c", "°C")
    yield "oil temperature", _span(engine["oilTemp"], "c", "°C")
    battery = engine["battery"]
    yield (
        "battery before start / running",
        f"{_unit(battery['beforeDrive_v'], 'V')} / {_unit(battery['engineRunning_v'], 'V')}",
    )
    yield "fuel in the oil", _unit(engine["oilDilution_perc"], "%")
    yield (
        "injector corrections",
        "  ".join(_number_text(engine["injector"][f"injector{number}"]) for number in range(1, 5)),
    )
    yield "fault codes", _number_text(engine["errors"])


def _quality(quality: Section) -> Rows:
    yield "profile", quality["profile"] or "unknown"
    dropped = sum(quality["rows_dropped"].values()) + quality["damaged_rows"]
    yield "rows", f"{quality['rows_used']} used, {dropped} dropped, one every {_number_text(quality['sampling_sec'])} s"
    if quality["damaged_rows"]:
        yield "damaged rows", str(quality["damaged_rows"])
    if quality["clock_jumps_total"]:
        yield "clock jumps", ", ".join(f"{jump['sec']:+g} s" for jump in quality["clock_jumps"])
    if quality["seconds_missing"]:
        yield "times", "without seconds, spread over each minute"
    if len(quality["days"]) > 1 or quality["date_contradiction"]:
        named = f", but {quality['date_contradiction']} in the file's name" if quality["date_contradiction"] else ""
        yield "days", ", ".join(quality["days"]) + named
    yield "gaps", f"{quality['gaps']} ({_time(quality['gap_sec'])})"
    voided = {name: sum(reasons.values()) for name, reasons in quality["voided"].items()}
    yield "discarded values", ", ".join(f"{name} {count}" for name, count in voided.items()) or "none"
    yield "missing columns", ", ".join(quality["missing_columns"]) or "none"


def _pairs(title: str, rows: Rows) -> Table:
    table = _table(title)
    table.show_header = False
    table.add_column(style="dim", min_width=32)
    table.add_column()
    for name, value in rows:
        table.add_row(name, escape(value))
    return table


def _drives(drives: list[Section]) -> Table:
    table = _table("Drives", "start", "min:sec", "km", "l/100 km", "soot", "cold", "regeneration")
    for drive in drives:
        table.add_row(
            drive["start"][11:],
            _time(drive["duration_sec"]),
            _number_text(drive["distance_km"]),
            _number_text(drive["l100km"]),
            f"{_number_text(drive['soot_start_gl'])} → {_number_text(drive['soot_end_gl'])}",
            _yes(drive["coldStart"]),
            _yes(drive["regen"]),
        )
    return table


def _regens(regens: list[Section]) -> Table:
    table = _table("Regenerations", "start", "min:sec", "km", "soot", "burned %", "max °C", "interval", "outcome")
    for regen in regens:
        table.add_row(
            regen["start"][11:16],
            _time(regen["duration_sec"]),
            _number_text(regen["distance_km"]),
            f"{_number_text(regen['soot_start_gl'])} → {_number_text(regen['soot_after_gl'])}",
            _number_text(regen["burned_perc"]),
            _number_text(regen["temp_max_c"]),
            _interval(regen),
            regen["outcome"],
        )
    return table


def _interval(regen: Section) -> str:
    km = regen["interval_km"]
    return _number_text(None) if km is None else f"{km} ± {regen['interval_uncertainty_km']}"


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for name in columns:
        table.add_column(name, no_wrap=True)
    return table


def _number_text(value: float | None) -> str:
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _unit(value: float | None, unit: str) -> str:
    return "–" if value is None else f"{_number_text(value)} {unit}"


def _span(figures: Section, key: str, unit: str) -> str:
    if figures[f"avg_{key}"] is None:
        return "–"
    low, high, mean = (_number_text(figures[f"{which}_{key}"]) for which in ("min", "max", "avg"))
    return f"{low} to {high} {unit}, {mean} on average"


def _time(seconds: int | None) -> str:
    if seconds is None:
        return "–"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _yes(value: bool | None) -> str:
    return "–" if value is None else "yes" if value else "no"
