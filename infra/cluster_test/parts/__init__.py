"""The parts of the cluster test. Each module has `run(target)`, which yields rows."""
