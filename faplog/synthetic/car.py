"""The car: speed → gear → revs → injection → air, heat and pressure → soot and regeneration → counters.

Plausible, not exact: a 1.6 t estate whose fuel, warm-up, back pressure and noise lie where real logs lie
(docs/accuracy.md holds the two against each other). The back pressure follows the flow-normalised resistance that
`restriction` measures, so that an analysis can recover it.
"""

from dataclasses import dataclass, field
from math import exp, sqrt
from random import Random

from faplog.synthetic.wear import Wear

MASS_KG = 1600.0
ROLLING_N = 165.0
DRAG_N_S2_M2 = 0.42
MG_PER_J = 1 / 17.2
"""Diesel per joule at the crankshaft: 43 kJ/g at 40 %."""
IDLE_MG_S_PER_RPM = 0.19
FULL_AIR_MG = 520.0
"""Air per stroke at 1005 mbar without exhaust recirculation."""
EGR_FOR_AIR = 0.6
"""How much air a share of EGR replaces; the valve's position is not proportional to its flow."""

SHIFT_UP_KMH = (16.0, 37.0, 60.0, 77.0, 95.0)
RPM_PER_KMH = (110.0, 60.0, 36.5, 27.0, 22.0, 18.8)
SHIFT_SEC = (0.8, 2.2)

URGE_M_S2 = 0.8
URGE_SEC = 6.0
CALM_FROM_KMH = 38.0
"""Unsteadiness of the pedal: its strength in town, how long it lasts, and the speed at which it has halved."""
FLOW_NOISE = 0.07
FLOW_NOISE_SEC = 3.0
"""Noise of the pressure as a share of it (larger at high flow than at idle), and how long it lasts."""
FLOW_DRIFT = 0.06
FLOW_DRIFT_SEC = 45.0
"""Slow noise of the pressure: the air mass of the ECU differs a little from the true one."""

SOOT_TRIGGER_GL = 15.0
SOOT_DONE_GL = 1.6
SOOT_PER_MG = 6.6e-7
BURN_GL_S = 0.03
BURN_FROM_C = 290.0
REGEN_TEMP_C = 370.0
"""At the filter's sensor while regenerating: the one real regeneration known of this car peaks at 381 °C."""
REGEN_LIMIT_SEC = 2400.0
REGEN_FROM_C = 45.0

RESTRICTION_PER_GL = 0.0065


