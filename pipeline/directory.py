"""The sites of a network: billing TIN, Medicare locality and fee schedule, as YAML."""

from collections.abc import Mapping
from datetime import UTC, tzinfo
from functools import cache
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta, Struct

from pipeline.errors import Refused

Untold = Literal["notes", "plans", "coverage"]
Zone = Annotated[str, Meta(min_length=1, description="a name of the IANA time zone database")]


class Site(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where treatment happens.

    `tin` is the billing number that the multiple-procedure reduction goes by; `locality` CMS's `carrier-locality`,
    as 10112-00, or `national`; `schedule` what Medicare lines are priced by; `apm` tells a qualifying participant of an
    alternative payment model, who has a conversion factor of its own since 2026. `untold` names
    what the site's EMR never tells of: that it is missing is then no alert. `setting` is what the supervision of
    assistants goes by.
    """

    tin: str = "network"
    locality: str = "national"
    schedule: Literal["cms", "guide-2025"] = "cms"
    apm: bool = False
    untold: frozenset[Untold] = frozenset()
    setting: Literal["private_practice", "institution"] = "private_practice"


class Directory(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sites by id; a site that is not listed has the defaults. `time_zone` is where the network's days begin."""

    sites: Mapping[str, Site] = {}
    default: Site = Site()
    time_zone: Zone = "UTC"

    def site(self, site_id: str) -> Site:
        """Give a site by its id."""
        return self.sites.get(site_id, self.default)

    def zone(self) -> tzinfo:
        """Give the time zone.

        Errors: `Refused` where there is none of its name.
        """
        return _zone(self.time_zone)


@cache
def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(f"the directory: time_zone: {name} is no time zone that this machine knows") from None


def load(path: Path | None) -> Directory:
    """Read the directory; none is the empty one.

    Errors: `Refused`, naming the file and the field.
    """
    if path is None:
        return Directory()
    try:
        found = msgspec.yaml.decode(path.read_bytes(), type=Directory)
        found.zone()
    except (msgspec.DecodeError, OSError) as error:
        raise Refused(f"the directory {path}: {' '.join(str(error).split())}") from None
    return found
