"""What is wrong with an OPA pack, for `check` and `publish`: what `opa` refuses is refused."""

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
#: A resource without properties: nothing is known of those that a pack is for.
_EMPTY = {"type": "pulumi:pulumi:Stack", "urn": "", "name": "", "properties": {}}


def opa_problems(
    files: Files, problems: Problems, opa: str, *, allowed: Collection[str] = (), memory: int = 0
) -> None:
    """Add what is wrong with the Rego files and configuration schemas among a pack's files.

    `opa` is the program, `allowed` are the functions that rules may call although they reach out, `memory`
    is as in `program.Opa`. What `opa` refuses is an error, with its file and line, and so are METADATA and
    schemas that cannot be read. Policies that never fire, names that are nearly those of policies and the
    like are warnings. Each rule is evaluated once.
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
