"""`doctor`: check that this machine, its configuration and the store are fit for use."""

from __future__ import annotations

import os
import shutil
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

from packreg.cli.base import command
from packreg.cli.guarding import says_version
from packreg.cli.pulumi_command import WITH_VARIABLES, names_pack, read_version
from packreg.errors import InstallError, PackregError, StoreError, StoreRefused
from packreg.install.fitting import choose_interpreter
from packreg.opa.program import WHERE
from packreg.services.governance import stored_governance
from packreg.services.guard_forms import DIRECTORY, WITH_FILES
from packreg.services.opa_program import fit_opa
from packreg.services.pulumi_options import PACKS
from packreg.services.required_runtimes import by_runtime, required_releases, without_interpreter
from packreg.store.location import DirectoryLocation
from packreg.store.probe import canary, probe
from packreg.text import human_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from packreg.cli.context import CommandContext
    from packreg.registry.record import Record

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
def doctor_command(context: CommandContext, no_probe: bool) -> int:
    """Check the store, the cache, the tools and the configuration.

    A missing tool is a failure only if required packs need it. The store is tested with about 200 small
    requests below .packreg/probe/, which are cleaned up. Without the right to write there, the command says
    what it could not prove. Exit code 9 if the store cannot hold a registry or does not answer.
    """
    found: list[Check] = []
    for check in diagnose(context, probe_store=not no_probe):
        found.append(check)
        if not context.out.json:
            context.out.judged(f"{check.level:<5} {check.topic:<14} {check.message}")
            if check.fix:
                context.out.line(f"{'':<20} fix: {check.fix}")
    broken = any(check.level == "fail" and check.topic in STORE_TOPICS for check in found)
    if context.out.json:
        worst = "fail" if any(c.level == "fail" for c in found) else "ok"
        context.out.document({"ok": worst == "ok", "checks": [check._asdict() for check in found]})
    return StoreError.exit_code if broken else 0


STORE_TOPICS = ("store", "registry", "canary")
#: Program -> the argument that prints its version, the runtime of packs that need it, and what it is for.
_PROGRAMS = {
    "node": ("--version", "nodejs", "needed for nodejs packs: install Node.js 18 or later"),
    "npm": ("--version", "nodejs", "needed for nodejs packs: comes with Node.js"),
    "git": ("--version", "", "without it, records do not name the commit"),
    "pulumi": ("version", "", "needed for previews and updates: https://www.pulumi.com/docs/install/"),
    "opa": ("version", "opa", f"needed for OPA packs: {WHERE}"),
}


def diagnose(context: CommandContext, *, probe_store: bool) -> Iterator[Check]:
    """Run all checks, in order. A failed check does not stop the others, unless the configuration is bad."""
    try:
        files = ", ".join(context.settings.files) or "no packreg.toml"
        yield Check(
            "configuration", "ok", f"{context.place} ({context.settings.origins['registry.url']}), {files}"
        )
    except PackregError as error:
        yield Check("configuration", "fail", str(error), error.hint)
        return
    for look in (_registry, _canary, _probe) if probe_store else (_registry,):
        yield from _guarded("store", context, look)
    releases: list[Record] = []
    yield from _guarded("governance", context, partial(_governance, releases=releases))
    yield from _guarded("home", context, _home)
    yield from _guarded("python", context, partial(_python, releases=releases))
    yield from _uv(context)
    yield from _guarded("opa_analyzer", context, _analyzer)
    required = by_runtime(releases)
    if context.settings.opa_analyzer:
        required.pop("opa", None)
    for name in _PROGRAMS:
        yield from _guarded(name, context, partial(_program, name=name, required=required))


def _guarded(
    topic: str, context: CommandContext, look: Callable[[CommandContext], Iterator[Check]]
) -> Iterator[Check]:
    try:
        yield from look(context)
    except PackregError as error:
        yield Check(topic, "fail", str(error), error.hint)


def _registry(context: CommandContext) -> Iterator[Check]:
    location = context.location
    path = Path(location.path) if isinstance(location, DirectoryLocation) else None
    if path is not None and path.exists() and not path.is_dir():
        yield Check(
            "registry", "fail", f"{path} is not a directory", "give another location for the registry"
        )
        return
    settings = context.registry().settings()
    if settings is not None:
        yield Check("registry", "ok", f"{settings.role}, created {settings.created}")
    elif context.settings.registry_is_default:
        yield Check("registry", "warn", "not there yet", "the first `packreg publish` creates it")
    else:
        yield Check("registry", "warn", "there is no registry here yet", "create it once with `packreg init`")


def _governance(context: CommandContext, releases: list[Record]) -> Iterator[Check]:
    """Check the policy groups; also adds the releases that they require to `releases`."""
    chain = context.registry().governance
    head = chain.head()
    releases += required_releases(context, stored_governance(context).read(head).governance)
    yield Check("governance", "ok", f"revision {head.number}" if head else "there is none yet")
    for key in islice(chain.strangers(), 20):
        fix = f"find out who can write there, then delete it: {context.store.deletion(key)}"
        yield Check("governance", "warn", f"{key} is not a revision, and is ignored", fix)


