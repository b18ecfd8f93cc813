"""The runner: each case's events to a command, and what comes out held against what the case expects."""

import argparse
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from conformance import network
from conformance.case import FOLDER, Case, ParameterCase, cases, check, check_alerts, check_parameter, parameter_cases
from conformance.compact import plain

COMMAND = "kxwatch rate --final"
TOPICS = ("billable-days", "claim-days", "threshold-totals")
CARE = "care-alerts"
SECONDS = 60


class Failed(Exception):  # noqa: N818 -- it is what became of a command, told as a line.
    """A command did not answer, or not in the form that is asked for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run cases as a command line says; gives 0 when all are met, 1 when one is not, 2 when there is none."""
    asked = _parser().parse_args(arguments)
    chosen = [case for case in cases() if _chosen(asked.only, case.name, case.subject)]
    figures = [case for case in parameter_cases() if _chosen(asked.only, case.name, "parameters")]
    if asked.expand is not None:
        expand(asked.expand, chosen, figures)
        print(f"{len(chosen)} cases and {len(figures)} figures written to {asked.expand}")
        return 0
    if not chosen and not figures:
        print("no case is of that name or subject", file=sys.stderr)
        return 2
    with ThreadPoolExecutor(asked.jobs) as pool:
        outcomes = list(
            zip(chosen, pool.map(lambda case: outcome(case, asked.command, asked.alerts), chosen), strict=True)
        )
    failed = _tell(outcomes, quiet=asked.quiet)
    told = f"{len(chosen) - failed} of {len(chosen)} cases are met"
    if asked.figures:
        wrong = _tell(zip(figures, figure_outcomes(figures, asked.figures), strict=True), quiet=asked.quiet)
        failed += wrong
        told += f", {len(figures) - wrong} of {len(figures)} figures"
    elif figures:
        told += f"; {len(figures)} figures were not asked for (--figures)"
    print(told)
    return 1 if failed else 0


def outcome(case: Case, command: str, alerts: str | None = None) -> list[str]:
    """Give what of a case a command does not meet, and another for its alerts; an error of theirs is a line, too."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        events = folder / "events.jsonl"
        events.write_text("".join(json.dumps(event) + "\n" for event in case.events), encoding="utf-8")
        written = network.write(folder, case.sites, case.payers, case.daily_units)
        settings = {f"KXWATCH_{name.upper()}": str(path) for name, path in (written | case.settings).items()}
        try:
            failures = check(case, _outputs(_said(_words(command, events), settings)))
            if alerts is not None and case.alerts:
                failures += check_alerts(case, _alerts(_said(_words(alerts, events), settings)))
        except Failed as failure:
            return [str(failure)]
    return failures


def _words(command: str, events: Path) -> list[str]:
    words = shlex.split(command)
    if not any("{events}" in word for word in words):
        words.append("{events}")
    return [word.replace("{events}", str(events)) for word in words]


def figure_outcomes(figures: Sequence[ParameterCase], command: str) -> list[list[str]]:
    """Ask a command for all figures at once, a JSON line each; gives for each what it does not meet."""
    asked = "".join(json.dumps({"parameter": case.parameter, "date": case.date}) + "\n" for case in figures)
    try:
        answers = [json.loads(line)["value"] for line in _said(shlex.split(command), {}, asked).splitlines()]
    except (Failed, ValueError, KeyError, TypeError) as failure:
        return [[f"{type(failure).__name__}: {failure}"] for _ in figures]
    if len(answers) != len(figures):
        return [[f"{len(answers)} answers to {len(figures)} figures"] for _ in figures]
    return [check_parameter(case, answer) for case, answer in zip(figures, answers, strict=True)]


def expand(folder: Path, chosen: Iterable[Case], figures: Iterable[ParameterCase]) -> None:
    """Write each case in full as a JSON file, `subject-number.json`, and the dated figures as `figures.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers: dict[str, int] = {}
    for case in chosen:
        number = numbers[case.subject] = numbers.get(case.subject, 0) + 1
        whole = {name: getattr(case, name) for name in ("name", "source", "sites", "settings", "daily_units")}
        whole["payers"] = {payer: plain(network.profile(payer, fields)) for payer, fields in case.payers.items()}
        whole |= {"events": case.events, "expect": _with_text_codes(case.expect), "alerts": case.alerts}
        _write(folder / f"{case.subject}-{number:03d}.json", whole)
    stated = [
        {name: getattr(case, name) for name in ("name", "source", "parameter", "date")}
        | {"expect": None if case.expect is None else str(case.expect)}
        for case in figures
    ]
    _write(folder / "figures.json", stated)


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def _with_text_codes(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: str(inner) if name == "code" and inner is not None else _with_text_codes(inner)
            for name, inner in value.items()
        }
    return [_with_text_codes(inner) for inner in value] if isinstance(value, list) else value


def _said(words: list[str], settings: dict[str, str], given: str = "") -> str:
    try:
        done = subprocess.run(
            words,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            env=os.environ | settings,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(f"{words[0]}: {error}") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise Failed(f"{words[0]} ended with {done.returncode}: {last}")
    return done.stdout


def _outputs(text: str) -> dict[str, dict[str, Any]]:
    """Give the last value of each key of the compacted topics; a null value is none."""
    found: dict[str, dict[str, Any]] = {topic: {} for topic in TOPICS}
    for output in _lines(text):
        if output["topic"] in found:
            found[output["topic"]][output["key"]] = output["value"]
    return found


def _alerts(text: str) -> dict[str, list[dict]]:
    """Give the care alerts in their order, by subject."""
    found: dict[str, list[dict]] = {}
    for output in _lines(text):
        if output["topic"] == CARE:
            found.setdefault(output["key"], []).append(output["value"])
    return found


def _lines(text: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.splitlines(), 1):
        try:
            output = json.loads(line)
            told = {name: output[name] for name in ("topic", "key", "value")}
        except (ValueError, KeyError, TypeError):
            raise Failed(f'line {number} of the output is not {{"topic", "key", "value"}}') from None
        yield told


def _chosen(only: str, name: str, subject: str) -> bool:
    """Tell a case of a subject, or one with a text in its name; the name of a subject is never a text."""
    return only == subject if only in _SUBJECTS else only.casefold() in name.casefold()


_SUBJECTS = {path.stem for path in FOLDER.glob("*.yaml")}


def _tell(outcomes: Iterable[tuple[Case | ParameterCase, list[str]]], *, quiet: bool) -> int:
    """Print each case with what it is not met in; gives how many are not."""
    failed = 0
    for case, failures in outcomes:
        failed += bool(failures)
        if failures:
            print(f"NOT MET  {case.name}\n         source: {case.source}")
            for failure in failures:
                print(f"         {failure}")
        elif not quiet:
            print(f"met      {case.name}")
    return failed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    parser.add_argument(
        "--command", default=COMMAND, help="what rates a file of events; {events} stands for it, else it comes last"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="cases of this subject, or with this in their name")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="commands at a time")
    parser.add_argument("--figures", metavar="COMMAND", help="what answers for dated figures, a JSON line each")
    parser.add_argument("--alerts", metavar="COMMAND", help="what tells the alerts of a file of events in order")
    parser.add_argument("--expand", type=Path, metavar="DIR", help="write the cases in full as JSON, and run nothing")
    parser.add_argument("--quiet", action="store_true", help="only what is not met, and the count")
    return parser
