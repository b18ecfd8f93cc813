"""CMS's files in their own layouts, in small, and a network's folder that they are imported into."""

from datetime import date
from pathlib import Path
from zipfile import ZipFile

from pipeline.figures import folder, importing
from pipeline.rules.network import install

OFFICIAL = Path(__file__).parent / "official"
RVU_2025, RVU_2026 = OFFICIAL / "PPRRVU2025_Oct.csv", OFFICIAL / "PPRRVU2026_Jul_nonQPP.csv"
RVU_2026_APM = OFFICIAL / "PPRRVU2026_Jul_QPP.csv"
GPCI_2025, GPCI_2026 = OFFICIAL / "GPCI2025.csv", OFFICIAL / "GPCI2026.csv"
EDITS = OFFICIAL / "ccipra-v322r0-f4.txt"
MOST_UNITS = OFFICIAL / "MCR_MUE_PractitionerServices_Eff_07-01-2026.csv"


def imported(target: Path, *paths: Path, first: date | None = None) -> importing.Import:
    """Import files into a network's folder, and lay all that it holds over the packaged figures."""
    found = importing.read(paths, folder.load(target), first)
    folder.write(target, found.items)
    install(folder.load(target))
    return found


def changed(source: Path, target: Path, old: str, new: str, *, name: str = "") -> Path:
    """Write a file with one text in it replaced where it stands first."""
    text = source.read_bytes().decode("cp1252")
    assert old in text
    path = target / (name or source.name)
    path.write_bytes(text.replace(old, new, 1).encode("cp1252"))
    return path


def zipped(target: Path, *paths: Path, **others: bytes) -> Path:
    """Pack files as CMS ships them, with others beside them."""
    path = target / "release.zip"
    with ZipFile(path, "w") as archive:
        for member in paths:
            archive.write(member, member.name)
        for name, data in others.items():
            archive.writestr(name.replace("__", "."), data)
    return path
