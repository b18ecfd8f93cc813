"""`kxwatch fees` as an operator has it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from fees.releases import GPCI_2026, RVU_2026, changed, zipped
from ledger.emr import segment

KEYS = {"name", "first", "through", "value", "unit", "source", "link", "release", "checksum", "origin", "provisional"}


def kxwatch(folder: Path | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({} if folder is None else {"KXWATCH_FIGURES": str(folder)})
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments], env=environment, capture_output=True, text=True, check=False
    )


def listed(folder: Path | None) -> list[dict]:
    return json.loads(kxwatch(folder, "fees", "list", "--json").stdout)


def test_each_packaged_figure_is_listed_with_its_dates_source_and_checksum() -> None:
    entries = listed(None)
    (kx,) = [entry for entry in entries if entry["name"] == "kx_threshold" and entry["first"] == "2025-01-01"]
    assert kx.keys() == KEYS
    assert (kx["through"], kx["value"], kx["unit"], kx["origin"]) == ("2025-12-31", "241000", "cents", "packaged")
    assert all(entry["checksum"] and not entry["provisional"] for entry in entries)


def test_the_table_names_every_figure() -> None:
    done = kxwatch(None, "fees", "list")
    assert done.returncode == 0
    assert "kx_threshold" in done.stdout


def test_what_is_imported_and_carried_is_listed_as_the_networks(tmp_path: Path) -> None:
    done = kxwatch(tmp_path, "fees", "import", str(zipped(tmp_path, RVU_2026, GPCI_2026)))
    assert (done.returncode, done.stderr) == (0, "")
    assert kxwatch(tmp_path, "fees", "carry", "2027").returncode == 0
    own = [entry for entry in listed(tmp_path) if entry["origin"] == "network"]
    assert {(entry["name"], entry["first"], entry["provisional"]) for entry in own} >= {
        ("localities", "2026-01-01", False),
        ("relative_values", "2026-01-01", False),
        ("localities", "2027-01-01", True),
        ("conversion_factor", "2027-01-01", True),
        ("kx_threshold", "2027-01-01", True),
    }


def test_a_malformed_file_ends_the_command_with_its_place_and_takes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    folder.mkdir()
    wrong = changed(GPCI_2026, tmp_path, "0.875", "O.875")
    done = kxwatch(folder, "fees", "import", str(RVU_2026), str(wrong))
    assert done.returncode == 2
    assert "line 4, column 6: 'O.875' is no number from 0" in done.stderr
    assert list(folder.iterdir()) == []


def test_without_a_folder_there_is_nowhere_to_import_to() -> None:
    done = kxwatch(None, "fees", "import", str(GPCI_2026))
    assert (done.returncode, done.stderr) == (
        2,
        "kxwatch: set KXWATCH_FIGURES to the folder of the network's own figures\n",
    )


def test_rate_prices_by_the_folder_and_refuses_a_wrong_one(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    said = segment("e-1") | {"started_at": "2027-01-04T09:00:00-05:00", "stopped_at": "2027-01-04T09:30:00-05:00"}
    events.write_text(json.dumps(said))
    folder = tmp_path / "figures"
    folder.mkdir()
    kxwatch(folder, "fees", "carry", "2027")
    day = json.loads(kxwatch(folder, "rate", str(events)).stdout.splitlines()[0])["value"]
    assert day["lines"][0]["allowed_cents"] is not None
    (finding,) = [finding for finding in day["findings"] if finding["kind"] == "provisional"]
    assert finding["parameters"] == ["conversion_factor", "relative_values"]
    (folder / "carried-2027.yaml").write_text("kind: carried\nyear: [\n")
    done = kxwatch(folder, "rate", str(events))
    assert done.returncode == 2
    assert "carried-2027.yaml: line 3, column 1" in done.stderr
