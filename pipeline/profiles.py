"""A network's own payer profiles: a folder of YAML files, laid over the packaged ones."""

from pathlib import Path

from pipeline.errors import Refused
from pipeline.rules.payers import Payers, decode, packaged, packaged_profiles


def load(folder: Path | None) -> Payers:
    """Read the profiles of a folder, one a file named `*.yaml`; none gives the packaged ones alone.

    A profile stands before the packaged one of its payer. Errors: `Refused`, naming the file and the field.
    """
    if folder is None:
        return packaged()
    try:
        own = decode((path.name, path.read_bytes()) for path in sorted(folder.glob("*.yaml")))
        return Payers({f"packaged {file}": profile for file, profile in packaged_profiles().items()}, own)
    except (ValueError, OSError) as error:
        raise Refused(f"the payers in {folder}: {error}") from None
