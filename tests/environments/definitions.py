"""Environments for tests: a shelf of definitions, and the case files of `cases/`.

A case file has sections, each behind a line `-- name --`: definitions by the name of their environment, of
which `env` is the one that is evaluated, and `expected`. That is JSON of the values, secrets as "[secret]",
behind a line `warn CODE PLACE` for each warning; or a line `refuse CODE PLACE` for each problem.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from packreg.environments.document import read_document
from packreg.environments.evaluation import Definition, EvaluatedImport, Load
from packreg.environments.open import open_document, open_environments
from packreg.environments.opened import Opened
from packreg.errors import InvalidConfiguration, NotFound
from packreg.registry.environment_reference import EnvironmentReference

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))


def shelf(definitions: Mapping[str, str]) -> Load:
    """What gives these definitions; each is the only revision of its environment."""

    def load(reference: EnvironmentReference) -> Definition | EvaluatedImport:
        if reference.name not in definitions:
            raise NotFound(f"there is no environment {reference.name}")
        return Definition(reference.name, reference.revision or 1, definitions[reference.name].encode())

    return load


def reveal(environment: str, ciphertext: str) -> str:
    """A secret that only says whose it was: tests of evaluation need no keys."""
    return f"plain {ciphertext} of {environment}"


def opened(text: str, **imports: str) -> Opened:
    """A definition opened as the environment `env`, with others to import."""
    return open_document(read_document(text.encode(), "env"), "env", shelf(imports), reveal)


def opened_together(*references: str, **definitions: str) -> Opened:
    """Environments opened as for a pack."""
    return open_environments(references, shelf(definitions), reveal)


def values(text: str, **imports: str) -> object:
    """The values of a definition, secrets in the clear."""
    return opened(text, **imports).values


def problems(text: str, **imports: str) -> list[str]:
    """What is said against a definition, as `CODE PLACE`; nothing when it is accepted."""
    try:
        opened(text, **imports)
    except InvalidConfiguration as error:
        return [f"{problem.code.removeprefix('environment-')} {problem.where}" for problem in error.problems]
    return []


def outcome(path: Path) -> tuple[str, str]:
    """What a case file expects, and what comes out, in the same words."""
    parts = re.split(r"^-- ([\w.@-]+) --\n", path.read_text("utf-8"), flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    wanted = sections.pop("expected")
    text = sections.pop("env")
    if found := problems(text, **sections):
        return wanted.strip(), "\n".join(f"refuse {each}" for each in found)
    result = opened(text, **sections)
    warned = [f"warn {w.code.removeprefix('environment-')} {w.where}" for w in result.warnings]
    lines = wanted.splitlines()
    shown = json.dumps(json.loads("\n".join(line for line in lines if not line.startswith("warn"))))
    wanted = "\n".join([*(line for line in lines if line.startswith("warn")), shown])
    return wanted, "\n".join([*warned, json.dumps(result.shown)])
