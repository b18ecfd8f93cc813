"""Official files become a network's figures: read in their own layouts, whole or not at all."""

from datetime import date
from pathlib import Path

import pytest
from fees.releases import (
    EDITS,
    GPCI_2025,
    GPCI_2026,
    MOST_UNITS,
    OFFICIAL,
    RVU_2025,
    RVU_2026,
    RVU_2026_APM,
    changed,
    imported,
    zipped,
)

from pipeline.errors import Refused
from pipeline.figures import folder, importing
from pipeline.rules.codes import table
from pipeline.rules.fees import UnitPrice, unit_price
from pipeline.rules.network import EditPairs, EditRow, RelativeValues, UnitsRow, install, network
from pipeline.rules.parameters import Unpriced, parameter


def prices(day: str, locality: str = "national") -> dict[str, UnitPrice | Unpriced]:
    return {code: unit_price(code, day, "cms", locality) for code in table()}


@pytest.mark.parametrize(("path", "day"), [(RVU_2025, "2025-03-03"), (RVU_2026, "2026-03-02")])
def test_the_file_that_a_release_was_made_of_gives_its_prices_again(path: Path, day: str, tmp_path: Path) -> None:
    before = prices(day)
    imported(tmp_path, path)
    assert network().relative_values(int(day[:4])) is not None
    assert prices(day) == before


def test_the_indices_that_a_release_was_made_of_give_its_prices_again(tmp_path: Path) -> None:
    localities = ("10112-00", "02102-01", "01212-01", "03602-21")
    before = [prices("2025-03-03", locality) for locality in localities]
    imported(tmp_path, GPCI_2025)
    assert [prices("2025-03-03", locality) for locality in localities] == before


def test_a_site_with_a_locality_has_a_price_in_2026_once_its_indices_are_imported(tmp_path: Path) -> None:
    assert unit_price("97530", "2026-03-02", "cms", "10112-00") == Unpriced(
        "geographic indices of locality 10112-00", "2026-03-02"
    )
    imported(tmp_path, GPCI_2026)
    price = unit_price("97530", "2026-03-02", "cms", "10112-00")
    assert isinstance(price, UnitPrice)
    # Work 0.44 x 1, practice 0.60 x 0.875, malpractice 0.01 x 0.566: 0.97066 x 33.4009 = 32.4209
    assert (price.full_cents, price.provisional) == (3242, ())


def test_the_file_of_apm_participants_gives_their_factor_and_no_values(tmp_path: Path) -> None:
    found = imported(tmp_path, RVU_2026_APM)
    (item,) = found.items
    assert isinstance(item, RelativeValues)
    assert (item.factor, item.rows) == ("conversion_factor_apm", {})


def test_a_year_that_no_release_has_is_priced_by_its_official_files(tmp_path: Path) -> None:
    later = changed(RVU_2026, tmp_path, "2026 National", "2027 National", name="PPRRVU2027_Jan_nonQPP.csv")
    text = later.read_text().replace("33.4009", "34.0000")
    later.write_text(text)
    imported(tmp_path, later)
    price = unit_price("97530", "2027-01-04", "cms", "national")
    assert isinstance(price, UnitPrice)
    # (0.44 + 0.60 + 0.01) x 34 = 35.70
    assert price.full_cents == 3570
    assert parameter("conversion_factor").at("2026-12-31") == parameter("conversion_factor").at("2026-01-01")


def test_a_year_between_two_that_are_stated_stays_without_a_factor(tmp_path: Path) -> None:
    later = changed(RVU_2026, tmp_path, "2026 National", "2029 National", name="PPRRVU2029_Jan_nonQPP.csv")
    imported(tmp_path, later)
    assert parameter("conversion_factor").stated(date(2029, 6, 1)) == "33.4009"
    assert parameter("conversion_factor").stated(date(2027, 6, 1)) is None
    assert parameter("conversion_factor").stated(date(2030, 6, 1)) is None


def test_a_factor_that_changes_within_its_year_needs_the_date_that_it_holds_from(tmp_path: Path) -> None:
    revised = tmp_path / "PPRRVU2026_Oct_nonQPP.csv"
    revised.write_text(RVU_2026.read_text().replace("33.4009", "34.0000"))
    with pytest.raises(Refused, match=r"34\.0000 is not the 33\.4009 stated for 2026: say with --from"):
        imported(tmp_path, revised)
    imported(tmp_path, revised, first=date(2026, 10, 1))
    assert str(parameter("conversion_factor").at("2026-09-30")) == "33.4009"
    assert str(parameter("conversion_factor").at("2026-10-01")) == "34.0000"


