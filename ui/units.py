"""Quantities as a reader wants them: kilometres or miles, with the decimals and signs of the language."""

from datetime import date, datetime
from typing import Final

from babel.dates import format_skeleton
from flask_babel import format_date, format_decimal, format_time, get_locale, gettext, ngettext, pgettext
from markupsafe import Markup, escape

from ui import preferences
from ui.figures import Figure
from ui.preferences import Units

KM_PER_MILE: Final = 1.609344
MPG_TIMES_L100KM: Final = 282.481
"""Miles per imperial gallon = this / (litres per 100 km)."""

NARROW_SPACE: Final = "\u202f"
DASH: Final = "–"

_IMPERIAL: Final[dict[str, tuple[float, str]]] = {
    "km": (1 / KM_PER_MILE, "mi"),
    "km/h": (1 / KM_PER_MILE, "mph"),
    "g/l/100km": (KM_PER_MILE, "g/l/100mi"),
}
_WRITTEN: Final = {
    "l/100km": "L/100\u00a0km",
    "l/h": "L/h",
    "g/l/100km": "g/L/100\u00a0km",
    "g/l/100mi": "g/L/100\u00a0mi",
    "g/l": "g/L",
    "l": "L",
    "ml": "mL",
    "s_": "s",
    "ratio": "",
    "codes": "",
    "in a row": "",
}
"""`L` stands for the litre, which not every language writes large."""


def convert(value: float, unit: str, units: Units) -> tuple[float, str]:
    """A value and its unit in the reader's units. Fuel economy turns round: more miles per gallon is better."""
    if units is Units.METRIC:
        return value, unit
    if unit == "l/100km":
        return (MPG_TIMES_L100KM / value if value > 0 else 0.0), "mpg"
    factor, name = _IMPERIAL.get(unit, (1, unit))
    return value * factor, name


def written(unit: str) -> str:
    """A unit as it stands behind a number."""
    if unit == "rpm":
        return str(gettext("rpm"))
    return _WRITTEN.get(unit, unit).replace("L", str(pgettext("the sign of the litre", "L")))


def unit_name(unit: str) -> str:
    """The reader's unit for quantities of `unit`, as it stands behind a number."""
    return written(convert(1, unit, preferences.units())[1])


def number(value: float | None, unit: str = "", decimals: int = 0) -> str:
    """The number alone, in the reader's units; a dash for nothing."""
    if value is None:
        return DASH
    value, _ = convert(value, unit, preferences.units())
    text: str = format_decimal(round(value, decimals) + 0.0, format=f"#,##0.{'0' * decimals}" if decimals else "#,##0")
    return text.replace("-", "−")


def bound(value: float, unit: str = "") -> str:
    """A limit alone, in the reader's units, with no more decimals than it has: two at most, none from 100 on."""
    value, _ = convert(value, unit, preferences.units())
    written = format_decimal(round(value, 2 if abs(value) < 100 else 0) + 0.0, format="#,##0.##")
    return str(written).replace("-", "−")


def quantity(value: float | None, unit: str = "", decimals: int = 0) -> str:
    """The number with its unit; a dash for nothing."""
    if value is None:
        return DASH
    if unit == "s":
        return duration(value)
    name = unit_name(unit)
    return number(value, unit, decimals) + (NARROW_SPACE + name if name else "")


def shown(value: float | None, unit: str = "", decimals: int = 0) -> Markup:
    """The same as HTML, with the unit small beside a large number."""
    if value is None or unit == "s" or not (name := unit_name(unit)):
        return escape(quantity(value, unit, decimals))
    return Markup('{}{}<span class="unit">{}</span>').format(number(value, unit, decimals), NARROW_SPACE, name)


def difference(value: float | None, unit: str = "", decimals: int = 0) -> str:
    """A signed difference with its unit. Not for fuel economy, whose difference depends on where it is taken."""
    if value is None:
        return DASH
    if unit == "s":
        sign = "−" if value < 0 else "+"
        return sign + duration(abs(value)) if round(value) else duration(0)
    return ("+" if round(value, decimals) > 0 else "") + quantity(value, unit, decimals)


def duration(seconds: float | None) -> str:
    """Hours and minutes, or minutes and seconds, or seconds."""
    if seconds is None:
        return DASH
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours}{NARROW_SPACE}h {minutes:02}{NARROW_SPACE}min"
    if minutes:
        return f"{minutes}{NARROW_SPACE}min" + (f" {left}{NARROW_SPACE}s" if left else "")
    return f"{left}{NARROW_SPACE}s"


def moment(text: str | None) -> datetime | None:
    """A time as the API writes it; None for anything else."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def day(text: str | None, style: str = "long") -> str:
    """The date of an ISO date or time, in words; a dash for nothing."""
    when = _date(text)
    return str(format_date(when, style)) if when else DASH


def short_day(text: str | None) -> str:
    """Weekday and date, short: for lists."""
    when = _date(text)
    return capital(str(format_skeleton("yMMMEd", when, locale=get_locale()))) if when else DASH


def span(start: str | None, end: str | None) -> str:
    """The times of day from one ISO time to another; one of them where they read the same."""
    first, last = clock(start), clock(end)
    return first if first == last or last == DASH else f"{first}–{last}"


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None


def clock(text: str | None) -> str:
    """The time of day of an ISO time as the log has it: hours and minutes."""
    when = moment(text)
    return str(format_time(when.replace(tzinfo=None), "short", rebase=False)) if when else DASH


def month(year: int, number_of_month: int) -> str:
    """A month in words, e.g. March 2025."""
    return str(format_date(date(year, number_of_month, 1), "LLLL y"))


def logs(count: int) -> str:
    """A number of drive logs in words."""
    return str(ngettext("%(num)s log", "%(num)s logs", count))


def amount(value: float | None, figure: Figure) -> str:
    """A figure for a row that names its unit: the number alone; a duration says its units itself."""
    return duration(value) if figure.unit == "s" else number(value, figure.unit, figure.decimals)


def delta(figure: Figure, one: float | None, other: float | None) -> str:
    """How much a figure of the second log differs from the first, in the reader's units, for such a row."""
    if one is None or other is None:
        return DASH
    if figure.unit == "s":
        return difference(other - one, "s")
    shown_in = preferences.units()
    gap = convert(other, figure.unit, shown_in)[0] - convert(one, figure.unit, shown_in)[0]
    return difference(gap, "", figure.decimals)


def capital(text: str) -> str:
    """Its first letter large, the rest as it is: a date at the start of a line."""
    return text[:1].upper() + text[1:]


FILTERS: Final = {
    "amount": amount,
    "bound": bound,
    "capital": capital,
    "delta": delta,
    "number": number,
    "quantity": quantity,
    "shown": shown,
    "difference": difference,
    "duration": duration,
    "day": day,
    "short_day": short_day,
    "clock": clock,
    "span": span,
    "logs": logs,
}
"""Not for constants of a template: those are written once, when it is compiled, whoever reads it later."""
