"""The same counting job by several engines, on one broker, with the same events: rates, processor, memory, recovery."""
