"""The README of the engine: its programs run, its tables are the code."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

from aiokafka.admin import NewTopic
from docs.manual import blocks
from engine.deployment import SECONDS, Deployment

import pipeline.engine
from pipeline.engine.pace import Pace
from pipeline.engine.testing import Mark

README = Path(pipeline.engine.__file__).parent / "README.md"
WORDS, TEST = (block.text for block in blocks(README, "python"))
(COMMANDS,) = (block.text for block in blocks(README, "sh"))
CREATE = re.compile(r"--create --topic (\S+) --partitions (\d+)(?: --config (\S+)=(\S+))?$", re.MULTILINE)


def cells(heading: str) -> list[list[str]]:
    section = README.read_text("utf-8").split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip().strip("`") for cell in row.split("|")[1:-1]] for row in rows]


def test_the_test_passes_without_a_kafka(tmp_path: Path) -> None:
    (tmp_path / "words.py").write_text(WORDS)
    (tmp_path / "test.py").write_text(TEST)
    path = os.pathsep.join([str(tmp_path), *sys.path])
    environment = os.environ | {"PYTHONPATH": path}
    ended = subprocess.run([sys.executable, "test.py"], cwd=tmp_path, env=environment, check=False, timeout=30)
    assert ended.returncode == 0


async def test_the_app_counts_on_a_kafka_whose_topics_were_made_as_told(bare: Deployment, tmp_path: Path) -> None:
    made = [
        (bare.prefix + name, int(count), {key: value} if key else {})
        for name, count, key, value in CREATE.findall(COMMANDS)
    ]
    assert len(made) == 4
    await bare.admin.create_topics([NewTopic(name, count, 1, topic_configs=config) for name, count, config in made])
    program = WORDS.replace("127.0.0.1:9092", bare.kafka).replace('"counting"', f'"{bare.prefix}counting"')
    program = program.replace("House(refuse)", f'House(refuse, prefix="{bare.prefix}")')
    program = program.replace('app.topic("words"', f'app.topic("{bare.prefix}words"')
    (tmp_path / "words.py").write_text(program)
    (command,) = (line.split() for line in COMMANDS.splitlines() if line.startswith("python "))
    quiet = asyncio.subprocess.DEVNULL
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    worker = await asyncio.create_subprocess_exec(
        sys.executable, *command[1:], cwd=tmp_path, env=environment, stdout=quiet, stderr=quiet
    )
    try:
        await bare.put(["one", "two", "one"])
        results = f"{bare.prefix}results"
        found: list[tuple[bytes, bytes]] = []
        async with asyncio.timeout(SECONDS):
            while len(found) < 3:
                assert worker.returncode is None
                found = [(record.key, record.value) for record in await bare.held(results)]
    finally:
        if worker.returncode is None:
            worker.kill()
        await worker.wait()
    assert sorted(found) == [(b"one", b"1"), (b"one", b"2"), (b"two", b"1")]
    assert await bare.counts() == {"one": 2, "two": 1}


def test_the_settings_are_those_of_the_code() -> None:
    assert [(name, told) for name, told, _ in cells("Settings")] == [
        (name, str(default)) for name, default in Pace()._asdict().items()
    ]


def test_the_marks_are_those_of_the_code() -> None:
    assert {name for name, _ in cells("A test")} == set(Mark.__members__)
