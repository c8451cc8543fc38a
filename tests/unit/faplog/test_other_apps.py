"""Logs of other apps, told by their first lines."""

import pytest

from faplog.contracts.other_apps import other_app

VCDS_GROUPS = (
    "Jeudi,20,Novembre,2025,05:54:12\n03L 906 018 BK,ADVMB,R4 2.0l TDI\n\n,Groupe A:,'003,,,Groupe B:,'007\n"
    "Marqueur,STAMP,/min,mg/H,STAMP,°C\n"
)


@pytest.mark.parametrize(
    ("first_lines", "app"),
    [
        ("GPS Time, Device Time, Longitude, Latitude,GPS Speed (Meters/second)\n", "Torque"),
        ("Device Time,Engine RPM(rpm),Speed (OBD)(km/h)\n", "Torque"),
        ("Device Time,Engine RPM(rpm),DPF Pressure(psi)\n03-Feb-2025 20:34:42.1,800,1\n", "Torque"),
        ("# StartTime = 02/03/2025 08:00:00.1\nTime (sec), Engine RPM (RPM), Vehicle speed (MPH)\n", "OBDLink"),
        ("\ufeff# StartTime = x\n", "OBDLink"),
        ("Time (sec);Vehicle speed (km/h)\n0.1;3\n", "OBDLink"),
        ('"SECONDS";"PID";"VALUE";"UNITS"\n"1.5";"Drehzahl";"800";"U/min"\n', "Car Scanner"),
        ("SECONDS,PID,VALUE,UNITS\n", "Car Scanner"),
        ("time;Obroty silnika (rpm);Prędkość (km/h)\n08:00:00.123;800;0\n", "Car Scanner"),
        ('"time","Engine RPM (rpm)","Vehicle speed (km/h)"\n', "Car Scanner"),
        ("Time(ms);RPM(1/min)\n0;800\n", "FORScan"),
        ("time(ms),RPM\n", "FORScan"),
        ("Time (ms),RPM\n", "FORScan"),
        (
            "Donnerstag,20,November,2025,05:54:12:40001-VCID:0,VCDS Version: Release 25.3.2 (x64),Data version: 1\n",
            "VCDS",
        ),
        (VCDS_GROUPS, "VCDS"),
        ("Czwartek;20;Listopad;2025;05:54\n05L 906 022 F;ADVMB;R4\n", "VCDS"),
    ],
)
def test_the_app_is_named(first_lines: str, app: str) -> None:
    assert other_app(first_lines) == app
    assert other_app(first_lines.replace("\n", "\r\n")) == app


@pytest.mark.parametrize(
    "first_lines",
    [
        "Date;Time;EGRpos;Speed;\n2025.02.03;08:00:00.1;0;0;\n",
        "Time;Date;Speed;\n",
        "Time;EGRpos;Revs;FAPsoot;\n08:00:00;0;0;0\n",
        "sep=;\nDate;Time;Revs\n",
        "a;b;c\n1;2;3\n",
        "\n",
        "",
        "\0\0\0",
        "Milk,2,litres\nBread,1,piece\n",
    ],
)
def test_what_may_be_a_fap_log_or_is_no_log_is_not_named(first_lines: str) -> None:
    assert other_app(first_lines) is None
