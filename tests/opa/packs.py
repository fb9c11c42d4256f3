"""Packs for tests: those of `packs`, and ones made of texts, judged by the real `opa`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from packreg.opa.judge import Judge, PolicyFailure, PolicySetting
from packreg.opa.load import OpaPack, examine, load_files
from packreg.opa.modules import Staged
from packreg.opa.rules import RulePack
from packreg.opa.service import OpaService, private_folder
from packreg.pack.problems import Problems
from tests.opa_program import opa_program

PACKS = Path(__file__).parent / "packs"


def files_of(name: str) -> dict[str, bytes]:
    """The files of one of the packs here."""
    root = PACKS / name
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.*")}


def loaded(name: str) -> OpaPack:
    """One of the packs here."""
    problems = Problems()
    files = files_of(name)
    with private_folder() as folder:
        pack = load_files(files, Staged(opa_program(), Path(folder), files), problems)
    assert pack is not None, problems.errors
    return pack


def rules_of(**sources: str) -> RulePack:
    """The pack of these modules, by file name without `.rego`; it has no errors."""
    pack, problems = examined({f"{name}.rego": source for name, source in sources.items()})
    assert not problems.errors and pack is not None, problems.errors
    return pack


def examined(files: Mapping[str, str | bytes]) -> tuple[RulePack | None, Problems]:
    """What these files make, and what is wrong with them."""
    problems = Problems()
    data = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    with private_folder() as folder:
        return examine(data, Staged(opa_program(), Path(folder), data), problems), problems


@contextmanager
def judging(
    files: Mapping[str, bytes], *, input_format: str = "", said: list[str] | None = None
) -> Iterator[Judge]:
    """A judge of these files; it may warn only where `said` collects what it says."""

    def warn(text: str) -> None:
        assert said is not None, text
        said.append(text)

    problems = Problems()
    with private_folder() as folder:
        staged = Staged(opa_program(), Path(folder), files)
        pack = examine(files, staged, problems)
        assert pack is not None and not problems.errors, problems.errors
        service = OpaService(staged)
        try:
            yield Judge(pack, input_format, service, warn)
        finally:
            service.close()


@contextmanager
def judge_of(source: str, **settings: tuple[str, dict[str, Any]]) -> Iterator[Judge]:
    """A judge of the package p with these rules, in a.rego from line 2, and with these settings."""
    with judging({"a.rego": f"package p\n{source}\n".encode()}) as judge:
        judge.configure({name: PolicySetting(*setting) for name, setting in settings.items()})
        yield judge


def messages(judge: Judge, resource: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(policy, level, message) of all violations of a resource."""
    [outcome] = judge.resources([resource])
    if isinstance(outcome, PolicyFailure):
        raise outcome
    return [(violation.rule.name, violation.level, violation.message) for violation in outcome.violations]