def test_a_later_release_of_a_year_takes_the_place_of_the_earlier_one(tmp_path: Path) -> None:
    imported(tmp_path, RVU_2026)
    october = changed(RVU_2026, tmp_path, "July Release", "October Release", name="PPRRVU2026_Oct_nonQPP.csv")
    imported(tmp_path, october)
    assert [item.release for item in folder.load(tmp_path) if isinstance(item, RelativeValues)] == [
        "2026 National Physician Fee Schedule Relative Value File October Release"
    ]


def test_a_zip_gives_every_table_that_is_known_and_names_the_rest(tmp_path: Path) -> None:
    path = zipped(
        tmp_path,
        RVU_2026,
        RVU_2026_APM,
        GPCI_2026,
        RVU26C__pdf=b"%PDF",
        GPCI2026__txt=b"fixed columns",
        ANES__csv=b"a,b",
    )
    found = importing.read([path], [])
    assert [folder.file_name(item) for item in found.items] == [
        "relative-values-2026.yaml",
        "relative-values-apm-2026.yaml",
        "localities-2026.yaml",
    ]
    assert found.left == ["RVU26C.pdf", "GPCI2026.txt", "ANES.csv"]


def test_edits_are_kept_where_both_codes_are_of_therapy_and_a_modifier_says_something(tmp_path: Path) -> None:
    (item,) = imported(tmp_path, EDITS).items
    assert isinstance(item, EditPairs)
    assert (item.part, item.release) == ("f4", "NCCI procedure-to-procedure edits for practitioners, v322r0")
    practice = "Standards of medical/surgical practice"
    assert item.rows == [
        EditRow("97140", "97530", date(2020, 1, 1), None, True, practice),
        EditRow("97140", "97750", date(2000, 1, 1), date(2000, 12, 31), True, practice),
        EditRow("97150", "97110", date(1996, 1, 1), None, False, "Mutually exclusive procedures"),
    ]


def test_a_table_of_most_units_takes_effect_on_the_date_in_its_name(tmp_path: Path) -> None:
    imported(tmp_path, MOST_UNITS)
    (found,) = network().daily_units()
    assert found.first == date(2026, 7, 1)
    assert found.rows["97110"] == UnitsRow(6, 3, "Clinical: Data")
    assert sorted(found.rows) == ["97110", "97165", "97530"]


def test_no_description_is_stored(tmp_path: Path) -> None:
    secret = "THE WORDS OF A DESCRIPTION"
    path = changed(RVU_2026, tmp_path, "97110,,x,", f"97110,,{secret},")
    target = tmp_path / "figures"
    target.mkdir()
    imported(target, path)
    assert not [file for file in target.iterdir() if secret in file.read_text()]


def test_what_is_written_is_read_as_it_was(tmp_path: Path) -> None:
    files = (RVU_2025, RVU_2026, RVU_2026_APM, GPCI_2025, GPCI_2026, EDITS, MOST_UNITS)
    found = imported(tmp_path, *files)
    assert sorted(found.items, key=folder.file_name) == folder.load(tmp_path)


