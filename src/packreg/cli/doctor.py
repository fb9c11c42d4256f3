"""`doctor`: whether this machine, its configuration and the store are fit for work."""

from __future__ import annotations

import os
import subprocess
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

from packreg.analysis.opa.program import WHERE
from packreg.cli.base import command
from packreg.errors import InstallError, PackregError, StoreError, StoreRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from packreg.cli.session import Session

#: Seconds that a tool has to say its version.
PATIENCE = 20.0
_WRITER = "readers need nothing more; to prove it, run `packreg doctor` with the rights of a keeper"


class Check(NamedTuple):
    """One line of the report: `fix` says what to do about a warning or a failure."""

    topic: str
    level: Literal["ok", "warn", "fail"]
    message: str
    fix: str = ""


@command("doctor", examples=("packreg doctor", "packreg doctor --json"))
@click.option("--no-probe", is_flag=True, help="Write nothing to the store, so prove less.")
@click.pass_obj
def doctor_command(session: Session, no_probe: bool) -> int:
    """Check the store, the cache, the tools and the configuration, and what required packs need.

    The store is tried out with about 200 small requests below .packreg/probe/, which are cleaned up. Who may
    not write there is told what was not proved. Exit code 9 if the store cannot hold a registry or does not
    answer.
    """
    found: list[Check] = []
    for check in diagnose(session, probe_store=not no_probe):
        found.append(check)
        if not session.out.json:
            session.out.line(f"{check.level:<5} {check.topic:<14} {check.message}")
            if check.fix:
                session.out.line(f"{'':<20} fix: {check.fix}")
    broken = any(check.level == "fail" and check.topic in STORE_TOPICS for check in found)
    if session.out.json:
        worst = "fail" if any(c.level == "fail" for c in found) else "ok"
        session.out.document({"ok": worst == "ok", "checks": [check._asdict() for check in found]})
    return StoreError.exit_code if broken else 0


STORE_TOPICS = ("store", "registry", "canary")
#: Program -> what makes it say its version, the runtime of the packs that need it, and what it is for.
_PROGRAMS = {
    "node": ("--version", "nodejs", "needed for nodejs packs: install Node.js 18 or later"),
    "npm": ("--version", "nodejs", "needed for nodejs packs: comes with Node.js"),
    "git": ("--version", "", "without it records name no commit"),
    "pulumi": ("version", "", "needed for previews and updates: https://www.pulumi.com/docs/install/"),
    "opa": ("version", "opa", f"needed for OPA packs: {WHERE}, or bring it with `packreg cache import`"),
}


def diagnose(session: Session, *, probe_store: bool) -> Iterator[Check]:
    """Everything that is looked at, in order; no failure of one keeps the others from being looked at."""
    try:
        files = ", ".join(session.settings.files) or "no packreg.toml"
        yield Check(
            "configuration", "ok", f"{session.place} ({session.settings.origins['registry.url']}), {files}"
        )
    except PackregError as error:
        yield Check("configuration", "fail", str(error), error.hint)
        return
    for look in (_registry, _canary, _probe) if probe_store else (_registry,):
        yield from _guarded("store", session, look)
    required: dict[str, list[str]] = {}
    yield from _guarded("governance", session, partial(_governance, required=required))
    yield from _guarded("home", session, _home)
    yield from _guarded("python", session, _python)
    yield from _uv(session)
    yield from _guarded("opa_analyzer", session, _analyzer)
    if session.settings.opa_analyzer:
        required.pop("opa", None)
    for name in _PROGRAMS:
        yield from _guarded(name, session, partial(_program, name=name, required=required))


def _guarded(topic: str, session: Session, look: Callable[[Session], Iterator[Check]]) -> Iterator[Check]:
    try:
        yield from look(session)
    except PackregError as error:
        yield Check(topic, "fail", str(error), error.hint)


def _registry(session: Session) -> Iterator[Check]:
    path = Path(session.location.path) if session.location.is_local else None
    if path is not None and path.exists() and not path.is_dir():
        yield Check("registry", "fail", f"{path} is not a directory", "name another place for the registry")
        return
    settings = session.registry().settings()
    if settings is not None:
        yield Check("registry", "ok", f"{settings.role}, created {settings.created}")
    elif session.settings.registry_is_default:
        yield Check("registry", "warn", "not there yet", "the first `packreg publish` creates it")
    else:
        yield Check("registry", "warn", "nobody initialised it", "create it once with `packreg init`")


def _governance(session: Session, required: dict[str, list[str]]) -> Iterator[Check]:
    """Also tells which releases of which runtime are required: in `required`."""
    from packreg.cli.governing import read_revision
    from packreg.cli.required_runtimes import required_runtimes

    chain = session.registry().governance
    head = chain.head()
    required |= required_runtimes(session, read_revision(chain, head).governance)
    yield Check("governance", "ok", f"revision {head.number}" if head else "nobody wrote any yet")
    for key in islice(chain.strangers(), 20):
        fix = f"find out who can write there, then delete it: {session.store.deletion(key)}"
        yield Check("governance", "warn", f"{key} is no revision, and is passed over", fix)


def _canary(session: Session) -> Iterator[Check]:
    from packreg.store.probe import canary

    settings = session.registry().settings()
    if settings is None or settings.role != "home":
        return
    try:
        canary(session.store)
    except StoreRefused as refused:
        yield Check(
            "canary", "warn", f"whether the store refuses what exists is not proved: {refused}", _WRITER
        )
    else:
        yield Check("canary", "ok", "the store refuses to create what exists")