@dataclass(slots=True)
class Car:
    """State of a car: first what persists between drives, then the result of the last step."""

    random: Random
    soot_gl: float
    last_regen_km: float
    avg10_km: float
    life_km: float
    additive_ml: float = 744.0
    ash_g: float = 3.0
    ash_perc: float = 2.0
    wear: Wear = field(default_factory=Wear)
    battery_rest_v: float = 12.35
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
    egr_want_perc: float = 0.0
    egr_perc: float = 0.0
    turbo_want_mbar: float = 1000.0
    turbo_mbar: float = 1003.0
    rail_want_bar: float = 383.0
    rail_bar: float = 2.0
    pedal_perc: float = 0.0
    pressure_mbar: float = 0.0
    wobble: float = 0.0
    urge: float = 0.0
    flow_noise: float = 0.0
    flow_drift: float = 0.0
    shift_sec: float = 0.0
    slip_rpm: float = 0.0
    egr_shut: bool = False
    # the ECU
    regen: bool = False
    regen_sec: float = 0.0
    regen_wanted: bool = False
    regen_inhibited: bool = False
    last_interval_km: float = 0.0

    def restriction(self) -> float:
        """Return k_v of the filter with its present load, mbar per m³/h at 473 K."""
        return self.wear.restriction_clean + RESTRICTION_PER_GL * self.soot_gl

    def start(self) -> None:
        """Start the engine."""
        self.engine_on, self.running_sec = True, 0.0

    def stop(self) -> None:
        """Stop the engine. A running regeneration ends unfinished; injection and turbo keep stale values."""
        self.engine_on = self.regen = False
        self.revs = self.speed_kmh = self.fuel_mg_s = self.air_mg = self.egr_perc = self.pedal_perc = 0.0
        self.gear, self.clutch, self.brake = 0, False, False
        self.turbo_want_mbar, self.rail_want_bar, self.rail_bar = 1000.0, 0.0, 0.0
        self.pressure_mbar = 0.0

    def rest(self, seconds: float) -> None:
        """Let everything cool towards the outside temperature with the engine off."""
        for name, slowness in (("coolant_c", 5400), ("oil_c", 6000), ("fap_c", 2400), ("fuel_c", 6000)):
            value = getattr(self, name)
            setattr(self, name, self.outside_c + (value - self.outside_c) * exp(-seconds / slowness))
        self.intake_c = self.outside_c + 0.3 * (self.coolant_c - self.outside_c)
        self.turbo_mbar, self.rail_want_bar, self.rail_bar = self.atmosphere_mbar + 10, 340.0, 1.0
        self.awake = False

    def drive_unseen(self, km: float) -> None:
        """Add kilometres without the app. Soot and counters go on, short of the load that starts a regeneration."""
        self.soot_gl = min(self.soot_gl + km * 0.033 * self.wear.soot_factor, max(self.soot_gl, SOOT_TRIGGER_GL - 0.25))
        self._count(km)

    def step(self, dt: float, target_kmh: float) -> float:
        """Drive `dt` seconds towards the target speed with the engine running, and return the distance in km."""
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

    def _noise(self, value: float, deviation: float, seconds: float, dt: float) -> float:
        """Return the next value of a noise with this standard deviation and a correlation time of `seconds`."""
        kept = exp(-dt / seconds)
        return value * kept + self.random.gauss(0.0, deviation) * sqrt(1.0 - kept * kept)

    def _move(self, dt: float, target_kmh: float) -> float:
        random = self.random
        self.wobble = self._noise(self.wobble, 0.35, 18.0, dt)
        self.urge = self._noise(self.urge, URGE_M_S2, URGE_SEC, dt)
        speed = self.speed_kmh
        accel = (target_kmh - speed) / 3.6 / 4.5
        if target_kmh:
            accel += self.urge / (1.0 + (speed / CALM_FROM_KMH) ** 2)
        accel = min(max(accel, -2.0), 1.25 - speed / 140.0)
        if self.shift_sec > 0:
            self.shift_sec -= dt
            accel = min(accel, -0.15)
        self.brake = accel < -0.9 or (not target_kmh and speed < 30)
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
        elif gear > 1 and speed < SHIFT_UP_KMH[gear - 2] - 8.0:
            gear -= 1
        if gear != self.gear and speed > 4.0:
            self.shift_sec = random.uniform(*SHIFT_SEC)
            self.slip_rpm = random.uniform(950.0, 1700.0) if gear == 1 and target_kmh else 0.0
        self.clutch = self.shift_sec > 0 or (gear == 0 and target_kmh > 0)
        self.gear = gear
        idle = 806.0 + max(0.0, 50.0 - self.coolant_c) * 0.9 + random.gauss(0.0, 4.0)
        if gear and self.clutch:
            self.revs = max(idle, self.slip_rpm, self.revs - 1100.0 * dt)
        else:
            self.revs = max(idle, RPM_PER_KMH[gear - 1] * speed) if gear else idle
        return accel

    def _burn_fuel(self, accel: float) -> None:
        speed, revs = self.speed_kmh / 3.6, self.revs
        watts = (MASS_KG * accel + ROLLING_N + DRAG_N_S2_M2 * speed * speed) * speed
        cold = 1.0 + max(0.0, 60.0 - self.coolant_c) * 0.0095
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
        random, inj, revs, wear = self.random, self.inj_mg, self.revs, self.wear
        want = 1003.0 + max(0.0, inj - 8.0) * 24.0 * min(1.3, revs / 1800.0)
        self.turbo_want_mbar += (min(want, 2350.0) - self.turbo_want_mbar) * min(1.0, dt / 0.7)
        boost = (self.turbo_want_mbar - self.atmosphere_mbar) * wear.boost_share + self.atmosphere_mbar
        self.turbo_mbar += (boost - 20.0 - self.turbo_mbar) * min(1.0, dt / 0.9)
        self._recirculate(dt)
        density = self.turbo_mbar / 1005.0 * (1.0 - 0.0012 * (self.intake_c - 20.0))
        noise = 1.0 + random.gauss(0.0, 0.008)
        self.air_mg = FULL_AIR_MG * density * (1.0 - EGR_FOR_AIR * self.egr_perc / 100.0) * noise
        self.rail_want_bar = 230.0 + 22.0 * inj + 0.11 * max(0.0, revs - 800.0) if inj else 290.0
        self.rail_bar += (self.rail_want_bar - self.rail_bar) * min(1.0, dt / 0.8) + random.gauss(0.0, 6.0)

        kelvin = self.fap_c + 273.0
        mass = (self.air_mg + inj) * 1e-6 * revs / 30.0
        flow = 36.0 * mass * 287.0 * kelvin
        self.flow_noise = self._noise(self.flow_noise, FLOW_NOISE * min(1.0, revs / 1000.0 - 0.6), FLOW_NOISE_SEC, dt)
        self.flow_drift = self._noise(self.flow_drift, FLOW_DRIFT, FLOW_DRIFT_SEC, dt)
        noise = 1.0 + self.flow_noise + self.flow_drift
        resistance = self.restriction() * (kelvin / 473.0) ** 0.7 * noise
        # p·(atmosphere + p) = resistance·flow, because the pressure itself compresses the gas
        half = self.atmosphere_mbar / 2.0
        pressure = (half * half + resistance * flow) ** 0.5 - half
        self.pressure_mbar = max(0.0, pressure + random.gauss(0.0, 0.2))

    def _recirculate(self, dt: float) -> None:
        """Move the EGR valve: shut under load, in a regeneration, and for a while now and then."""
        if self.random.random() < dt / 15.0:
            self.egr_shut = not self.egr_shut
        self.egr_want_perc = 0.0
        if not (self.regen or self.egr_shut) and self.inj_mg < 20.0 and self.revs < 2600:
            warm = min(1.0, max(0.0, (self.coolant_c - 5.0) / 40.0))
            self.egr_want_perc = 16.0 + warm * (9.0 if self.gear == 0 else 17.0)
        want = self.egr_want_perc if self.wear.egr_stuck_perc is None else self.wear.egr_stuck_perc
        self.egr_perc += (want - self.egr_perc) * min(1.0, dt / 2.2)

    def _heat(self, dt: float) -> None:
        fuel, outside = self.fuel_mg_s, self.outside_c
        # the heater and the thermostat's bypass take most of a small engine's warmth
        gain = 2.9e-4 * fuel - (self.coolant_c - outside) * 1.2e-3
        opens = self.wear.thermostat_c
        if self.coolant_c > opens:
            gain -= (self.coolant_c - opens) * 0.06
        self.coolant_c += gain * dt
        self.oil_c += (1.2e-4 * fuel + (self.coolant_c - self.oil_c) * 1.6e-3 - (self.oil_c - outside) * 2.5e-4) * dt
        hottest = self.wear.oil_hottest_c
        if self.oil_c > hottest:
            self.oil_c -= (self.oil_c - hottest) * min(1.0, 0.02 * dt)
        self.fuel_c += (0.25 * (self.coolant_c - outside) + outside - self.fuel_c) * min(1.0, 8e-4 * dt)
        warm = 0.12 * (self.coolant_c - outside) + min(20.0, self.inj_mg * 0.3)
        self.intake_c += (outside + warm - self.intake_c) * min(1.0, 0.02 * dt)
        exhaust = 25.0 + 7800.0 * self.inj_mg / self.air_mg if self.inj_mg else 110.0
        # more gas heats and cools the filter faster
        slowness = min(120.0, 1.4 / max(1e-3, self.air_mg * 1e-6 * self.revs / 30.0))
        if self.regen:
            exhaust = REGEN_TEMP_C + self.wear.regen_c - (45.0 if self.gear == 0 else 0.0) + self.inj_mg * 0.4
            slowness = max(45.0, slowness)
        self.fap_c += (exhaust - self.fap_c) * min(1.0, dt / slowness)

    def _load_filter(self, dt: float) -> None:
        soot = self.soot_gl + self.fuel_mg_s * SOOT_PER_MG * self.wear.soot_factor * dt
        heat = (self.fap_c - BURN_FROM_C) / (REGEN_TEMP_C - 10.0 - BURN_FROM_C)
        if heat > 0:
            soot -= BURN_GL_S * self.wear.burn_factor * heat * (0.3 + 0.7 * soot / SOOT_TRIGGER_GL) * dt
        self.soot_gl = max(0.2, soot)
        if self.regen:
            self.regen_sec += dt
            if self.soot_gl <= SOOT_DONE_GL:
                self._reset()
            elif self.regen_sec > REGEN_LIMIT_SEC:
                self.regen, self.regen_inhibited = False, True
            return
        self.regen_wanted = self.regen_wanted or self.soot_gl >= SOOT_TRIGGER_GL
        ready = self.running_sec > 420 and self.coolant_c > REGEN_FROM_C and self.speed_kmh > 45
        if self.regen_wanted and ready and not self.regen_inhibited:
            self.regen, self.regen_sec = True, 0.0

    def _reset(self) -> None:
        """Reset the counters after a complete regeneration."""
        self.regen = self.regen_wanted = False
        self.last_interval_km = self.last_regen_km
        self.avg10_km += (self.last_regen_km - self.avg10_km) / 10.0
        self.last_regen_km = 0.0
        self.additive_ml -= 6.0
        self.ash_g += 0.02

    def _count(self, km: float) -> None:
        self.last_regen_km += km
        self.life_km += km
