"""What to bill in place of a code that a payer does not take."""

from functools import cache

import msgspec

from pipeline.rules.dated import Dated
from pipeline.rules.parameters import NoFigure, document


@cache
def _table() -> dict[str, Dated[str]]:
    return msgspec.convert(document("instead.yaml")["codes"], dict[str, Dated[str]], strict=False)


def instead_of(code: str, day: str) -> str | None:
    """Give the code to bill in place of another on an ISO date; None where none is known."""
    stated = _table().get(code)
    try:
        return None if stated is None else stated.at("instead", day)
    except NoFigure:
        return None
