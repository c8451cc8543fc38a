"""The car: speed → gear → revs → injection → air, heat and pressure → soot and regeneration → counters.

Plausible, not exact: a 1.6 t estate whose fuel, warm-up and back pressure lie where real logs lie. The back pressure
follows the flow-normalised resistance that `restriction` measures, so that an analysis can recover it.
"""

from dataclasses import dataclass
from math import exp
from random import Random

MASS_KG = 1600.0
ROLLING_N = 165.0
DRAG_N_S2_M2 = 0.42
MG_PER_J = 1 / 17.2
"""Diesel per joule at the crankshaft: 43 kJ/g at 40 %."""
IDLE_MG_S_PER_RPM = 0.19
FULL_AIR_MG = 620.0
"""Air per stroke at 1005 mbar without exhaust recirculation."""

SHIFT_UP_KMH = (14.0, 30.0, 48.0, 66.0, 88.0)
RPM_PER_KMH = (110.0, 58.0, 38.0, 28.5, 22.5, 18.8)

SOOT_TRIGGER_GL = 15.0
SOOT_DONE_GL = 1.6
SOOT_PER_MG = 6.6e-7
BURN_GL_S = 0.03
BURN_FROM_C = 420.0
REGEN_TEMP_C = 575.0
REGEN_LIMIT_SEC = 2400.0

RESTRICTION_PER_GL = 0.0065


