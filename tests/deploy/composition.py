"""docker-compose.yml as its services."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from deploy.recipe import ROOT, Recipe

FILE = ROOT / "docker-compose.yml"
ENVIRONMENT_FILE = ROOT / "deploy" / "kxwatch.env.example"
"""What a user copies to the env_file that the services name, and fills in."""


class Service(NamedTuple):
    """A service as Compose understands it: `$$` is a dollar, `${NAME:-default}` the default, an env_file read."""

    name: str
    said: dict[str, Any]

    @property
    def recipe(self) -> Recipe | None:
        """The Dockerfile of its image; none where the image is someone else's."""
        build = self.said.get("build")
        return Recipe.read(ROOT / build["context"] / build["dockerfile"]) if build else None

    @property
    def replicas(self) -> int:
        """How many containers it has."""
        number: int = self.said["deploy"].get("replicas", 1)
        return number

    def command(self) -> list[str]:
        """Give the command line of its containers, as far as the file and our own image tell it."""
        own: list[str] = self.said.get("command", [])
        return self.recipe.command(*own) if self.recipe else own

    def environment(self) -> dict[str, str]:
        """Give the environment of its containers: the image's, then the env_file's, then its own."""
        image = self.recipe.environment() if self.recipe else {}
        file = env_file(ENVIRONMENT_FILE) if "env_file" in self.said else {}
        own = {name: str(value) for name, value in self.said.get("environment", {}).items()}
        return image | file | own

    def health(self) -> list[str] | None:
        """Give the command of its health check, its own or its image's; none where it has none."""
        own = self.said.get("healthcheck", {})
        if own.get("disable"):
            return None
        if test := own.get("test"):
            assert test[0] == "CMD"
            return list(test[1:])
        return self.recipe.health() if self.recipe else None


def services() -> dict[str, Service]:
    """Give the services, in the order of the file."""
    return {name: Service(name, interpolated(said)) for name, said in document()["services"].items()}


def document() -> dict[str, Any]:
    """Give the file as it stands."""
    return yaml.safe_load(FILE.read_text("utf-8"))  # type: ignore[no-any-return]


def env_file(path: Path) -> dict[str, str]:
    """Read an env_file."""
    lines = path.read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def interpolated(value: Any) -> Any:
    """Put in what Compose puts in where nobody has set the variables."""
    if isinstance(value, dict):
        return {name: interpolated(one) for name, one in value.items()}
    if isinstance(value, list):
        return [interpolated(one) for one in value]
    if not isinstance(value, str):
        return value
    return re.sub(r"\$\$|\$\{\w+:-([^}]*)\}", lambda found: "$" if found[0] == "$$" else found[1], value)
