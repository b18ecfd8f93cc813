"""A clinic network that never was: the events that its EMRs would send, for demos, tests and benchmarks."""

from pipeline.simulate.network import START, arrivals, network

__all__ = ["START", "arrivals", "network"]