@pytest.mark.parametrize(
    ("path", "old", "new", "told"),
    [
        (RVU_2026, "97110,,x,A,,0.45", "97110,,x,A,,O.45", "line 37, column 6: 'O.45' is no number from 0"),
        (RVU_2026, "97110,,x,A,", "97110,,x,A,,", "line 37, column 33: the row has 33 columns, expected 32"),
        (RVU_2026, "97110,,", "9711,,", "line 37, column 1: '9711' is no code of five digits or capitals"),
        (RVU_2026, "97112,,x", "97110,,x", "line 38, column 1: a second row of 97110"),
        (RVU_2026, "97110,,x,A", "97110,,x,a", "line 37, column 4: a status is one capital"),
        (
            RVU_2026,
            ",33.4009,09",
            ",33.4010,09",
            "line 12, column 26: a second conversion factor: 33.4009 after 33.4010",
        ),
        (
            RVU_2026,
            "PE RVU,INDICATOR,PE",
            "PE,INDICATOR,PE",
            "line 10, column 7: the heading is 'PE'",
        ),
        (RVU_2026, "STATUS,MEDICARE,WORK", "STATUS,MEDICARE,", "line 9, column 6: the heading above RVU is not WORK"),
        (RVU_2026, "2026 National", "2025 National", "line 10, column 24: the heading is 'IND', expected 'BASE'"),
        (GPCI_2026, "0.875", "O.875", "line 4, column 6: 'O.875' is no number from 0"),
        (GPCI_2026, "10112,AL,00", "AL,AL,00", "line 4, column 1: a carrier is a number of five digits"),
        (GPCI_2026, "02102,AK,01", "10112,AK,00", "line 5, column 3: a second row of locality 10112-00"),
        (GPCI_2026, "2026 PE GPCI", "2025 PE GPCI", "line 3, column 5: the indices are not of one year"),
        (GPCI_2026, "(with 1.0", "(without 1.0", "line 3, column 7: there is no work index with its floor"),
        (GPCI_2026, "Locality Number", "Locality", "line 3, column 3: the heading is not 'Locality Number'"),
        (EDITS, "20200101\t*\t1", "20200132\t*\t1", "line 8, column 4: '20200132' is no date"),
        (EDITS, "20200101\t*\t1", "20200101\t*\t2", "line 8, column 6: a modifier indicator is 0, 1 or 9"),
        (EDITS, "Deletion\tMod", "Deleted\tMod", "line 3, column 5: the heading is 'Deleted', expected 'Deletion'"),
        (EDITS, "97140\t97530\t", "97140\t97530", "line 8, column 7: the row has 6 columns, expected 7"),
        (MOST_UNITS, "97110,6,", "97110,six,", "line 9, column 2: 'six' is no number of units"),
        (MOST_UNITS, "97110,6,3", "97110,6,4", "line 9, column 3: an adjudication indicator is 1, 2 or 3"),
        (MOST_UNITS, "Practitioner Services", "Facility", "line 7, column 2: the heading is 'Facility MUE Values'"),
    ],
)
def test_a_malformed_file_is_refused_whole_with_line_and_column(
    path: Path, old: str, new: str, told: str, tmp_path: Path
) -> None:
    wrong = changed(path, tmp_path, old, new)
    target = tmp_path / "figures"
    target.mkdir()
    with pytest.raises(Refused) as caught:
        imported(target, GPCI_2025, wrong)
    assert f"{path.name}: {told}" in str(caught.value)
    assert list(target.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("notes.txt", b"nothing that is known", "none of the layouts"),
        ("PPRRVU2026.xlsx", b"PK\x05\x06" + bytes(18), "none of the layouts"),
        ("broken.zip", b"PK\x03\x04 and no more", "the zip cannot be read"),
        ("values.pdf", b"%PDF", "give the .csv or .txt"),
    ],
)
def test_what_is_no_official_file_is_refused(name: str, data: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(Refused, match=told):
        importing.read([path], [])


def test_a_file_of_2026_must_keep_the_name_that_says_which_of_two_it_is(tmp_path: Path) -> None:
    path = tmp_path / "PPRRVU2026.csv"
    path.write_bytes(RVU_2026.read_bytes())
    with pytest.raises(Refused, match="two files: keep the nonQPP or QPP"):
        importing.read([path], [])


def test_a_code_that_a_file_lacks_is_told(tmp_path: Path) -> None:
    kept = [line for line in RVU_2026.read_text().splitlines() if not line.startswith("97763")]
    path = tmp_path / RVU_2026.name
    path.write_text("\n".join(kept))
    assert importing.read([path], []).notes == [f"{RVU_2026.name} has no row of 97763: lines of these have no price"]


def test_hospital_edits_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "ccioph-v322r0-f4.txt"
    path.write_bytes(EDITS.read_bytes())
    with pytest.raises(Refused, match="the practitioners' edits are ccipra"):
        importing.read([path], [])


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("localities-2026.yaml", "'0.875'", "O.875", "line 7, column 13"),
        ("localities-2026.yaml", "year: 2026", "year: next", "line 5, column 7"),
        ("localities-2026.yaml", "year: 2026", "years: 2026", "line 1, column 1"),
        ("localities-2026.yaml", "rows:", "rows: [", "line "),
        ("localities-2026.yaml", "year: 2026", "year: 2025", "belongs in localities-2025.yaml"),
    ],
)
def test_a_wrong_file_of_the_folder_is_named_with_its_place(
    name: str, old: str, new: str, told: str, tmp_path: Path
) -> None:
    imported(tmp_path, GPCI_2026)
    changed(tmp_path / name, tmp_path, old, new)
    with pytest.raises(Refused) as caught:
        folder.load(tmp_path)
    assert str(tmp_path / name) in str(caught.value)
    assert told in str(caught.value)


def test_the_official_files_here_hold_no_description() -> None:
    for path in OFFICIAL.glob("PPRRVU*.csv"):
        rows = [line.split(",") for line in path.read_text().splitlines()[10:]]
        assert {row[2] for row in rows} == {"x"}


def test_figures_that_were_installed_are_gone_when_others_are(tmp_path: Path) -> None:
    imported(tmp_path, GPCI_2026)
    install([])
    assert isinstance(unit_price("97530", "2026-03-02", "cms", "10112-00"), Unpriced)
