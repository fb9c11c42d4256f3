"""Run the program `opa` for one command, so that rules have no access to network, files or environment.

Every file that `opa` loads is first checked against a list of built-in functions without those that access
the network, files or the environment (`opa check --capabilities`). Rego cannot create code at run time, so a
file that passed cannot call others later. `opa run` has no such option, so the check comes first and reads
the same files that are loaded afterwards. The check itself would read only documents that a schema in a
comment refers to; `modules` refuses such references before.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

#: The lowest version that the tests ran with; `opa parse` of 1.4.2 cannot be told to read Rego v0.
LOWEST = (1, 6, 0)
WHERE = (
    f"install OPA {LOWEST[0]}.{LOWEST[1]} or later (openpolicyagent.org), and put opa on PATH or name it in "
    "the setting tools.opa, or bring it with `packreg cache import`"
)
#: Pulumi reads a file as Rego v0 unless it imports rego.v1.
DIALECT = "--v0-compatible"
#: Functions that `opa` calls nondeterministic but that access nothing outside; all others are refused.
_HARMLESS = frozenset(
    {"io.jwt.decode_verify", "io.jwt.encode_sign", "io.jwt.encode_sign_raw"}
    | {"rand.intn", "time.now_ns", "uuid.rfc4122"}
)
#: These fetch what a schema refers to, from the network and from files.
_FETCHING = frozenset({"json.match_schema", "json.verify_schema"})
_SECONDS = 60.0
#: Most bytes of an answer; as Python values it takes several times that.
MOST_SAID = 64 << 20


class OpaFailure(Exception):
    """`opa` cannot be used, or did not answer. The message says why."""


class SaidTooMuch(OpaFailure):
    """`opa` printed more than `MOST_SAID` bytes, and was ended."""


class Fault(NamedTuple):
    """An error that `opa` reports. `file` is as it was given, `row` counts from 1; "" and 0 if not known."""

    code: str
    message: str
    file: str
    row: int


class Opa(NamedTuple):
    """The program at `path`. On Linux each process may have `memory` bytes of data; 0 is no limit."""

    path: str
    memory: int = 0

    def start(self, arguments: Sequence[str], *, cwd: Path, **more: Any) -> subprocess.Popen[bytes]:
        """Start it without our environment variables: OPA_… would change its options. Raises OpaFailure."""
        command = [self.path, *arguments]
        environ = {"PATH": "/usr/bin:/bin"}
        try:
            process = subprocess.Popen(command, cwd=cwd, env=environ, stdin=subprocess.DEVNULL, **more)
        except OSError as error:
            raise OpaFailure(f"{self.path} cannot be started: {error.strerror}") from None
        if sys.platform == "linux":
            import resource

            with suppress(ProcessLookupError, PermissionError, ValueError):  # it ended, or has less already
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (MOST_SAID, MOST_SAID))
                if self.memory:
                    resource.prlimit(process.pid, resource.RLIMIT_DATA, (self.memory, self.memory))
        return process


def ask(
    opa: Opa, arguments: Sequence[str], *, cwd: Path, seconds: float = _SECONDS
) -> tuple[int, bytes, str]:
    """Run one command: exit code, standard output, and standard error as text.

    Raises SaidTooMuch, OpaFailure.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        with opa.start(arguments, cwd=cwd, stdout=out, stderr=errors) as process:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                message = f"opa {arguments[0]} did not finish within {seconds:.0f} seconds"
                raise OpaFailure(message) from None
            finally:
                process.kill()
        out.seek(0)
        errors.seek(0)
        answer, said = out.read(MOST_SAID), errors.read(MOST_SAID)
    if MOST_SAID in (len(answer), len(said)):
        raise SaidTooMuch(f"opa {arguments[0]} printed more than {MOST_SAID >> 20} MiB")
    if process.returncode < 0:
        raise OpaFailure(f"opa {arguments[0]} was killed by signal {-process.returncode}")
    return process.returncode, answer, said.decode("utf-8", "replace").strip()


