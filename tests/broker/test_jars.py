import errno
import hashlib
from pathlib import Path

import pytest
from jgo.maven import Artifact

from pipeline.broker import jars
from pipeline.broker.jars import Jar, classpath, locked
from pipeline.broker.lock import text
from pipeline.broker.release import NEWEST, OLDEST, RELEASES, Release
from pipeline.errors import Refused

CONTENT = b"not really a jar"
SMALL = Jar(hashlib.sha256(CONTENT).hexdigest(), "org.example", "small", "1.0")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Jar:
    """A lock of one small jar, so that a test of the download is quick."""
    monkeypatch.setattr(jars, "locked", lambda _: [SMALL])
    return SMALL


def serve(monkeypatch: pytest.MonkeyPatch, content: bytes | Exception) -> None:
    """Let the repository answer each request for a jar with this."""

    def resolve(artifact: Artifact) -> Path:
        path: Path = artifact.cached_path
        path.parent.mkdir(parents=True)
        if isinstance(content, Exception):
            path.write_bytes(CONTENT[:3])
            raise content
        path.write_bytes(content)
        return path

    monkeypatch.setattr(Artifact, "resolve", resolve)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name != ".lock"}


@pytest.mark.parametrize(("release", "count"), [(NEWEST, 46), (OLDEST, 55)])
def test_a_lock_names_what_is_asked_for_and_all_that_it_needs_once(release: Release, count: int) -> None:
    names = [f"{jar.group}:{jar.artifact}:{jar.version}" for jar in locked(release)]

    assert set(release.roots) <= set(names)
    assert len(names) == len(set(names)) == count


@pytest.mark.parametrize("release", RELEASES)
def test_a_lock_is_written_as_it_is_read(release: Release) -> None:
    assert text(locked(release)) == Path(jars.__file__).with_name(release.lock).read_text("ascii")


def test_releases_can_share_a_folder_as_no_two_jars_have_one_name() -> None:
    jars_of_all = {jar for release in RELEASES for jar in locked(release)}

    assert len({jar.filename for jar in jars_of_all}) == len(jars_of_all)


@pytest.mark.usefixtures("small")
def test_a_jar_that_is_missing_is_fetched_and_each_step_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, CONTENT)
    told: list[tuple[str, int, int]] = []

    path = classpath(tmp_path / "jars", lambda *step: told.append(step))

    assert Path(path).read_bytes() == CONTENT
    assert told == [("small-1.0.jar", 0, 1), ("", 1, 1)]


def test_what_is_there_needs_no_network(small: Jar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / small.filename).write_bytes(CONTENT)
    serve(monkeypatch, AssertionError("asked the network"))

    assert classpath(tmp_path) == str(tmp_path / small.filename)


@pytest.mark.usefixtures("small")
def test_a_download_with_the_wrong_checksum_is_refused_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, CONTENT + b"and more")

    with pytest.raises(Refused, match=r"small-1\.0\.jar is not the jar .* removed; try again"):
        classpath(tmp_path)

    assert files(tmp_path) == set()


def test_a_jar_that_was_changed_since_is_refused_at_the_next_start(small: Jar, tmp_path: Path) -> None:
    (tmp_path / small.filename).write_bytes(CONTENT[::-1])

    with pytest.raises(Refused, match=r"small-1\.0\.jar is not the jar"):
        classpath(tmp_path)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that nobody listens on: every request fails as it does without a network."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)


@pytest.mark.usefixtures("no_network")
def test_no_network_is_one_line_that_names_three_ways_out(tmp_path: Path) -> None:
    with pytest.raises(
        Refused, match=r"\(ProxyError\): connect to the network once, or copy .* or set KXWATCH_BROKERS"
    ) as refused:
        classpath(tmp_path)

    assert "\n" not in str(refused.value)


@pytest.mark.usefixtures("small")
def test_an_interrupted_download_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, ConnectionResetError("reset"))

    with pytest.raises(Refused, match="cannot be fetched"):
        classpath(tmp_path)

    assert files(tmp_path) == set()


@pytest.mark.usefixtures("small")
def test_a_disk_that_fills_up_in_the_download_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, OSError(errno.ENOSPC, "No space left on device"))  # The write's own error, at the one seam.

    with pytest.raises(Refused, match=r"is full .* set KXWATCH_HOME to a folder on another disk"):
        classpath(tmp_path)
