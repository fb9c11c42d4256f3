"""The command line that runs an OPA pack as an analyzer."""

from __future__ import annotations

import sys
from collections.abc import Sequence

ENGINE_ADDRESS = "127.0.0.1:1"  # an argument that analyzers want and do not use


def analyzer_command(pack: str = ".", *, own: Sequence[str] = (), python: str = sys.executable) -> list[str]:
    """What to start, with the pack as its working directory.

    `own` is the operator's own analyzer (`pulumi-analyzer-policy-opa` or a program that takes the same
    arguments, with its first ones if it has any); empty, ours is taken, with the interpreter `python`.
    """
    if own:
        return [*own, ENGINE_ADDRESS, pack]
    return [python, "-P", "-u", "-m", "packreg.analysis.opa", ENGINE_ADDRESS, pack]
