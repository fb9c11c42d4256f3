"""The command line that runs an OPA pack as an analyzer."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def analyzer_command(own: Sequence[str] = (), *, python: str = sys.executable) -> list[str]:
    """What to start, with the pack as its working directory, and the arguments every analyzer gets after it.

    Those are an engine address, which is not used, and the pack's directory. `own` is the operator's own
    analyzer (`pulumi-analyzer-policy-opa` or a program that takes the same arguments, after its first ones if
    it has any); empty, ours is taken, with the interpreter `python`.
    """
    return list(own) or [python, "-P", "-u", "-m", "packreg.analysis.opa"]
