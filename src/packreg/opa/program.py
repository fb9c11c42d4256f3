"""The program `opa`, started so that no rule can reach anything: what may be called, and one question each.

Whatever `opa` loads is first held against a list of built-in functions without those that reach the network,
files or the environment (`opa check --capabilities`): Rego cannot make code at run time, so what passes once
is all that can ever run. `opa run` has no such option, which is why the check comes first and reads the very
files that are loaded after it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

#: The lowest version that the tests ran with; `opa parse` of 1.4.2 cannot be told to read Rego v0.
LOWEST = (1, 6, 0)
WHERE = "install OPA 1.x (openpolicyagent.org), and put opa on PATH or name it in the setting tools.opa"
#: Pulumi reads packs as Rego v0, where a file does not import rego.v1.
DIALECT = "--v0-compatible"
#: Functions with results that nobody can foresee and that reach nothing: all others of the kind are refused.
_HARMLESS = frozenset(
    {"io.jwt.decode_verify", "io.jwt.encode_sign", "io.jwt.encode_sign_raw"}
    | {"rand.intn", "time.now_ns", "uuid.rfc4122"}
)
#: These fetch what a schema refers to, from the network and from files.
_FETCHING = frozenset({"json.match_schema", "json.verify_schema"})
_SECONDS = 60.0


class OpaFailure(Exception):
    """`opa` cannot be used, or did not answer; the text says why."""


class Fault(NamedTuple):
    """What `opa` says is wrong with a file; `file` as it was given, `row` from 1, or "" and 0."""

    code: str
    message: str
    file: str
    row: int


def ask(
    opa: str, arguments: Sequence[str], *, cwd: Path, seconds: float = _SECONDS
) -> tuple[int, bytes, str]:
    """Its exit code, standard output, and standard error as text. Raises OpaFailure."""
    try:
        done = subprocess.run(
            [opa, *arguments],
            cwd=cwd,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise OpaFailure(f"opa {arguments[0]} did not come to an end in {seconds:.0f} seconds") from None
    except OSError as error:
        raise OpaFailure(f"{opa} cannot be started: {error.strerror}") from None
    if done.returncode < 0:
        raise OpaFailure(f"opa {arguments[0]} was ended by signal {-done.returncode}")
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace").strip()


def environment() -> dict[str, str]:
    """The variables `opa` sees. None of ours: those named OPA_… would change its options."""
    return {"PATH": "/usr/bin:/bin"}


def version_of(opa: str, *, cwd: Path) -> tuple[int, ...]:
    """Its version, such as (1, 22, 2). Raises OpaFailure where it says none, or is too old."""
    status, out, said = ask(opa, ["version"], cwd=cwd)
    words = out.decode("utf-8", "replace").split()
    text = words[1] if status == 0 and len(words) > 1 and words[0] == "Version:" else ""
    try:
        version = tuple(int(part) for part in text.split("-")[0].split("."))
    except ValueError:
        version = ()
    if not version:
        raise OpaFailure(f"{opa} does not say its version: {_last_line(said)}")
    if version < LOWEST:
        raise OpaFailure(f"{opa} is OPA {text}; at least {'.'.join(map(str, LOWEST))} is needed")
    return version


def write_capabilities(opa: str, path: Path, allowed: Collection[str] = ()) -> None:
    """Write what rules may call: all that reaches nothing, and the functions that the operator allows.

    Where none of those is allowed, no host is either, so that schemas that comments name are not fetched.
    Raises OpaFailure.
    """
    status, out, said = ask(opa, ["capabilities", "--current"], cwd=path.parent)
    try:
        capabilities: dict[str, Any] = json.loads(out) if status == 0 else {}
        every = capabilities["builtins"]
        reaching = {each["name"] for each in every if each.get("nondeterministic")} - _HARMLESS | _FETCHING
        capabilities["builtins"] = [e for e in every if e["name"] not in reaching - set(allowed)]
    except (ValueError, KeyError, TypeError):
        raise OpaFailure(f"{opa} does not say what rules may call: {_last_line(said)}") from None
    if not reaching & set(allowed):
        capabilities["allow_net"] = []
    path.write_text(json.dumps(capabilities), "utf-8")


def check(opa: str, names: Sequence[str], *, cwd: Path, capabilities: str) -> list[Fault]:
    """What `opa` refuses of the files of these names in `cwd`. Raises OpaFailure."""
    options = [DIALECT, "--format", "json", "--max-errors", "100", "--capabilities", capabilities]
    status, _, said = ask(opa, ["check", *options, *names], cwd=cwd)
    if status == 0:
        return []
    try:
        return [_fault(each) for each in json.loads(said)["errors"]]
    except (ValueError, KeyError, TypeError):
        raise OpaFailure(f"opa check failed: {_last_line(said)} (exit code {status})") from None


def parse(opa: str, name: str, *, cwd: Path) -> dict[str, Any]:
    """The syntax tree of a file that `check` passed, with its locations. Raises OpaFailure."""
    options = [DIALECT, "--format", "json", "--json-include", "locations,-comments"]
    status, out, said = ask(opa, ["parse", *options, name], cwd=cwd)
    try:
        tree: dict[str, Any] = json.loads(out)
        if status == 0 and isinstance(tree, dict):
            return tree
    except (ValueError, RecursionError):
        pass
    raise OpaFailure(f"opa parse failed: {_last_line(said)} (exit code {status})")


def is_newer_dialect(opa: str, name: str, *, cwd: Path) -> bool:
    """Whether a file that is no Rego v0 is Rego v1. Raises OpaFailure."""
    return ask(opa, ["parse", "--v1-compatible", name], cwd=cwd)[0] == 0


def _last_line(text: str) -> str:
    return text.rpartition("\n")[2][:300] or "it wrote nothing"


def _fault(each: dict[str, Any]) -> Fault:
    location = each.get("location") or {}
    message = " ".join(str(each["message"]).split())
    return Fault(str(each["code"]), message, str(location.get("file", "")), int(location.get("row", 0)))
