"""Packs that break, each in its own way, and what must be found of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from packreg.analysis.evaluation import evaluate
from packreg.analysis.pool import Pool
from packreg.analysis.program import Deadlines
from tests.analysis.packs import FIXTURES, Sdks, buckets, runnable, short

BROKEN = sorted(path for path in (FIXTURES / "broken").iterdir() if path.is_dir())
#: Seconds. Long for packs that answer, however busy the machine is; short for those that never will.
PATIENT = Deadlines()
HANGING = Deadlines(start=60, analyze=4)
NEVER_READY = Deadlines(start=3)
MIB = 1 << 20


def copied(source: Path, place: Path, sdks: Sdks) -> Path:
    """A copy of a broken pack with the SDK in it."""
    place.mkdir()
    for file in source.iterdir():
        (place / file.name).write_bytes(file.read_bytes())
    if (place / "index.js").exists():
        (place / "node_modules").symlink_to(sdks.node_modules)
    return place


@pytest.mark.parametrize("source", BROKEN, ids=lambda path: path.name)
def test_a_broken_pack_is_an_error_and_never_a_pass(source: Path, tmp_path: Path, sdks: Sdks) -> None:
    """What healthy policies find stands, the culprit is named, and nothing it did not judge has passed."""
    expected = json.loads((source / "expected.json").read_text())
    codes = {error["code"] for error in expected["errors"]}
    hangs = any(not error["resource"] for error in expected["errors"]) and "start-timeout" in codes
    deadlines = NEVER_READY if hangs else HANGING if "no-answer" in codes else PATIENT
    written: list[str] = []
    memory = 96 * MIB if source.name == "nodejs-eats-memory" else 768 * MIB
    pack = runnable(copied(source, tmp_path / source.name, sdks), python=sdks.python, memory=memory)
    with Pool(deadlines=deadlines, log=lambda name, text: written.append(text)) as pool:
        [result] = evaluate(buckets("first", "bad", "last"), [pack], pool=pool).packs

    assert [f"{found.policy} {short(found.urn)}" for found in result.violations] == expected["violations"]
    found = [(error.code, error.policy, short(error.urn)) for error in result.errors]
    assert found == [(error["code"], error["policy"], error["resource"]) for error in expected["errors"]]
    for error, wanted in zip(result.errors, expected["errors"], strict=True):
        assert wanted["why"] in error.why
    for policy in result.policies:
        broken = sum(error["policy"] in ("", policy.policy) for error in expected["errors"])
        assert policy.errors == broken
        assert policy.passed + policy.failed + policy.errors == 3
    assert expected.get("log", "") in "".join(written)
