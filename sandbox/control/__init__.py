"""Steers the sandbox: faults, limits, clocks, statistics, seeds."""
