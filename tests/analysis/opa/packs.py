"""Packs for tests: those of `packs`, and ones made of texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from packreg.analysis.opa.judge import Judge, Setting
from packreg.analysis.opa.load import OpaPack, examine, load_directory
from packreg.analysis.opa.rules import RulePack
from packreg.pack.problems import Problems

PACKS = Path(__file__).parent / "packs"


def loaded(name: str) -> OpaPack:
    """One of the packs here."""
    problems = Problems()
    pack = load_directory(PACKS / name, problems)
    assert pack is not None, problems.errors
    return pack


def rules_of(**sources: str) -> RulePack:
    """The pack of these modules, by file name without `.rego`; it has no errors."""
    pack, problems = examined({f"{name}.rego": source for name, source in sources.items()})
    assert not problems.errors and pack is not None, problems.errors
    return pack


def examined(files: dict[str, str | bytes]) -> tuple[RulePack | None, Problems]:
    """What these files make, and what is wrong with them."""
    problems = Problems()
    data = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    return examine(data, problems), problems


def judge_of(pack: RulePack, input_format: str = "", **settings: tuple[str, dict[str, Any]]) -> Judge:
    """A judge with these settings, which must not warn."""

    def warn(text: str) -> None:
        raise AssertionError(text)

    judge = Judge(pack, input_format, warn)
    judge.configure({name: Setting(*setting) for name, setting in settings.items()})
    return judge


def messages(judge: Judge, resource: dict[str, Any], *, signed: bool = False) -> list[tuple[str, str, str]]:
    """(policy, level, message) of all violations of a resource."""
    verdict = judge.resource(resource, signed=signed)
    return [(violation.rule.name, violation.level, violation.message) for violation in verdict.violations]