def _canary(context: CommandContext) -> Iterator[Check]:
    settings = context.registry().settings()
    if settings is None or settings.role != "home":
        return
    try:
        canary(context.store)
    except StoreRefused as refused:
        yield Check(
            "canary", "warn", f"it is not proved that the store refuses to overwrite: {refused}", _WRITER
        )
    else:
        yield Check("canary", "ok", "the store refuses to create what exists")


def _probe(context: CommandContext) -> Iterator[Check]:
    settings = context.registry().settings()
    if settings is None and context.location.is_local:
        return  # a check of a registry that does not exist must not create its directory
    if settings is not None and settings.role == "replica":
        message = (
            "it is not proved that the store creates objects exactly once: nothing is written to a replica"
        )
        yield Check("store", "warn", message, "run `packreg doctor` on the home registry")
        return
    try:
        verdict = probe(context.store.bucket)
    except StoreRefused as refused:
        yield Check(
            "store",
            "warn",
            f"it is not proved that the store creates objects exactly once: {refused}",
            _WRITER,
        )
        return
    facts = ", ".join(f"{fact}: {value}" for fact, value in sorted(verdict.facts.items()))
    if verdict.ok:
        yield Check("store", "ok", f"creates objects exactly once ({facts})")
    else:
        yield Check(
            "store", "fail", verdict.reason, "use another store or bucket; no registry is safe on this one"
        )


def _home(context: CommandContext) -> Iterator[Check]:
    root = context.home.root
    place = next((path for path in (root, *root.parents) if path.exists()), root)
    if not os.access(place, os.W_OK):
        yield Check("home", "fail", f"{root} cannot be written to", "choose another one with PACKREG_HOME")
        return
    free = shutil.disk_usage(place).free
    state = f"{root}, {human_size(free)} free"
    if free < 1_000_000_000:
        yield Check("home", "warn", state, "`packreg cache prune` removes what no installed pack uses")
    else:
        yield Check("home", "ok", state)


def _python(context: CommandContext, releases: Sequence[Record]) -> Iterator[Check]:
    """The Python for virtual environments, and required packs that no Python on this machine can run."""

    found = choose_interpreter(context.settings.python, context.tools)
    yield Check("python", "ok", f"{found} makes environments")
    for error in without_interpreter(context, releases):
        yield Check("python", "fail", str(error), error.hint)


def _uv(context: CommandContext) -> Iterator[Check]:
    uv = context.tools.uv
    if uv:
        yield Check("uv", "ok", f"{says_version(context, uv, '--version')} at {uv}")
    else:
        fix = "pip install uv"
        yield Check("uv", "warn", "not found; pip is used instead: slower, and for one platform only", fix)


def _program(context: CommandContext, name: str, required: Mapping[str, Sequence[str]]) -> Iterator[Check]:
    """A program that installs or runs packs, and the required packs that cannot judge without it."""
    word, runtime, fix = _PROGRAMS[name]
    path = context.tools.which(name)
    packs = required.get(runtime, ())
    needed = f"{_counted(packs)} need{'s' if len(packs) == 1 else ''} it" if packs else ""
    if path is None:
        yield Check(name, "fail" if needed else "warn", f"not found{needed and f', and {needed}'}", fix)
        return
    said = says_version(context, path, word)
    message = f"{said or 'does not say its version'} at {path}{needed and f'; {needed}'}"
    if said and name == "pulumi":
        fix = _for_guard(said, context.environ)
    elif said:
        fix = _too_old(context) if name == "opa" else ""
    yield Check(name, "ok" if not fix else "fail" if needed else "warn", message, fix)


def _too_old(context: CommandContext) -> str:
    """Why this version of `opa` cannot run packs; "" if it can."""
    try:
        fit_opa(context)
    except InstallError as error:
        return str(error)
    return ""


def _analyzer(context: CommandContext) -> Iterator[Check]:
    """The operator's own analyzer of OPA packs, which replaces `opa` if it is set."""
    named = context.settings.opa_analyzer
    if named:
        path = context.tools.programs.checked(named, "analysis.opa_analyzer")
        yield Check("opa_analyzer", "ok", f"{path} judges OPA packs; opa checks them")


def _counted(packs: Sequence[str]) -> str:
    """Required packs as text, the first three by name."""
    shown = ", ".join(packs[:3]) + (f" and {len(packs) - 3} more" if len(packs) > 3 else "")
    return f"{len(packs)} required pack{'s' if len(packs) != 1 else ''} ({shown})"


def _for_guard(said: str, environ: Mapping[str, str]) -> str:
    """What to do if the Pulumi CLI is too old for the guard, or too new for the guard's form in use."""
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
