"""Find what is wrong with an OPA pack, for the commands `check` and `publish`."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from packreg.opa.judge import Judge, PolicyFailure
from packreg.opa.load import examine
from packreg.opa.modules import Staged
from packreg.opa.program import OpaFailure
from packreg.opa.service import OpaService, TookTooLong, private_folder
from packreg.pack.files import Files
from packreg.pack.problems import Problems

_TRY_SECONDS = 10.0
#: A resource without properties: which resources a pack judges is not known here.
_EMPTY = {"type": "pulumi:pulumi:Stack", "urn": "", "name": "", "properties": {}}


def opa_problems(
    files: Files, problems: Problems, opa: str, *, allowed: Collection[str] = (), memory: int = 0
) -> None:
    """Add to `problems` what is wrong with a pack's Rego files and configuration schema.

    `opa` is the path of the program. `allowed` are the functions that rules may call although they have
    access to network or files. `memory` is as in `program.Opa`. Errors are: what `opa` refuses, with file and
    line, METADATA and schemas that cannot be read, and rules that fail when they are evaluated once, with an
    empty resource. Warnings are, among others, policies that never fire and rules whose name is almost a
    policy's.
    """
    data = {path: file.data for path, file in files.items()}
    with private_folder() as folder:
        try:
            staged = Staged(opa, Path(folder), data, allowed, memory=memory)
            pack = examine(data, staged, problems)
            if pack is None or problems.errors:
                return
            service = OpaService(staged)
            try:
                judge = Judge(pack, "", service, lambda text: None)
                [outcome] = judge.resources([_EMPTY], seconds=_TRY_SECONDS)
                if isinstance(outcome, PolicyFailure):
                    raise outcome
                judge.stack([_EMPTY], seconds=_TRY_SECONDS)
            finally:
                service.close()
        except PolicyFailure as failure:
            problems.error("rego-evaluation", f"{failure}, with an empty resource")
        except TookTooLong:
            message = f"with an empty resource the rules did not finish within {_TRY_SECONDS:.0f} seconds"
            problems.error("rego-evaluation", message, "", "look for a loop over a large range")
        except OpaFailure as failure:
            problems.error("opa", str(failure))
