"""The command line that runs an OPA pack as an analyzer."""

from __future__ import annotations

import sys
from collections.abc import Collection


def analyzer_command(opa: str, *, allowed: Collection[str] = (), python: str = sys.executable) -> list[str]:
    """What to start, with the pack as its working directory, and the arguments every analyzer gets after it.

    Those are an engine address, which is not used, and the pack's directory. `opa` is the path of the
    program, `allowed` as in `check.opa_problems`, `python` the interpreter.
    """
    more = [f"-allow={','.join(sorted(allowed))}"] if allowed else []
    return [python, "-P", "-u", "-m", "packreg.opa", f"-opa={opa}", *more]
