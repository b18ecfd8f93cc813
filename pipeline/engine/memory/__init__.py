"""Kafka in memory, as far as the engine needs it: for tests."""
