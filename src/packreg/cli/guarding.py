"""`guard` and `run`: how the Pulumi CLI gets the guard, for a whole machine or for one command."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from packreg._version import __version__
from packreg.cli.base import command
from packreg.cli.ci_steps import ci_step
from packreg.cli.pulumi_command import guarded, is_pulumi, read_version, variable_value
from packreg.errors import UsageError
from packreg.services import guard_forms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packreg.cli.context import CommandContext
    from packreg.services.guard_forms import Version

#: Printed in a CI step if the registry is a directory of this machine, which a build service cannot use.
_SOME_REGISTRY = "s3://BUCKET/PREFIX"

#: Seconds to wait for a program to print its version.
PATIENCE = 20.0


@command(
    "guard",
    examples=(
        'export PULUMI_OPTION_POLICY_PACK="$(packreg guard)"',
        'export PULUMI_OPTION_POLICY_PACK="$(packreg guard --directory)"',
        "packreg guard --github",
    ),
    json=False,
)
@click.option("--directory", is_flag=True, help="For a Pulumi CLI of 3.208 to 3.254, which takes no file.")
@click.option("--github", "service", flag_value="github", help="Print a step of GitHub Actions.")
@click.option("--gitlab", "service", flag_value="gitlab", help="Print a job to extend in GitLab CI.")
@click.pass_obj
def guard_command(context: CommandContext, directory: bool, service: str | None) -> None:
    """Print the guard for PULUMI_OPTION_POLICY_PACK, or a CI step.

    The guard is an executable file that the Pulumi CLI takes as a policy pack. It runs what the registry says
    that a stack must run. On failure a path is printed that does not exist, so that the Pulumi CLI stops
    instead of running without the guard.

    A CI step installs packreg from what `install` below [ci] in packreg.toml says: the path or URL of a
    wheel, a git+https:// URL, or docker://IMAGE.

    With --directory it is put among the plugins of the Pulumi CLI, in PULUMI_HOME. A project can replace that
    form in its Pulumi.yaml, and the newest CLIs do not load it.
    """
    if service is not None:
        if directory:
            raise UsageError("--directory is not for a CI step", hint="leave one of them out")
        registry = _SOME_REGISTRY if context.location.is_local else context.location.url
        for line in ci_step(service, install=context.settings.ci_install, registry=registry).splitlines():
            context.out.line(line)
    elif directory:
        analyzer = guard_forms.provide_plugin(guard_forms.pulumi_home(context.environ), __version__)
        context.out.say(f"the analyzer is {analyzer}")
        context.out.warn(
            "this form is for a Pulumi CLI of 3.208 to 3.254 only: a project's Pulumi.yaml can replace it, "
            "and the newest CLIs do not load it",
            hint="upgrade the Pulumi CLI to 3.255.0 or later, and use `packreg guard`",
        )
        context.out.raw_path(guard_forms.DIRECTORY)
    else:
        context.out.raw_path(variable_value([str(guard_forms.program())]))


@command(
    "run",
    examples=("packreg run -- pulumi up --yes", "packreg run -- pulumi preview --policy-pack ./mine"),
    json=False,
    context={"allow_interspersed_args": False},  # options after COMMAND belong to that command
)
@click.argument("words", metavar="[--] COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def run_command(context: CommandContext, words: tuple[str, ...]) -> int:
    """Run one command of the Pulumi CLI with the guard.

    The command may also be one that calls the Pulumi CLI. It gets PULUMI_OPTION_POLICY_PACK; a Pulumi CLI
    that does not read that variable gets flags. Terminal, signals and exit code are those of the command.
    """
    search = context.environ.get("PATH")  # find the user's command where a shell would find it
    program = shutil.which(words[0], path=search)
    if program is None:
        raise UsageError(f"there is no program {words[0]}", hint="write packreg run -- pulumi up")
    pulumi = program if is_pulumi(words[0]) else shutil.which("pulumi", path=search)
    version = pulumi_version(context, str(pulumi)) if pulumi is not None else None
    found = guard_forms.forms()
    made = guarded(words, context.environ, version, found)
    environ = {**context.environ, **made.variables, "PACKREG_REGISTRY": context.location.url}
    if found.fitting(version) == found.directory:
        environ["PATH"] = _directory_form(context, words, search)
    context.out.flush()
    return _become(str(program), made.command, environ)


def _directory_form(context: CommandContext, words: Sequence[str], search: str | None) -> str:
    """The search path (PATH) on which a Pulumi CLI that looks for the guard by name finds packreg's first.

    Raises:
        UsageError: the project, or a language host on the search path, would replace the guard.
    """
    from packreg.cli.project_plugins import refuse_replacement

    host = shutil.which("pulumi-language-packreg", path=search)
    if host is not None:
        raise UsageError(f"{host} would be run in place of the guard", hint=f"remove {host}")
    refuse_replacement(words, context.environ, Path(context.cwd))
    if not is_pulumi(words[0]):
        context.out.warn(
            f"it is not known here which projects {words[0]} deploys, and a project that names an analyzer "
            "policy-packreg would be deployed without the guard",
            hint="upgrade the Pulumi CLI to 3.255.0, whose guard no project can replace",
        )
    place = guard_forms.provide_plugin(guard_forms.pulumi_home(context.environ), __version__).parent
    return os.pathsep.join([str(place), *filter(None, [search])])


def pulumi_version(context: CommandContext, program: str) -> Version | None:
    """The version of the Pulumi CLI `program`; None if it prints none."""
    return read_version(says_version(context, program, "version"))


def _become(program: str, words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Replace this process by the program; where the system cannot do that, run it and return its status."""
    if os.name == "posix":
        for number in (signal.SIGINT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)  # the program would inherit what Python ignores
        sys.stderr.flush()
        os.execve(program, list(words), dict(environ))  # noqa: S606
    return subprocess.call([program, *words[1:]], env=dict(environ))


def says_version(context: CommandContext, program: str, *words: str) -> str:
    """The first line that a program prints for these arguments; "" if it fails."""
    try:
        done = subprocess.run(
            [program, *words],
            env=context.tools.environment,
            cwd=Path(context.home.root.anchor),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return next(iter(done.stdout.decode("utf-8", "replace").strip().splitlines()), "")[:80]
