"""What is worn or broken in a car: the values are those of a healthy one."""

from dataclasses import dataclass


@dataclass(slots=True)
class Wear:
    """How a car's parts behave. Everything here acts in the simulation; what a sensor says wrongly is in `faults`."""

    restriction_clean: float = 0.19
    """k_v of the filter without soot: its ash and age."""
    soot_factor: float = 1.0
    """Soot made, as a multiple of what a healthy engine makes."""
    burn_factor: float = 1.0
    """How fast a regeneration burns, as a share of the healthy rate."""
    regen_c: float = 0.0
    """How much hotter than usual the filter gets in a regeneration."""
    injector_spread: float = 1.0
    """Multiplies every injector's own deviation."""
    boost_share: float = 1.0
    """Boost that arrives, as a share of what the turbocharger is asked for."""
    egr_stuck_perc: float | None = None
    """Where the EGR valve is stuck."""
    thermostat_c: float = 87.0
    """Where the thermostat opens."""
    oil_hottest_c: float = 92.0
    """Above this the oil cooler works."""
    pressure_zero_mbar: float = 0.0
    """What the pressure sensor adds to every reading."""
    oil_dilution: float = 2.0
    errors: int = 0
