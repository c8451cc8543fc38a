"""A small API in memory, as far as the pages read it: what it answers, and what it was asked."""

from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, request

LOG_ID = "5f0c6f0e-7a43-4c0e-9b60-0a6f0a3c2f11"
OTHER_ID = "0b6a7a6e-2a0b-4d5c-8a51-6f3f6f1f0c22"


@dataclass
class FakeApi:
    """Answers by path; anything else is a 404 with a sentence, and without the session's cookie a 401.

    Shared reports and what the instance is ask for no cookie. What a link leads to is the answer `shared/<token>`; the
    token comes in a header.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    cookies: list[dict[str, str]] = field(default_factory=list)
    bearers: list[str] = field(default_factory=list)

    def app(self) -> Flask:
        """Return the API as a WSGI application."""
        app = Flask(__name__)

        @app.get("/api/v1/<path:path>")
        def answer(path: str) -> tuple[Response, int]:
            self.asked.append((path, request.args.to_dict()))
            self.cookies.append(request.cookies.to_dict())
            self.bearers.append(request.headers.get("Authorization", ""))
            if path == "shared":
                path = f"shared/{self.bearers[-1].removeprefix('Bearer ')}"
            elif not path.startswith("instance") and request.cookies.get("faplog_access") != "good":
                return _error(401, "Please log in first.")
            if path in self.status:
                return _error(self.status[path], "A sentence from the API.")
            if path not in self.answers:
                return _error(404, "There is no such thing.")
            return jsonify(self.answers[path]), 200

        return app


def _error(code: int, message: str) -> tuple[Response, int]:
    return jsonify(statusCode=code, error="Error", message=message), code


def item(log_id: str = LOG_ID, **changes: Any) -> dict[str, Any]:
    """Return a log as a list names it."""
    return {
        "id": log_id,
        "fileName": "DCM62v2_20250314.csv",
        "createdAt": "2025-03-15T08:00:00.000Z",
        "logDate": "2025-03-14T00:00:00.000Z",
        "status": "Success",
        "stage": "analyse",
        "message": "Analysis completed successfully.",
        "fapRegen": True,
        "distance": 21.37,
        "verdict": "watch",
    } | changes


def listing(*items: dict[str, Any]) -> dict[str, Any]:
    """Return one page of a list."""
    return {
        "data": list(items),
        "pagination": {"totalItems": len(items), "currentPage": 1, "pageSize": 20, "totalPages": 1},
    }


def detail(analysis: dict[str, Any] | None, **changes: Any) -> dict[str, Any]:
    """Return a log with its analysis."""
    return item(**changes) | {"analysis": analysis}


ANALYSIS: dict[str, Any] = {
    "overall": {
        "date": {"date": "2025-03-14", "start": "07:41:03", "end": "08:19:40"},
        "duration": {"overall_sec": 2289, "engineOn_sec": 2260, "engineOff_sec": 29, "driving_sec": 1850},
        "distance_km": 21.37,
    },
    "driving": {"speed": {"min_kmh": 0, "max_kmh": 92, "avg_kmh": 34}},
    "engine": {"errors": 0, "oilDilution_perc": 5, "injector": {"injector1": None}},
    "fap": {"soot": {"start_gl": 14.92, "end_gl": 0.61, "diff_gl": -14.31}, "lastRegen_km": 2},
    "fapRegen": {"duration_sec": 834, "fuelConsumption": {"regen_l100km": 12.61, "nonRegen_l100km": 6.88}},
    "fuelConsumption": {
        "overall": {"total_l": 2.0, "avg_l100km": 9.36},
        "bySpeedRange": {
            "45-55_l100km": 4.9,
            "_45-55_km": 3.02,
            "5-15_l100km": 13.4,
            "_5-15_km": 0.61,
            "200+_l100km": 9.0,
        },
    },
    "nextRegen": {"low_km": 640, "high_km": 760, "basis": ["own rate"]},
    "drives": [
        {
            "start": "2025-03-14T07:41:03",
            "end": "2025-03-14T08:19:40",
            "duration_sec": 2289,
            "distance_km": 21.37,
            "l100km": 9.36,
            "soot_start_gl": 14.92,
            "soot_end_gl": 0.61,
            "coldStart": True,
            "regen": True,
        }
    ],
    "drives_total": 1,
    "regens": [
        {
            "start": "2025-03-14T07:58:10",
            "end": "2025-03-14T08:12:04",
            "duration_sec": 834,
            "distance_km": 9.2,
            "avg_speed_kmh": 40,
            "soot_start_gl": 15.03,
            "soot_end_gl": 1.22,
            "soot_after_gl": 0.58,
            "burned_perc": 96,
            "temp_avg_c": 301,
            "temp_max_c": 402,
            "interval_km": 688,
            "interval_uncertainty_km": 3,
            "extra_fuel_l": 0.53,
            "outcome": "complete",
        }
    ],
    "regens_total": 1,
    "health": {
        "verdict": "watch",
        "findings": [
            {"code": "idle_pressure", "severity": "good", "value": 11.4, "unit": "mbar", "confidence": "medium"},
            {
                "code": "oil_dilution",
                "severity": "watch",
                "value": 5,
                "unit": "%",
                "limit": {"watch": 5, "act": 7},
                "evidence": {"rows": 2260, "from": "2025-03-14T07:43:00", "to": "2025-03-14T08:19:40"},
                "confidence": "medium",
                "text": "The API's own words",
                "advice": "The API's own advice",
            },
        ],
    },
    "quality": {
        "profile": "DCM62v2",
        "encoding": "utf-8",
        "rows_read": 2402,
        "rows_used": 2400,
        "rows_out_of_order": 0,
        "voided": {"FAPpressure": {"sentinel": 3, "implausible": 0}},
        "gaps": 1,
        "gap_sec": 28,
        "sampling_sec": 0.95,
        "missing_columns": ["EGRpos"],
    },
}
