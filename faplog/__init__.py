"""What every room of faplog shares: contracts, settings, object store, bus, logging and telemetry."""
