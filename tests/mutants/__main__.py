"""Mutation testing of the rules: `make mutants`, or `make mutants MUTANTS="units fees"` for some modules.

Every change of one operator, number, condition or key in a rule must fail a conformance case or a unit test, or be
listed in survivors.yaml with the reason why no result can differ.
"""

import json
import subprocess
import sys
import tomllib
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from survivors import Survivors
from trial import ROOT, Mutant, Trial, killers

HERE = Path(__file__).parent


def main() -> int:
    parser = ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", help="names of modules of the rules; all of them unless said")
    parser.add_argument("--with-python", required=True, metavar="PATH", help="the Python that has Cosmic Ray")
    parser.add_argument("--jobs", type=int, default=2, help="how many are tried at a time")
    parser.add_argument("--killers", action="store_true", help="say of each mutant what killed it")
    asked = parser.parse_args()
    said = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mutants"]
    paths = [path for path in sorted((ROOT / said["folder"]).glob("*.py")) if path.stem not in said["without"]]
    if unknown := set(asked.modules) - {path.stem for path in paths}:
        parser.error(f"no module of {said['folder']}: {', '.join(sorted(unknown))}")
    paths = [path for path in paths if not asked.modules or path.stem in asked.modules]
    found = made(asked.with_python, paths, said["without-operators"])
    return report(found, said, asked.jobs, told=asked.killers)


def made(python: str, paths: list[Path], excluded: list[str]) -> list[Mutant]:
    """Give the mutants of modules."""
    text = json.dumps({"paths": [str(path) for path in paths], "excluded": excluded})
    done = subprocess.run([python, str(HERE / "making.py")], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return [Mutant(**mutant) for mutant in json.loads(done.stdout)]


def report(mutants: list[Mutant], said: dict[str, Any], jobs: int, *, told: bool) -> int:
    """Try mutants and print how it went; gives 1 where one survives unexplained, or an explained one does not."""
    tests = {module: [str(ROOT / path) for path in paths] for module, paths in said["tests"].items()}
    survivors = Survivors(HERE / "survivors.yaml")
    counts: dict[str, Counter[str]] = {}
    for mutant, killer in killers(Trial(said["folder"]), mutants, lambda module: tests.get(module, []), jobs):
        verdict = "killed" if killer else "explained" if survivors.explain(mutant) else "survived"
        counts.setdefault(mutant.module, Counter())[verdict] += 1
        if verdict == "survived" or (told and killer):
            print(f"{verdict} {mutant} ({mutant.operator})" + f"\n    by {killer}" * bool(killer), flush=True)
    stale = survivors.not_met(set(counts))
    for entry in stale:
        print(f"explained, and does not survive (any more): {entry}")
    print(f"{'module':<16}{'mutants':>9}{'killed':>9}{'explained':>11}{'survived':>10}")
    for module, count in [*counts.items(), ("all", sum(counts.values(), Counter()))]:
        print(f"{module:<16}{count.total():>9}{count['killed']:>9}{count['explained']:>11}{count['survived']:>10}")
    return 1 if stale or any(count["survived"] for count in counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
