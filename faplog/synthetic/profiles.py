"""What the app polls from each ECU: the columns in file order, when and how often each is read, how it is written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from faplog.synthetic.car import Car

PRESSURE_INVALID: Final = "65280"  # 0xFF00, not a pressure
TEMP_INVALID: Final = "25855"  # 0x64FF, not a temperature
BYTE_INVALID: Final = "255"
WORD_INVALID: Final = "65535"
SENTINELS: Final = {"FAPpressure": PRESSURE_INVALID, "FAPtemp": TEMP_INVALID}

Reading = Callable[[Car], str]


@dataclass(frozen=True, slots=True)
class Channel:
    """One column: blank until `first_sec` after the app starts, then read every `every_sec` (0: once) and held."""

    name: str
    first_sec: float
    every_sec: float
    read: Reading


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of ECU as the app knows it."""

    name: str
    channels: tuple[Channel, ...]


def _fixed(text: str) -> Reading:
    return lambda _: text


def _injector(share: float, middle: float) -> Reading:
    """Return the reading of a correction.

    It is 1.00 while inactive, 0 at fuel cut, else its share of the car's spread around the middle.
    """

    def read(car: Car) -> str:
        if not car.engine_on:
            return "1.00" if middle else "0.00"
        if not car.inj_mg:
            return "0.00"
        spread = share * car.wear.injector_spread * (1.0 if car.gear == 0 else 0.5)
        return f"{middle + spread + car.wobble * 0.01:.2f}"

    return read


def _gear(car: Car) -> str:
    return str(car.gear) if car.gear and not car.clutch else "N"


def _flag(value: bool) -> str:
    return "1" if value else "0"


def _sixteenths(car: Car) -> str:
    return f"{round(car.inj_mg * 16) / 16:.2f}"


def _battery(car: Car) -> str:
    if car.engine_on:
        return f"{14.44 - 0.0006 * car.coolant_c + 0.09 * car.wobble:.2f}"
    return f"{car.battery_rest_v + (0.7 if car.running_sec else 0.0):.2f}"


