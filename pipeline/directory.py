"""The sites of a network: billing TIN, Medicare locality and fee schedule, as YAML."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from pipeline.errors import Refused


class Site(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where treatment happens.

    `tin` is the billing number that the multiple-procedure reduction goes by; `locality` CMS's `carrier-locality`,
    as 10112-00, or `national`; `schedule` what Medicare lines are priced by; `apm` tells a qualifying participant of an
    alternative payment model, who has a conversion factor of its own since 2026.
    """

    tin: str = "network"
    locality: str = "national"
    schedule: Literal["cms", "guide-2025"] = "cms"
    apm: bool = False


class Directory(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sites by id; a site that is not listed has the defaults."""

    sites: Mapping[str, Site] = {}
    default: Site = Site()

    def site(self, site_id: str) -> Site:
        """Give a site by its id."""
        return self.sites.get(site_id, self.default)


def load(path: Path | None) -> Directory:
    """Read the directory; none is the empty one.

    Errors: `Refused`, naming the file and the field.
    """
    if path is None:
        return Directory()
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=Directory)
    except (msgspec.DecodeError, OSError) as error:
        raise Refused(f"the directory {path}: {' '.join(str(error).split())}") from None
