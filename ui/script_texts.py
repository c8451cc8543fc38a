"""Texts and units for the scripts, in the reader's language. Each page contains them as JSON."""

from collections.abc import Callable
from typing import Final

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from ui import preferences, units

SAMPLES: Final = 25
"""The numbers below this have every plural form of whole numbers of a language."""


def texts() -> dict[str, object]:
    """Return all texts of the scripts, and the units of the reader."""
    return {
        "lang": preferences.locale().replace("_", "-"),
        "imperial": preferences.units() is preferences.Units.IMPERIAL,
        "milesPerKm": 1 / units.KM_PER_MILE,
        "units": {
            unit: units.unit_name(unit) for unit in ("km/h", "km", "rpm", "l/h", "g/l", "mbar", "bar", "°C", "%")
        },
        "pair": _("{name}: {text}"),
        "away": _("The service is not available right now. Please try again in a moment."),
        "needEmail": _("Please enter your e-mail address."),
        "needPassword": _("Please enter your password."),
        "passwordChanged": _("Your password was changed. All other sessions have ended."),
        "emailChanged": _("Your e-mail address was changed."),
        "sessionEnded": _("The session has ended."),
        "sessionsEnded": _("All other sessions have ended."),
        "waiting": _("waiting"),
        "sending": _("uploading"),
        "storing": _("saving"),
        "analysing": _("analysing"),
        "analysed": _("analysed"),
        "someAnalysed": _("{done} of {all} analysed"),
        "alreadyHave": _("You already have this log."),
        "someKnown": _forms(
            lambda n: ngettext(
                "You already had %(count)s of them.", "You already had %(count)s of them.", n, count="{count}"
            )
        ),
        "skipped": _("skipped, not CSV files: {names}"),
        "retry": _("Try again"),
        "findCar": _("Upload and detect the car automatically"),
        "forCar": _("for {name}"),
        "remove": _("Remove"),
        "open": _("Open report"),
        "details": _("Details"),
        "openLogs": _("Go to my logs"),
        "offline": _("No connection. The upload continues automatically once you are online again."),
        "busy": _("The service is busy. The upload continues automatically in a moment."),
        "mayHaveArrived": _("{name} may have been uploaded already. If so, it is in your logs."),
        "asks": _("Another page or app handed over this file. Upload it?"),
        "upload": _("Upload"),
        "trialWaits": _("The service is busy. The analysis starts automatically in a moment."),
        "trialOffline": _("No connection. The analysis starts automatically once you are online again."),
        "notKept": _("Your browser could not keep {name}. Please create an account and upload the file there."),
        "progress": _("{done} of {all} files done"),
        "deleted": _("{name} deleted"),
        "deleteSelected": _forms(
            lambda n: ngettext("Delete %(count)s log", "Delete %(count)s logs", n, count="{count}")
        ),
        "severalDeleted": _forms(
            lambda n: ngettext("%(count)s log deleted", "%(count)s logs deleted", n, count="{count}")
        ),
        "severalRestored": _forms(
            lambda n: ngettext("%(count)s log restored", "%(count)s logs restored", n, count="{count}")
        ),
        "severalMoved": _forms(lambda n: ngettext("%(count)s log moved", "%(count)s logs moved", n, count="{count}")),
        "severalMovedBack": _forms(
            lambda n: ngettext("%(count)s log moved back", "%(count)s logs moved back", n, count="{count}")
        ),
        "noteDeleted": _("Note deleted"),
        "undo": _("Undo"),
        "restored": _("{name} restored"),
        "tooLate": _("This log can no longer be restored."),
        "noPlots": _("This log contains nothing to plot."),
        "morePlots": _("More: {names}"),
        "plotsFailed": _("The plots could not be loaded."),
        "soot": _("Soot"),
        "pressure": _("Back pressure"),
        "coolantAndOil": _("Coolant and oil"),
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
        "severities": {"watch": _("watch"), "act": _("act")},
        "regeneration": _("regeneration"),
        "gap": _("gap"),
        "limit": _("limit"),
        "plotLabel": _("Plot of {name}, from {low} to {high} {unit}"),
    }


def _forms(text: Callable[[int], str]) -> dict[str, str]:
    """Return a text for a number in each plural form of the reader's language, by the name of the form (CLDR)."""
    rule = get_locale().plural_form
    return {rule(number): text(number) for number in reversed(range(SAMPLES))}
