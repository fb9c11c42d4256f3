"""Packs that break, each in its own way, and what must be found of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from packreg.analyzer.evaluation import PackToRun, evaluate
from packreg.analyzer.pool import Pool
from packreg.analyzer.program import Deadlines
from tests.analyzer.packs import FIXTURES, Sdks, buckets, runnable, short

BROKEN = sorted(path for path in (FIXTURES / "broken").iterdir() if path.is_dir())
#: Seconds. Long for packs that answer, however busy the machine is; short for those that never will.
HANGING = Deadlines(start=60, analyze=4)
NEVER_READY = Deadlines(start=3)
MIB = 1 << 20


def expected(source: Path) -> Any:
    """What must be found of a broken pack."""
    return json.loads((source / "expected.json").read_text())


def deadlines(source: Path) -> Deadlines | None:
    """Those of a pack that gives no answer; None for all others."""
    codes = {error["code"] for error in expected(source)["errors"]}
    return NEVER_READY if "start-timeout" in codes else HANGING if "no-answer" in codes else None


def broken(source: Path, place: Path, sdks: Sdks) -> PackToRun:
    """A copy of a broken pack with the SDK in it."""
    place.mkdir()
    for file in source.iterdir():
        (place / file.name).write_bytes(file.read_bytes())
    if (place / "index.js").exists():
        (place / "node_modules").symlink_to(sdks.node_modules)
    return runnable(place, python=sdks.python, memory=768 * MIB, deadlines=deadlines(source))


class Seen:
    """What became of broken packs, and what they wrote."""

    def __init__(self, sources: Sequence[Path], place: Path, sdks: Sdks) -> None:
        self.written: dict[str, list[str]] = defaultdict(list)
        packs = [broken(source, place / source.name, sdks) for source in sources]
        with Pool(keep=0, log=self._log) as pool:
            evaluation = evaluate(buckets("first", "bad", "last"), packs, pool=pool)
        self.results = {source.name: result for source, result in zip(sources, evaluation.packs, strict=True)}

    def _log(self, name: str, text: str) -> None:
        self.written[name].append(text)


@pytest.fixture(scope="module")
def hanging(sdks: Sdks, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """All that hang, at the same time."""
    sources = [source for source in BROKEN if deadlines(source)]
    return Seen(sources, tmp_path_factory.mktemp("hanging"), sdks)


@pytest.mark.parametrize("source", BROKEN, ids=lambda path: path.name)
def test_a_broken_pack_is_an_error_and_never_a_pass(
    source: Path, tmp_path: Path, sdks: Sdks, request: pytest.FixtureRequest
) -> None:
    """What healthy policies find stands, the culprit is named, and nothing it did not judge has passed."""
    seen = request.getfixturevalue("hanging") if deadlines(source) else Seen([source], tmp_path, sdks)
    result, wanted = seen.results[source.name], expected(source)

    assert [f"{found.policy} {short(found.urn)}" for found in result.violations] == wanted["violations"]
    found = [(error.code, error.policy, short(error.urn)) for error in result.errors]
    assert found == [(error["code"], error["policy"], error["resource"]) for error in wanted["errors"]]
    for error, of in zip(result.errors, wanted["errors"], strict=True):
        assert of["why"] in error.why
    for policy in result.policies:
        count = sum(error["policy"] in ("", policy.policy) for error in wanted["errors"])
        assert policy.errors == count
        assert policy.passed + policy.failed + policy.errors == 3
    assert wanted.get("log", "") in "".join(seen.written[source.name])
