"""What runs the rules reads a network's figures at its start: a worker and `rate` lay the same over the packaged."""

from pathlib import Path

import pytest
from fees.releases import GPCI_2026, changed, imported

from pipeline.errors import Refused
from pipeline.figures.folder import load, releases
from pipeline.rate import Rater
from pipeline.rules.network import install, network
from pipeline.settings import Settings
from pipeline.streams.stages import stages


@pytest.mark.parametrize("start", [stages, Rater], ids=["worker", "rate"])
def test_the_figures_of_the_folder_are_laid_over_the_packaged_ones(start: type, tmp_path: Path) -> None:
    imported(tmp_path, GPCI_2026)
    install([])
    start(Settings(figures=tmp_path))
    assert list(network().items) == load(tmp_path)


@pytest.mark.parametrize("start", [stages, Rater], ids=["worker", "rate"])
def test_a_wrong_file_of_figures_ends_the_start(start: type, tmp_path: Path) -> None:
    imported(tmp_path, GPCI_2026)
    changed(tmp_path / "localities-2026.yaml", tmp_path, "'0.875'", "much")
    with pytest.raises(Refused, match=r"localities-2026\.yaml: line 7, column 13"):
        start(Settings(figures=tmp_path))


def test_a_log_names_the_releases_in_use(tmp_path: Path) -> None:
    imported(tmp_path, GPCI_2026)
    assert releases(list(network().items)) == [
        "ADDENDUM E. FINAL CY 2026 GEOGRAPHIC PRACTICE COST INDICES (GPCIs) BY STATE AND MEDICARE LOCALITY"
    ]


def test_a_setting_that_names_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="KXWATCH_FIGURES names no folder"):
        Settings.load({"KXWATCH_FIGURES": str(tmp_path / "nowhere")})