@dataclass(slots=True)
class Car:
    """A car's state: what persists between drives first, then what the last step made of it."""

    random: Random
    soot_gl: float
    last_regen_km: float
    avg10_km: float
    life_km: float
    additive_ml: float = 744.0
    ash_g: float = 3.0
    # wear: 1 and 0 are healthy
    restriction_clean: float = 0.19
    soot_factor: float = 1.0
    burn_factor: float = 1.0
    pressure_zero_mbar: float = 0.0
    injector_spread: float = 1.0
    oil_dilution: float = 2.0
    battery_rest_v: float = 12.35
    errors: int = 0
    # surroundings
    outside_c: float = 8.0
    atmosphere_mbar: float = 1003.0
    # temperatures
    coolant_c: float = 8.0
    oil_c: float = 8.0
    fuel_c: float = 8.0
    fap_c: float = 8.0
    intake_c: float = 8.0
    # the last step
    awake: bool = False
    engine_on: bool = False
    running_sec: float = 0.0
    speed_kmh: float = 0.0
    gear: int = 0
    clutch: bool = False
    brake: bool = False
    revs: float = 0.0
    inj_mg: float = 0.0
    fuel_mg_s: float = 0.0
    air_mg: float = 0.0
    egr_perc: float = 0.0
    turbo_want_mbar: float = 1000.0
    turbo_mbar: float = 1003.0
    rail_want_bar: float = 383.0
    rail_bar: float = 2.0
    pedal_perc: float = 0.0
    pressure_mbar: float = 0.0
    wobble: float = 0.0
    # the ECU
    regen: bool = False
    regen_sec: float = 0.0
    regen_wanted: bool = False
    regen_inhibited: bool = False
    last_interval_km: float = 0.0

    def restriction(self) -> float:
        """k_v of the filter as it is loaded now, mbar per m³/h at 473 K."""
        return self.restriction_clean + RESTRICTION_PER_GL * self.soot_gl

    def start(self) -> None:
        """Turn the engine on."""
        self.engine_on, self.running_sec = True, 0.0

    def stop(self) -> None:
        """Turn the engine off: a running regeneration ends unfinished. Injection and turbo keep stale values."""
        self.engine_on = self.regen = False
        self.revs = self.speed_kmh = self.fuel_mg_s = self.air_mg = self.egr_perc = self.pedal_perc = 0.0
        self.gear, self.clutch, self.brake = 0, False, False
        self.turbo_want_mbar, self.rail_want_bar, self.rail_bar = 1000.0, 0.0, 0.0
        self.pressure_mbar = self.pressure_zero_mbar

    def rest(self, seconds: float) -> None:
        """Stand with the engine off: everything cools towards the outside."""
        for name, slowness in (("coolant_c", 5400), ("oil_c", 6000), ("fap_c", 2400), ("fuel_c", 6000)):
            value = getattr(self, name)
            setattr(self, name, self.outside_c + (value - self.outside_c) * exp(-seconds / slowness))
        self.intake_c = self.outside_c + 0.3 * (self.coolant_c - self.outside_c)
        self.turbo_mbar, self.rail_want_bar, self.rail_bar = self.atmosphere_mbar + 10, 340.0, 1.0
        self.awake = False

    def drive_unseen(self, km: float) -> None:
        """Kilometres without the app: soot and counters go on, short of the load that starts a regeneration."""
        self.soot_gl = min(self.soot_gl + km * 0.033 * self.soot_factor, max(self.soot_gl, SOOT_TRIGGER_GL - 0.25))
        self._count(km)

    def step(self, dt: float, target_kmh: float) -> float:
        """Drive `dt` seconds towards the target speed with the engine running; the distance in km."""
        before = self.speed_kmh
        accel = self._move(dt, target_kmh)
        distance = (before + self.speed_kmh) / 7200.0 * dt
        self._burn_fuel(accel)
        self._breathe(dt)
        self._heat(dt)
        self._load_filter(dt)
        self._count(distance)
        self.running_sec += dt
        return distance

    def _move(self, dt: float, target_kmh: float) -> float:
        random = self.random
        self.wobble += (random.random() - 0.5) * 0.4 - self.wobble * 0.05
        target = target_kmh + self.wobble if target_kmh else 0.0
        speed = self.speed_kmh
        accel = (target - speed) / 3.6 / 2.5
        accel = min(max(accel, -1.7), 1.5 - speed / 130.0)
        self.brake = accel < -0.6 or (not target_kmh and speed < 30)
        speed = max(0.0, speed + accel * dt * 3.6)
        if not target_kmh and speed < 1.5:
            speed = 0.0
        self.speed_kmh = speed
        gear = self.gear
        if speed < 4.0:
            gear = 0
        elif gear == 0:
            gear = 1
        elif gear < 6 and speed > SHIFT_UP_KMH[gear - 1]:
            gear += 1
        elif gear > 1 and speed < SHIFT_UP_KMH[gear - 2] - 6.0:
            gear -= 1
        self.clutch = gear != self.gear or (gear == 0 and target_kmh > 0)
        self.gear = gear
        idle = 800.0 + max(0.0, 50.0 - self.coolant_c) + (random.random() - 0.5) * 16.0
        self.revs = max(idle, RPM_PER_KMH[gear - 1] * speed) if gear else idle
        return accel

    def _burn_fuel(self, accel: float) -> None:
        speed, revs = self.speed_kmh / 3.6, self.revs
        watts = (MASS_KG * accel + ROLLING_N + DRAG_N_S2_M2 * speed * speed) * speed
        cold = 1.0 + max(0.0, 60.0 - self.coolant_c) * 0.007
        fuel = IDLE_MG_S_PER_RPM * revs * cold
        if watts > 0:
            fuel += watts * 1.09 * MG_PER_J
        elif self.gear and revs > 1050 and watts < -400:
            fuel = 0.0
        if self.regen:
            fuel *= 1.42
        inj = min(fuel * 30.0 / revs, 70.0)
        self.inj_mg, self.fuel_mg_s = inj, inj * revs / 30.0
        self.pedal_perc = min(88.0, max(0.0, watts / 700.0)) if fuel and watts > 0 else 0.0

    def _breathe(self, dt: float) -> None:
        random, inj, revs = self.random, self.inj_mg, self.revs
        want = 1003.0 + max(0.0, inj - 8.0) * 24.0 * min(1.3, revs / 1800.0)
        self.turbo_want_mbar = min(want, 2350.0)
        self.turbo_mbar += (self.turbo_want_mbar - 14.0 - self.turbo_mbar) * min(1.0, dt / 1.6)
        if self.regen:
            egr = 4.0
        elif inj < 17.0 and revs < 2400:
            egr = 18.0 + min(1.0, max(0.0, (self.coolant_c - 35.0) / 30.0)) * (26.0 if self.gear == 0 else 12.0)
        else:
            egr = 6.0
        self.egr_perc += (egr - self.egr_perc) * min(1.0, dt / 2.0)
        density = self.turbo_mbar / 1005.0 * (1.0 - 0.0012 * (self.intake_c - 20.0))
        noise = 1.0 + (random.random() - 0.5) * 0.02
        self.air_mg = FULL_AIR_MG * density * (1.0 - self.egr_perc / 100.0) * noise
        self.rail_want_bar = 230.0 + 22.0 * inj + 0.11 * max(0.0, revs - 800.0) if inj else 290.0
        self.rail_bar += (self.rail_want_bar - self.rail_bar) * min(1.0, dt / 0.8) + (random.random() - 0.5) * 12.0

        kelvin = self.fap_c + 273.0
        mass = (self.air_mg + inj) * 1e-6 * revs / 30.0
        flow = 36.0 * mass * 287.0 * kelvin
        resistance = self.restriction() * (kelvin / 473.0) ** 0.7
        # p·(atmosphere + p) = resistance·flow, as the volume shrinks under the very pressure it makes
        half = self.atmosphere_mbar / 2.0
        pressure = (half * half + resistance * flow) ** 0.5 - half
        self.pressure_mbar = max(0.0, pressure + self.pressure_zero_mbar + (random.random() - 0.5) * 1.2)

    def _heat(self, dt: float) -> None:
        fuel, outside = self.fuel_mg_s, self.outside_c
        gain = 2.2e-4 * fuel - (self.coolant_c - outside) * 1.6e-4
        if self.coolant_c > 87.0:
            gain -= (self.coolant_c - 87.0) * 0.06
        self.coolant_c += gain * dt
        self.oil_c += (1.2e-4 * fuel + (self.coolant_c - self.oil_c) * 9e-4 - (self.oil_c - outside) * 1.5e-4) * dt
        if self.oil_c > 92.0:
            self.oil_c -= (self.oil_c - 92.0) * 0.02 * dt
        self.fuel_c += (0.25 * (self.coolant_c - outside) + outside - self.fuel_c) * 8e-4 * dt
        warm = 0.12 * (self.coolant_c - outside) + min(20.0, self.inj_mg * 0.3)
        self.intake_c += (outside + warm - self.intake_c) * 0.02 * dt
        if self.regen:
            exhaust, slowness = REGEN_TEMP_C - (60.0 if self.gear == 0 else 0.0), 55.0
        else:
            exhaust = 55.0 + 6000.0 * self.inj_mg / self.air_mg if self.inj_mg else 120.0
            slowness = 85.0
        self.fap_c += (exhaust - self.fap_c) * min(1.0, dt / slowness)

    def _load_filter(self, dt: float) -> None:
        soot = self.soot_gl + self.fuel_mg_s * SOOT_PER_MG * self.soot_factor * dt
        heat = (self.fap_c - BURN_FROM_C) / (REGEN_TEMP_C - 10.0 - BURN_FROM_C)
        if heat > 0:
            soot -= BURN_GL_S * self.burn_factor * heat * (0.3 + 0.7 * soot / SOOT_TRIGGER_GL) * dt
        self.soot_gl = max(0.2, soot)
        if self.regen:
            self.regen_sec += dt
            if self.soot_gl <= SOOT_DONE_GL:
                self._reset()
            elif self.regen_sec > REGEN_LIMIT_SEC:
                self.regen, self.regen_inhibited = False, True
            return
        self.regen_wanted = self.regen_wanted or self.soot_gl >= SOOT_TRIGGER_GL
        ready = self.running_sec > 420 and self.coolant_c > 60 and self.speed_kmh > 45
        if self.regen_wanted and ready and not self.regen_inhibited:
            self.regen, self.regen_sec = True, 0.0

    def _reset(self) -> None:
        """A regeneration has ended well: the counters say so."""
        self.regen = self.regen_wanted = False
        self.last_interval_km = self.last_regen_km
        self.avg10_km += (self.last_regen_km - self.avg10_km) / 10.0
        self.last_regen_km = 0.0
        self.additive_ml -= 6.0
        self.ash_g += 0.02

    def _count(self, km: float) -> None:
        self.last_regen_km += km
        self.life_km += km
