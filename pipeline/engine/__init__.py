"""Batches and exactly-once for Faust: one transaction a partition number, tables that keep encoded values."""
