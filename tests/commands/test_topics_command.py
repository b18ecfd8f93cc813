import json

import pytest
from commands.commandline import Kxwatch

from pipeline.topics.catalog import declared

pytestmark = pytest.mark.usefixtures("environment")
TOPICS = len(declared())


def test_topics_are_made_and_then_as_declared(kxwatch: Kxwatch) -> None:
    before = kxwatch("topics", "diff")
    assert before.code == 1
    assert before.out.count("missing") == TOPICS
    assert kxwatch("topics", "check").code == 1
    assert kxwatch("topics", "apply").out == f"{TOPICS} topics made, 0 settings changed.\n"
    assert kxwatch("topics", "diff").out == "All topics are as declared.\n"
    assert kxwatch("topics", "check").out == "All that a worker needs is there.\n"


def test_a_program_reads_the_same(kxwatch: Kxwatch) -> None:
    assert len(json.loads(kxwatch("topics", "diff", "--json").out)) == TOPICS
    done = json.loads(kxwatch("topics", "apply", "--json").out)
    assert ({one["kind"] for one in done["done"]}, done["left"]) == ({"missing"}, [])
    assert kxwatch("topics", "diff", "--json").out == "[]\n"
    assert kxwatch("topics", "check", "--json").out == "[]\n"


def test_the_schemas_are_current(kxwatch: Kxwatch) -> None:
    assert kxwatch("topics", "schemas", "--check").code == 0
