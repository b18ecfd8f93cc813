"""Where the rules are stated: what the ids stand for that the steps of an explanation carry."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

from pipeline.rules.parameters import Source


@cache
def sources() -> Mapping[str, Source]:
    """Give every source by its id: a title, and a link where it can be read."""
    return msgspec.yaml.decode((files("pipeline.rules") / "sources.yaml").read_bytes(), type=dict[str, Source])
