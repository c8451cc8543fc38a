"""Quantities in the units and the number format of the reader: kilometres or miles."""

from datetime import date, datetime
from typing import Final, TypeGuard

from babel.dates import format_skeleton
from flask_babel import format_date, format_decimal, format_time, get_locale, gettext, ngettext, pgettext
from markupsafe import Markup, escape

from ui import preferences
from ui.figures import Figure
from ui.preferences import Units

KM_PER_MILE: Final = 1.609344
MPG_TIMES_L100KM: Final = 282.481
"""Miles per imperial gallon = this / (litres per 100 km)."""

SECONDS_PER_MINUTE: Final = 60

LARGEST: Final = 1e15
"""Numbers of this size are not measured values and are not displayed; Babel cannot format more than 28 digits."""

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
"""`L` stands for the litre, which some languages write as `l`."""


def convert(value: float, unit: str, units: Units) -> tuple[float, str]:
    """Convert a value and its unit. Fuel economy is inverted: more miles per gallon is better."""
    if units is Units.METRIC:
        return value, unit
    if unit == "l/100km":
        return (MPG_TIMES_L100KM / value if value > 0 else 0.0), "mpg"
    factor, name = _IMPERIAL.get(unit, (1, unit))
    return value * factor, name


def display_unit(unit: str) -> str:
    """Return a unit as it is displayed."""
    if unit == "rpm":
        return str(gettext("rpm"))
    return _WRITTEN.get(unit, unit).replace("L", str(pgettext("the sign of the litre", "L")))


def unit_name(unit: str) -> str:
    """Return the displayed unit for quantities of `unit`, in the reader's units."""
    return display_unit(convert(1, unit, preferences.units())[1])


def is_displayable(value: float | None) -> TypeGuard[float]:
    """Return whether there is a number and it is small enough to be displayed; infinity and NaN are not."""
    return value is not None and abs(value) < LARGEST


def number(value: float | None, unit: str = "", decimals: int = 0) -> str:
    """Return the number alone, in the reader's units; a dash for None and for what is not a measured value."""
    if not is_displayable(value):
        return DASH
    value, _ = convert(value, unit, preferences.units())
    text: str = format_decimal(round(value, decimals) + 0.0, format=f"#,##0.{'0' * decimals}" if decimals else "#,##0")
    return text.replace("-", "−")


def bound(value: float, unit: str = "") -> str:
    """Return a limit without its unit, with as few decimals as possible: at most two, none from 100 on."""
    if not is_displayable(value):
        return DASH
    value, _ = convert(value, unit, preferences.units())
    text = format_decimal(round(value, 2 if abs(value) < 100 else 0) + 0.0, format="#,##0.##")
    return str(text).replace("-", "−")


def quantity(value: float | None, unit: str = "", decimals: int = 0) -> str:
    """Return the number with its unit; a dash for None."""
    if value is None:
        return DASH
    if unit == "s":
        return duration(value)
    name = unit_name(unit)
    return number(value, unit, decimals) + (NARROW_SPACE + name if name else "")


def quantity_html(value: float | None, unit: str = "", decimals: int = 0) -> Markup:
    """Return the number with its unit as HTML, with the unit in small print."""
    if value is None or unit == "s" or not (name := unit_name(unit)):
        return escape(quantity(value, unit, decimals))
    return Markup('{}{}<span class="unit">{}</span>').format(number(value, unit, decimals), NARROW_SPACE, name)


def difference(value: float | None, unit: str = "", decimals: int = 0) -> str:
    """Return a signed difference with its unit. Not for fuel economy: in mpg a difference depends on its base."""
    if not is_displayable(value):
        return DASH
    if unit == "s":
        sign = "−" if value < 0 else "+"
        return sign + duration(abs(value)) if round(value) else duration(0)
    return ("+" if round(value, decimals) > 0 else "") + quantity(value, unit, decimals)


def duration(seconds: float | None) -> str:
    """Format a duration in hours and minutes, minutes and seconds, or seconds."""
    if not is_displayable(seconds):
        return DASH
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours}{NARROW_SPACE}h {minutes:02}{NARROW_SPACE}min"
    if minutes:
        return f"{minutes}{NARROW_SPACE}min" + (f" {left}{NARROW_SPACE}s" if left else "")
    return f"{left}{NARROW_SPACE}s"


def about(seconds: float | None) -> str:
    """Format a duration to the minute, or to the second below two minutes; a dash for None."""
    if not is_displayable(seconds):
        return DASH
    return duration(
        seconds if seconds < 2 * SECONDS_PER_MINUTE else round(seconds / SECONDS_PER_MINUTE) * SECONDS_PER_MINUTE
    )


def parse_time(text: str | None) -> datetime | None:
    """Parse a time as the API writes it; return None for anything else."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def day(text: str | None, style: str = "long") -> str:
    """Format the date of an ISO date or time; a dash for None."""
    when = _date(text)
    return str(format_date(when, style)) if when else DASH


def short_day(text: str | None) -> str:
    """Format weekday and date in short form, for lists."""
    when = _date(text)
    return capital(str(format_skeleton("yMMMEd", when, locale=get_locale()))) if when else DASH


def span(start: str | None, end: str | None) -> str:
    """Format a range of two times of day, or a single one if they look the same."""
    first, last = clock(start), clock(end)
    return first if first == last or last == DASH else f"{first}–{last}"


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None


def clock(text: str | None) -> str:
    """Format the time of day of an ISO time: hours and minutes, without time zone conversion."""
    when = parse_time(text)
    return str(format_time(when.replace(tzinfo=None), "short", rebase=False)) if when else DASH


def month(year: int, number_of_month: int) -> str:
    """Format a month, for example March 2025."""
    return str(format_date(date(year, number_of_month, 1), "LLLL y"))


def logs(count: int) -> str:
    """Format a number of logs, for example 3 logs."""
    return str(ngettext("%(num)s log", "%(num)s logs", count))


def amount(value: float | None, figure: Figure) -> str:
    """Format a figure for a row that shows the unit already; durations contain their units."""
    return duration(value) if figure.unit == "s" else number(value, figure.unit, figure.decimals)


def delta(figure: Figure, one: float | None, other: float | None) -> str:
    """Format the difference of a figure between two logs for such a row, in the reader's units."""
    if one is None or other is None:
        return DASH
    if figure.unit == "s":
        return difference(other - one, "s")
    units = preferences.units()
    change = convert(other, figure.unit, units)[0] - convert(one, figure.unit, units)[0]
    return difference(change, "", figure.decimals)


def capital(text: str) -> str:
    """Capitalise the first letter only, as of a date at the start of a line."""
    return text[:1].upper() + text[1:]


FILTERS: Final = {
    "about": about,
    "amount": amount,
    "bound": bound,
    "capital": capital,
    "delta": delta,
    "number": number,
    "quantity": quantity,
    "quantity_html": quantity_html,
    "difference": difference,
    "duration": duration,
    "day": day,
    "short_day": short_day,
    "clock": clock,
    "span": span,
    "logs": logs,
}
"""Not for constants in a template: Jinja evaluates those once, when it compiles the template."""