_DCM62: Final = (
    Channel("EGRposInstr", 0.9, 2.85, lambda c: f"{round(c.egr_want_perc)}"),
    Channel("EGRpos", 1.9, 2.85, lambda c: f"{round(c.egr_perc)}"),
    Channel("ExternalTemp", 27.5, 135, lambda c: f"{round(c.outside_c)}"),
    Channel("AirFlowSensor", 6.6, 11.4, lambda c: f"{round(c.outside_c + 0.15 * (c.intake_c - c.outside_c))}"),
    Channel("AirManifold", 5.7, 11.4, lambda c: f"{round(c.intake_c)}"),
    Channel("AlternatorTemp", 9.5, 26.6, lambda c: f"{round(c.outside_c + 0.6 * (c.coolant_c - c.outside_c))}"),
    Channel("OilTemp", 5.7, 11.4, lambda c: f"{round(c.oil_c)}"),
    Channel("OilDilution", 4.7, 12.35, lambda c: f"{round(c.wear.oil_dilution)}" if c.awake else "0"),
    Channel("OilCarbon", 3.8, 12.35, lambda c: "1" if c.awake else "8"),
    Channel("Speed", 0.0, 2.85, lambda c: f"{round(c.speed_kmh)}"),
    Channel("GearA", 2.8, 5.7, _fixed("M")),
    Channel("GearB", 0.0, 2.85, _gear),
    Channel("AirCPress", 12.3, 26.6, lambda c: f"{4.2 + c.pedal_perc * 0.05:.2f}"),
    Channel("FanSlowRelay", 20.9, 76, lambda c: _flag(c.regen or c.coolant_c > 97)),
    Channel("FanHighRelay", 20.9, 76, _fixed("0")),
    Channel("AncBattTemp", 23.7, 76, _fixed("-11")),
    Channel("PowerAccuTemp", 19.0, 76, lambda c: f"{round(c.outside_c + 1)}"),
    Channel("PowerAccuVolt", 19.9, 76, _fixed("5")),
    Channel("PowerAccuHealth", 19.0, 76, _fixed("34")),
    Channel("Inj.1FlowCorr", 0.9, 2.85, _injector(-0.02, 1.0)),
    Channel("Inj.2FlowCorr", 1.9, 2.85, _injector(-0.06, 1.0)),
    Channel("Inj.3FlowCorr", 1.9, 2.85, _injector(0.04, 1.0)),
    Channel("Inj.4FlowCorr", 1.9, 2.85, _injector(0.06, 1.0)),
    Channel("AirFlow", 0.0, 2.85, lambda c: f"{round(c.air_mg)}"),
    Channel("TurboGeomInstr", 0.9, 3.8, lambda c: f"{round(88 - c.pedal_perc * 0.5)}" if c.engine_on else "0"),
    Channel("TurboVarGeom", 3.8, 4.75, lambda c: f"{round(88 - c.pedal_perc * 0.48)}" if c.engine_on else "0"),
    Channel("AirMixerInstr", 1.9, 2.85, lambda c: ("30" if c.regen else "-5") if c.engine_on else "0"),
    Channel("AirMixer", 2.8, 2.85, lambda c: "31" if c.regen else "0"),
    Channel("Coolant", 22.8, 80, lambda c: f"{round(c.coolant_c)}"),
    Channel("Battery", 11.4, 26.6, _battery),
    Channel("FuelPressInstr", 0.0, 2.85, lambda c: f"{round(c.rail_want_bar)}"),
    Channel("FuelPress", 0.0, 2.85, lambda c: f"{round(c.rail_bar)}"),
    Channel("FuelFlowReg", 0.0, 3.8, lambda c: f"{round(30 + c.inj_mg * 0.4)}" if c.engine_on else "13"),
    Channel("InjFlow", 0.0, 2.85, _sixteenths),
    Channel("FuelTemp", 21.8, 75, lambda c: f"{round(c.fuel_c)}"),
    Channel("LowFuelPress", 1.9, 4.75, lambda c: "5" if c.engine_on else "1"),
    Channel("AtmosphPress", 38.0, 380, lambda c: f"{round(c.atmosphere_mbar)}"),
    Channel("Revs", 0.0, 2.85, lambda c: f"{round(c.revs)}"),
    Channel("TurboInstr", 0.0, 2.85, lambda c: f"{round(c.turbo_want_mbar)}"),
    Channel("Turbopress", 0.9, 2.85, lambda c: f"{round(c.turbo_mbar)}"),
    Channel("FAPpressure", 0.9, 2.85, lambda c: f"{round(c.pressure_mbar + c.wear.pressure_zero_mbar)}"),
    Channel("FAPtemp", 2.8, 2.85, lambda c: f"{round(c.fap_c)}"),
    Channel("AlternatorLoad", 2.8, 2.85, lambda c: f"{round(38 + c.wobble * 10)}" if c.engine_on else "0"),
    Channel("AlternatorSpeed", 0.9, 2.85, lambda c: f"{round(c.revs * 3 / 75) * 75}"),
    Channel("AncBattCharge", 20.9, 76, _fixed("89")),
    Channel("AccelPedalPos", 1.9, 2.85, lambda c: f"{round(c.pedal_perc)}"),
    Channel("OilPress", 1.9, 6.65, lambda c: f"{round(1 + c.revs / 700)}"),
    Channel("FAPsoot", 4.7, 12.35, lambda c: f"{c.soot_gl:.2f}"),
    Channel("FAPdeposits", 93.1, 0, lambda c: f"{round(c.ash_g)}"),
    Channel("FAPcinder", 95.0, 0, lambda c: f"{round(c.ash_perc)}"),
    Channel("FAPAdditiveVol", 92.2, 0, _fixed("1260")),
    Channel("FAPAdditiveRemain", 92.2, 0, lambda c: f"{round(c.additive_ml)}"),
    Channel("LastRegen", 38.0, 380, lambda c: f"{int(c.last_regen_km)}"),
    Channel("Avg10regen", 37.0, 380, lambda c: f"{round(c.avg10_km)}"),
    Channel("FAP life", 89.3, 0, lambda c: f"{int(c.life_km)}"),
    Channel("FAPlifeLeft", 98.8, 0, lambda c: f"{int(c.life_km * 13.7)}"),
    Channel("Errors", 0.0, 75, lambda c: str(c.wear.errors)),
    Channel("REGEN", 0.0, 2.85, lambda c: _flag(c.regen)),
    Channel("BR", 2.8, 2.85, lambda c: _flag(c.brake)),
    Channel("CL", 2.8, 2.85, lambda c: _flag(c.clutch)),
)

# fmt: off
_SID807_COLUMNS: Final = [
    "ExternalTemp", "AirManifold", "OilTemp", "Speed", "Inj.1FlowCorr", "Inj.2FlowCorr", "Inj.3FlowCorr",
    "Inj.4FlowCorr", "AirFlow", "EGRposInstr", "EGRpos", "Coolant", "Battery", "FuelPressInstr", "FuelPress",
    "InjFlow", "FuelTemp", "AtmosphPress", "Revs", "TurboInstr", "Turbopress", "FAPpressure", "FAPtemp",
    "AccelPedalPos", "FAPsoot", "FAPdeposits", "FAPcinder", "FAPAdditiveVol", "FAPAdditiveRemain", "LastRegen",
    "Avg10regen", "FAP life", "FAPlifeLeft", "Errors", "REGEN", "BR", "CL",
]
# fmt: on


def _sid807() -> tuple[Channel, ...]:
    """Return the channels of the 1.6 HDi: fewer columns, and injector corrections around 0."""
    by_name = {channel.name: channel for channel in _DCM62}
    shares = {"Inj.1FlowCorr": 0.11, "Inj.2FlowCorr": -0.23, "Inj.3FlowCorr": 0.05, "Inj.4FlowCorr": 0.08}
    for name, share in shares.items():
        old = by_name[name]
        by_name[name] = Channel(name, old.first_sec, old.every_sec, _injector(share, 0.0))
    return tuple(by_name[name] for name in _SID807_COLUMNS)


PROFILES: Final = {
    profile.name: profile for profile in (Profile("DCM62v2", _DCM62), Profile("HDI_SID807_BR2", _sid807()))
}
