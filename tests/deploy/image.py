"""The image of kxwatch, made in a folder: each step of its Dockerfile, as a builder takes it.

What a builder has and this machine has not: the base image, for which the Python of this run stands; and a root of its
own, so that /opt/kxwatch and /src are folders below another. The steps up to the code are kept, as a builder keeps its
layers, and are taken anew when the Dockerfile or the lock changes: a test run fetches nothing twice.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy.recipe import ROOT, Instruction, Recipe, given

DOCKERFILE = ROOT / "deploy" / "Dockerfile"
CODE = "pyproject.toml"
"""The first file that is copied when what others wrote is installed."""


class Image:
    """The folder that stands for the root of the image."""

    def __init__(self, root: Path, kept: Path) -> None:
        self.root = root
        self.recipe = Recipe.read(DOCKERFILE)
        self._kept = kept
        # A `python`, as the base image has one; where it stays, for a kept layer leads to it.
        self._base = kept / "base"
        self._base.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            (self._base / "python").symlink_to(Path(sys.executable).resolve())

    def build(self) -> None:
        """Take the steps of the first stage; the others only copy and tell."""
        steps = [one for one in self.recipe.instructions if one.stage == 0]
        code = next(place for place, one in enumerate(steps) if one.word == "COPY" and CODE in one.rest)
        layer = self._kept / _key(steps[:code])
        with self._alone():
            if layer.is_dir():
                shutil.copytree(layer, self.root, symlinks=True)
            else:
                self._take(steps[:code])
                half = self._kept / f"{layer.name}.{os.getpid()}"
                shutil.copytree(self.root, half, symlinks=True)
                half.rename(layer)
                for old in set(self._kept.iterdir()) - {layer, self._base}:
                    shutil.rmtree(old, ignore_errors=True)
        self._take(steps[code:])

    def there(self, text: str) -> str:
        """Put this folder before each path of the image that the text names."""
        return re.sub(r"(?<![\w/.-])/(opt|src|tmp)(?=/|$|:|\s)", lambda found: f"{self.root}{found[0]}", text)

    def environment(self) -> dict[str, str]:
        """Give the environment of its containers."""
        path = f"{self._base}{os.pathsep}/usr/bin{os.pathsep}/bin"
        return {name: self.there(value).replace("$PATH", path) for name, value in self.recipe.environment().items()}

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process make a layer at a time; the next one finds it there."""
        folder = os.open(self._kept, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _take(self, steps: list[Instruction]) -> None:
        # pip's own settings are this machine's: where it fetches from is no part of a recipe.
        environment = dict(os.environ) | {"PATH": f"{self._base}{os.pathsep}{os.environ['PATH']}"}
        place = self.root / "src"
        place.mkdir(parents=True, exist_ok=True)
        for step in steps:
            if step.word == "ENV":
                environment |= dict(pair.split("=", 1) for pair in step.arguments)
            elif step.word == "COPY":
                _copy(step, place)
            elif step.word == "RUN":
                done = subprocess.run(
                    ["/bin/sh", "-c", self.there(step.rest)],
                    cwd=place, env=environment, capture_output=True, text=True, check=False,
                )  # fmt: skip
                assert done.returncode == 0, f"RUN {step.rest}\n{done.stdout}{done.stderr}"
            else:
                assert step.word in ("FROM", "WORKDIR"), step


def _copy(step: Instruction, place: Path) -> None:
    """Copy from the project's folder what the build is given of it."""
    *sources, target = step.arguments
    for source in sources:
        found = ROOT / source
        assert found.exists(), f"COPY {source}: there is no such file"
        files = [found] if found.is_file() else [one for one in found.rglob("*") if one.is_file()]
        copied = [one for one in files if given(one.relative_to(ROOT).as_posix())]
        assert copied, f"COPY {source}: .dockerignore leaves it out"
        for file in copied:
            # Of a folder, a builder copies what is in it; a file, into a target that ends with a slash.
            to = place / target / (file.name if found.is_file() else file.relative_to(found))
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, to)


def _key(steps: list[Instruction]) -> str:
    """Give a name for what these steps lead to."""
    parts = [f"{sys.version} {os.uname().machine}", *(f"{step.word} {step.rest}" for step in steps)]
    parts += [(ROOT / one).read_text("utf-8") for step in steps if step.word == "COPY" for one in step.arguments[:-1]]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
