"""Benchmarks: what is measured, beside what, on which machine."""