def _probe(session: Session) -> Iterator[Check]:
    from packreg.store.probe import probe

    settings = session.registry().settings()
    if settings is None and session.location.is_local:
        return  # looking at a registry that is not there must not create its directory
    if settings is not None and settings.role == "replica":
        message = "whether it creates objects exactly once is not proved: nothing is written to a replica"
        yield Check("store", "warn", message, "run `packreg doctor` on the home registry")
        return
    try:
        verdict = probe(session.store.bucket)
    except StoreRefused as refused:
        yield Check(
            "store", "warn", f"whether it creates objects exactly once is not proved: {refused}", _WRITER
        )
        return
    facts = ", ".join(f"{fact}: {value}" for fact, value in sorted(verdict.facts.items()))
    if verdict.ok:
        yield Check("store", "ok", f"creates objects exactly once ({facts})")
    else:
        yield Check(
            "store", "fail", verdict.reason, "use another store or bucket; no registry is safe on this one"
        )


def _home(session: Session) -> Iterator[Check]:
    root = session.home.root
    place = next((path for path in (root, *root.parents) if path.exists()), root)
    if not os.access(place, os.W_OK):
        yield Check("home", "fail", f"{root} cannot be written to", "choose another one with PACKREG_HOME")
        return
    import shutil

    from packreg.cli.output import human_size

    free = shutil.disk_usage(place).free
    state = f"{root}, {human_size(free)} free"
    if free < 1_000_000_000:
        yield Check("home", "warn", state, "`packreg cache prune` removes what no installed pack uses")
    else:
        yield Check("home", "ok", state)


def _python(session: Session) -> Iterator[Check]:
    from packreg.install.interpreter import find_interpreter

    yield Check(
        "python", "ok", f"{find_interpreter(session.settings.python, session.tools)} makes environments"
    )


def _uv(session: Session) -> Iterator[Check]:
    uv = session.tools.uv
    if uv:
        yield Check("uv", "ok", f"{says_version(session, uv, '--version')} at {uv}")
    else:
        fix = "pip install uv"
        yield Check("uv", "warn", "not found; pip does its work, slower and for one platform", fix)


def _program(session: Session, name: str, required: Mapping[str, Sequence[str]]) -> Iterator[Check]:
    """A program that packs are installed or run with, and the required packs that are not judged without."""
    word, runtime, fix = _PROGRAMS[name]
    path = session.tools.which(name)
    packs = required.get(runtime, ())
    needed = f"{_counted(packs)} need{'s' if len(packs) == 1 else ''} it" if packs else ""
    if path is None:
        yield Check(name, "fail" if needed else "warn", f"not found{needed and f', and {needed}'}", fix)
        return
    said = says_version(session, path, word)
    message = f"{said or 'does not say its version'} at {path}{needed and f'; {needed}'}"
    if said and name == "pulumi":
        fix = _for_guard(said, session.environ)
    elif said:
        fix = _too_old(session) if name == "opa" else ""
    yield Check(name, "ok" if not fix else "fail" if needed else "warn", message, fix)


def _too_old(session: Session) -> str:
    """Why `opa` cannot judge; empty if it can."""
    from packreg.cli.opa_program import fit_opa

    try:
        fit_opa(session)
    except InstallError as error:
        return str(error)
    return ""


def _analyzer(session: Session) -> Iterator[Check]:
    """The operator's own analyzer of OPA packs, which then judges in place of `opa`."""
    named = session.settings.opa_analyzer
    if named:
        path = session.tools.programs.checked(named, "analysis.opa_analyzer")
        yield Check("opa_analyzer", "ok", f"{path} judges OPA packs; opa checks them")


def _counted(packs: Sequence[str]) -> str:
    """Required packs in words, the first three by name."""
    shown = ", ".join(packs[:3]) + (f" and {len(packs) - 3} more" if len(packs) > 3 else "")
    return f"{len(packs)} required pack{'s' if len(packs) != 1 else ''} ({shown})"


def _for_guard(said: str, environ: Mapping[str, str]) -> str:
    """What to do about a Pulumi CLI that is too old for the guard, or too new for the form it is given."""
    from packreg.cli.guard_forms import DIRECTORY
    from packreg.cli.pulumi_command import WITH_FILES, WITH_VARIABLES, names_pack, read_version
    from packreg.enforcement.guard.options import PACKS

    version = read_version(said)
    if version is None or version >= WITH_FILES:
        if names_pack(environ.get(PACKS, ""), str(DIRECTORY)):
            return f"{PACKS} names the guard's directory, which is for older CLIs: set it to `packreg guard`"
        return ""
    if version >= WITH_VARIABLES:
        return (
            "for the guard, upgrade it to 3.255.0; until then give it `packreg guard --directory`,"
            " which a project can replace"
        )
    return "for the guard, use `packreg run`; upgrade it to 3.208.0 for PULUMI_OPTION_POLICY_PACK"


def says_version(session: Session, program: str, *words: str) -> str:
    """The first line that a program says about its version; empty if it fails."""
    try:
        done = subprocess.run(
            [program, *words],
            env=session.tools.environment,
            cwd=Path(session.home.root.anchor),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return next(iter(done.stdout.decode("utf-8", "replace").strip().splitlines()), "")[:80]
