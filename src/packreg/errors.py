"""Every error packreg raises on purpose, and who must act on it.

    PackregError                 exit  who must act
    ├── UsageError                2    the caller: a mistake on the command line or in the configuration
    ├── NotEvaluated              4    see below: no verdict was reached, which is never a pass
    │   ├── InvalidState          4    whoever made the state, preview or resource list: it cannot be read
    │   ├── InvalidConfiguration  4    whoever configures the pack: carries every problem found
    │   └── PackFailed            4    the pack's author: its program cannot be run or does not answer
    ├── VersionUsed               5    the publisher: choose another version
    ├── NotFound                  6    the caller: no such pack, version or release
    │   └── Removed               6    the caller: it was there and was removed, with a reason
    ├── InvalidPack               7    the pack's author: carries every problem found
    ├── IntegrityError            8    nobody may go on: bytes are not what a record says they are
    ├── StoreError                9    the operator of the bucket or directory
    │   ├── StoreUnavailable      9    …it did not answer; reading again later may work
    │   ├── StoreRefused          9    …it answered no: credentials, permissions, no such bucket
    │   └── StoreUnsafe           9    …it does not keep the promise that the registry rests on
    ├── ClusterUnavailable        9    the operator of the Dask cluster: it cannot be used
    ├── InstallError             10    whoever runs this machine: a tool, the network, the disk
    ├── OutcomeUnknown           11    the caller: run the same command again, it is safe
    └── ChangedMeanwhile         12    the caller: somebody else edited the same thing

Anything else that reaches the top is a defect of packreg and exits 1. The exit codes are part of the
interface: they are documented, tested and never reused (3, 13 and 14 are kept for answers: denied by
policy, a pack's test case differs, groups are not as their files say).

An error is a sentence that says what failed, which thing and where, and a `hint` that says how to mend it.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple


class Problem(NamedTuple):
    """One thing wrong with a pack, its configuration or the resources it is to judge.

    `code` is a stable word in kebab case for tools, `where` is `path`, `path:line` or `path:line:column`
    (lines and columns count from 1; empty when the pack as a whole is meant), `hint` is the fix.
    """

    code: str
    message: str
    where: str = ""
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.message} [{self.code}]"


class PackregError(Exception):
    """The root of every error raised on purpose. `str(error)` is the sentence, `hint` the way out."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(PackregError):
    """The command, an option, a reference or the configuration cannot be understood."""

    exit_code = 2


class NotEvaluated(PackregError):
    """Resources could not be judged, so nothing is known about them: neither allowed nor denied."""

    exit_code = 4


class InvalidState(NotEvaluated):
    """A state, preview or list of resources is damaged, too new or not one at all.

    The message names the file and, where one is meant, the place in it (`deployment.resources[3].inputs.a`).
    """


class InvalidConfiguration(NotEvaluated):
    """A pack's configuration was refused. `problems` holds all of them, sorted, never only the first."""

    def __init__(self, message: str, problems: tuple[Problem, ...] = (), *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = problems


class PackFailed(NotEvaluated):
    """A pack's program could not be started, ended, or broke the protocol.

    `code` is a stable word for tools, one for each way; `log` the last of what the program wrote, which may
    hold anything, and `reason` what that says of why, in one line with its place in the pack, "" for nothing.
    """

    def __init__(self, message: str, *, code: str, hint: str = "", log: str = "", reason: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.log = log
        self.reason = reason


class VersionUsed(PackregError):
    """The version was used before, for other content; versions are used once and never again."""

    exit_code = 5


class NotFound(PackregError):
    """There is no such object, pack, version or release."""

    exit_code = 6


class Removed(NotFound):
    """The release existed and was removed; its version stays used."""


class InvalidPack(PackregError):
    """A policy pack breaks the rules. `problems` holds all of them, never only the first."""

    exit_code = 7

    def __init__(self, message: str, problems: tuple[Problem, ...] = (), *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = problems


class IntegrityError(PackregError):
    """Bytes differ from what a record or a digest says; nothing of them was used.

    `problem` is what is wrong with them, for another sentence than the error's own.
    """

    exit_code = 8

    def __init__(self, message: str, *, hint: str = "", problem: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problem = problem or message


class StoreError(PackregError):
    """The object store failed."""

    exit_code = 9


class StoreUnavailable(StoreError):
    """The store did not give a usable answer within the deadline. Nothing was changed by this call."""


class StoreRefused(StoreError):
    """The store said no: credentials, permissions, a missing bucket, a read-only registry."""


class StoreUnsafe(StoreError):
    """The store does not create objects exactly once, so a registry on it would break its promise."""


class ClusterUnavailable(PackregError):
    """There is no Dask cluster at the address, or it has no workers; nothing was done."""

    exit_code = 9


class InstallError(PackregError):
    """A release could not be made runnable on this machine. `log` names the file with the tool's output."""

    exit_code = 10

    def __init__(self, message: str, *, hint: str = "", log: str = "") -> None:
        super().__init__(message, hint=hint)
        self.log = log


class OutcomeUnknown(PackregError):
    """A write was sent and no answer can tell whether it took effect; the same command again is safe."""

    exit_code = 11


class ChangedMeanwhile(PackregError):
    """Somebody else changed the same thing first; nothing of theirs was overwritten."""

    exit_code = 12


def error_code(error: BaseException) -> str:
    """The stable word for an error's class: `VersionUsed` is `version-used`."""
    name = type(error).__name__
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


def error_json(error: PackregError) -> dict[str, object]:
    """An error as `--json` prints it."""
    problems = error.problems if isinstance(error, InvalidPack | InvalidConfiguration) else ()
    found: dict[str, object] = {
        "code": error_code(error),
        "exit": error.exit_code,
        "message": str(error),
        "hint": error.hint,
        "problems": [problem._asdict() for problem in problems],
    }
    if isinstance(error, InstallError) and error.log:
        found["log"] = error.log
    return found
