"""The image, made once a run, and the services of docker-compose.yml."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from deploy.image import Image
from deploy.stack import Stack


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory, kafka_home: Path) -> Image:
    """The image, made as its Dockerfile says; its lower layer is kept beside the user's jars."""
    kept = (kafka_home / "jars").resolve().parent / "image-layers"
    image = Image(tmp_path_factory.mktemp("image") / "root", kept)
    image.build()
    return image


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, image: Image, kafka_home: Path) -> Iterator[Stack]:
    """All services that this machine has the programs for, up and healthy; down before the next file."""
    stack = Stack(tmp_path_factory.mktemp("stack"), image, kafka_home / "jars")
    try:
        stack.up(without=frozenset() if shutil.which("prometheus") else frozenset({"prometheus"}))
        yield stack
    finally:
        stack.down()