def version_of(opa: Opa, *, cwd: Path) -> tuple[int, ...]:
    """The version of `opa`, such as (1, 22, 2). Raises OpaFailure if it prints none, or is too old."""
    status, out, said = ask(opa, ["version"], cwd=cwd)
    words = out.decode("utf-8", "replace").split()
    text = words[1] if status == 0 and len(words) > 1 and words[0] == "Version:" else ""
    try:
        version = tuple(int(part) for part in text.split("-")[0].split("."))
    except ValueError:
        version = ()
    if not version:
        raise OpaFailure(f"{opa.path} does not print its version: {_last_line(said)}")
    if version < LOWEST:
        raise OpaFailure(f"{opa.path} is OPA {text}; at least {'.'.join(map(str, LOWEST))} is needed")
    return version


def write_capabilities(opa: Opa, path: Path, allowed: Collection[str] = ()) -> None:
    """Write the capabilities file: the functions that rules may call.

    These are all functions without access to network, files or environment, and those that the operator
    allowed. If the operator allowed none, no host is allowed either, so that schemas that comments refer to
    are not fetched. Raises OpaFailure.
    """
    status, out, said = ask(opa, ["capabilities", "--current"], cwd=path.parent)
    try:
        capabilities: dict[str, Any] = json.loads(out) if status == 0 else {}
        every = capabilities["builtins"]
        reaching = {each["name"] for each in every if each.get("nondeterministic")} - _HARMLESS | _FETCHING
        capabilities["builtins"] = [e for e in every if e["name"] not in reaching - set(allowed)]
    except (ValueError, KeyError, TypeError):
        raise OpaFailure(f"{opa.path} does not list its built-in functions: {_last_line(said)}") from None
    if not reaching & set(allowed):
        capabilities["allow_net"] = []
    path.write_text(json.dumps(capabilities), "utf-8")


def check(opa: Opa, names: Sequence[str], *, cwd: Path, capabilities: str, most: int = 100) -> list[Fault]:
    """What `opa` refuses in the files `names` in `cwd`: the first `most` faults, or all with 0.

    Raises OpaFailure.
    """
    options = [DIALECT, "--format", "json", "--max-errors", str(most), "--capabilities", capabilities]
    status, _, said = ask(opa, ["check", *options, *names], cwd=cwd)
    if status == 0:
        return []
    try:
        return [_fault(each) for each in json.loads(said)["errors"]]
    except (ValueError, KeyError, TypeError):
        raise OpaFailure(f"opa check failed: {_last_line(said)} (exit code {status})") from None


def parse(opa: Opa, name: str, *, cwd: Path) -> dict[str, Any] | None:
    """The syntax tree of a file, with locations; None if `opa` says that it is not Rego v0.

    Raises SaidTooMuch, OpaFailure.
    """
    options = [DIALECT, "--format", "json", "--json-include", "locations,-comments"]
    status, out, said = ask(opa, ["parse", *options, name], cwd=cwd)
    if status == 1:
        return None
    try:
        tree: dict[str, Any] = json.loads(out)
        if status == 0 and isinstance(tree, dict):
            return tree
    except (ValueError, RecursionError):
        pass
    raise OpaFailure(f"opa parse failed: {_last_line(said)} (exit code {status})")


def is_newer_dialect(opa: Opa, name: str, *, cwd: Path) -> bool:
    """Whether a file that cannot be parsed as Rego v0 is Rego v1. Raises OpaFailure."""
    return ask(opa, ["parse", "--v1-compatible", name], cwd=cwd)[0] == 0


def analyzer_command(opa: str, *, allowed: Collection[str] = (), python: str = sys.executable) -> list[str]:
    """The command that runs an OPA pack as an analyzer; its working directory is the pack.

    The caller appends the arguments that every analyzer gets: an engine address, which is not used, and the
    pack's directory. `opa` is the program's path, `allowed` as in `check.opa_problems`, `python` the
    interpreter.
    """
    more = [f"-allow={','.join(sorted(allowed))}"] if allowed else []
    return [python, "-P", "-u", "-m", "packreg.opa", f"-opa={opa}", *more]


def _last_line(text: str) -> str:
    return text.rpartition("\n")[2][:300] or "it wrote nothing"


def _fault(each: dict[str, Any]) -> Fault:
    location = each.get("location") or {}
    message = " ".join(str(each["message"]).split())
    return Fault(str(each["code"]), message, str(location.get("file", "")), int(location.get("row", 0)))
