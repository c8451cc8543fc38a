"""The average over many analyses: the same for any order of them, and no null or nonsense in one spoils the rest."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from faplog.contracts.average import Average

from .baselines import baselines, read_notes
from .consumption import consumption
from .course import course
from .figures import pool
from .forecast import forecasts
from .health import PooledFor, health
from .next_regen import next_regen
from .reading import logs
from .regens import counts, episodes, regeneration
from .trends import in_date_order, soot_loads, trends


def average(items: Iterable[Any], notes: Iterable[Any] = (), until: date | None = None) -> Average:
    """Average analyses: bare ones, or the elements of an `average.request`. What is no analysis is left out.

    Never raises for what an item holds. With no analysis at all everything is None or empty, `overall.logs` 0.

    Args:
        items: The analyses.
        notes: The car's maintenance notes that are done; what is no such note is left out.
        until: The last day of the period that is averaged: notes after it are left out.
    """
    given = in_date_order(logs(items))
    regens = episodes(given)
    figures = pool(given)
    figures["overall"]["logs"] = len(given)
    counted = counts(given, regens)
    regens_in_all = counted["complete"] + counted["aborted"] + counted["unknown"]
    points = trends(given, regens)
    coming = next_regen(given, regens)
    since = baselines(read_notes(notes, until))
    judged = PooledFor(
        figures["overall"]["duration"]["engineOn_sec"],
        figures["fap"]["pressure"]["max_mbar"],
        None if coming is None else coming["low_km"],
    )
    found = health(points, given, regens, judged, since)
    profile = given[-1].profile if given else ""
    soot_gl = soot_loads(given, profile)
    return Average(
        **figures | {"fapRegen": regeneration(given, regens, regens_in_all, figures["fapRegen"])},
        fuelConsumption=consumption(given),
        regens=counted,
        nextRegen=coming,
        trends=points,
        health=found,
        forecast=forecasts(given, points, since, soot_gl),
        baseline=since,
        course=course(points.get(profile, ()), found.findings, profile, since, soot_gl),
    )
