"""Whole cents as people read them."""

from functools import lru_cache


@lru_cache(maxsize=16_384)
def dollars(cents: int) -> str:
    """Write whole cents as dollars: $1,234.50, with a sign where they are owed back."""
    return f"{'-' if cents < 0 else ''}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"
