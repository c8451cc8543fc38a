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
        "wrongLogin": _("E-mail or password is wrong."),
        "taken": _("There is already an account with this e-mail address."),
        "needEmail": _("Please enter your e-mail address."),
        "needPassword": _("Please enter your password."),
        "shortPassword": _("The password needs at least 8 characters."),
        "weakPassword": _(
            "This password is too easy to guess: too common, too repetitive, or your e-mail address. Take another."
        ),
        "wrongEmail": _("This does not look like an e-mail address."),
        "wrongPassword": _("The password is wrong."),
        "tooMany": _("Too many attempts. Please wait a minute and try again."),
        "waiting": _("waiting"),
        "sending": _("sending"),
        "storing": _("being stored"),
        "analysing": _("being analysed"),
        "analysed": _("analysed"),
        "someAnalysed": _("{done} of {all} analysed"),
        "skipped": _("left out, as they are no CSV: {names}"),
        "tooLarge": _("The file is larger than {0} MB. Please split it, or choose another."),
        "wrongKind": _("Only .csv and .zip files can be read."),
        "emptyFile": _("The file is empty. Please copy it from the phone again."),
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
        "noRoom": _("There is no room to restore this log. Delete others that you no longer need."),
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
