"""The texts scripts show, in the reader's language; each page carries them as JSON."""

from flask_babel import gettext as _

from ui import preferences, units


def texts() -> dict[str, object]:
    """Every text a script may need, and how it writes numbers."""
    return {
        "lang": preferences.locale().replace("_", "-"),
        "imperial": preferences.units() is preferences.Units.IMPERIAL,
        "units": {
            unit: units.unit_name(unit) for unit in ("km/h", "km", "rpm", "l/h", "g/l", "mbar", "bar", "°C", "%")
        },
        "away": _("The service cannot be reached right now. Please try again in a moment."),
        "needEmail": _("Please enter your e-mail address."),
        "needPassword": _("Please enter your password."),
        "waiting": _("waiting"),
        "sending": _("sending"),
        "storing": _("being stored"),
        "analysing": _("being analysed"),
        "analysed": _("analysed"),
        "someAnalysed": _("{done} of {all} analysed"),
        "skipped": _("left out, as they are no CSV: {names}"),
        "retry": _("Try again"),
        "remove": _("Remove"),
        "open": _("Open the report"),
        "details": _("Details"),
        "fileSays": _("{name}: {text}"),
        "openLogs": _("To my logs"),
        "offline": _("No connection. Goes on by itself as soon as there is one."),
        "busy": _("The service does not take it right now. Goes on by itself in a moment."),
        "progress": _("{done} of {all} files done"),
        "deleted": _("{name} deleted"),
        "undo": _("Undo"),
        "restored": _("{name} restored"),
        "tooLate": _("This log can no longer be restored."),
        "noPlots": _("This log holds nothing that could be plotted."),
        "morePlots": _("More: {names}"),
        "plotsFailed": _("The plots could not be loaded."),
        "soot": _("Soot"),
        "pressure": _("Back pressure"),
        "temperatures": _("Temperatures"),
        "temp": _("Filter"),
        "filterTemp": _("Filter temperature"),
        "coolant": _("Coolant"),
        "oil": _("Oil"),
        "speed": _("Speed"),
        "revs": _("Engine speed"),
        "fuel": _("Fuel"),
        "boost": _("Boost pressure"),
        "rail": _("Rail pressure"),
        "egr": _("Exhaust gas recirculation"),
        "actual": _("actual"),
        "demand": _("target"),
        "plotLabel": _("Plot of {name}, from {low} to {high} {unit}"),
    }
