"""One run of the command, and the composition root: settings become a store, a registry and an installer.

Nothing is opened before a command asks for it.
"""

from __future__ import annotations

import os
import sys
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from packreg._version import __version__
from packreg.cli.config import Settings, contradiction, load_settings, says_yes
from packreg.cli.output import Output
from packreg.errors import PackregError, UsageError
from packreg.text import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from packreg.install.home import Home
    from packreg.install.installer import Installer
    from packreg.install.private import PrivatePlace
    from packreg.install.tools import Tools
    from packreg.pack.files import Limits
    from packreg.pack.version import Version
    from packreg.registry.registry import Registry
    from packreg.registry.run_entries import RunEntries
    from packreg.store.store import Store
    from packreg.store.url import StoreLocation

FAIL_OPEN = "PACKREG_FAIL_OPEN"
A = TypeVar("A")
B = TypeVar("B")


class Session:
    """What commands share. `done` is what was finished before a failure, for the error's JSON document."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.out = Output(environ)
        self.registry_option: str | None = None
        self.trusts_project = True  # whether the packreg.toml of a project counts
        self._default_named = self._waiting_told = False
        #: Where lines about a run and warnings go, which are not part of what a command prints.
        self.tell: Callable[[str], None] = self.out.say
        self.remark: Callable[[str], None] = self.out.warn
        self.done: dict[str, object] = {}
        # gRPC writes a line to stderr for a pack that ends while it is asked, which is reported anyway.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")

    @cached_property
    def cwd(self) -> str:
        """The absolute path of the working directory.

        Raises:
            UsageError: it was deleted.
        """
        try:
            return os.getcwd()  # noqa: PTH109
        except OSError as error:
            message = f"there is no working directory: {error.strerror}"
            raise UsageError(message, hint="cd somewhere else") from None

    @cached_property
    def settings(self) -> Settings:
        """Every setting and its origin."""
        return load_settings(self.environ, self.cwd, self.registry_option, project=self.trusts_project)

    @cached_property
    def location(self) -> StoreLocation:
        """Where the registry is."""
        from packreg.store.url import parse_location

        return parse_location(self.settings.registry, cwd=self.settings.base)

    @property
    def place(self) -> str:
        """Where the registry is, in words: a path or a URL without secrets."""
        return self.location.path if self.location.is_local else self.location.shown

    def python(self, option: str | None = None) -> str | None:
        """The interpreter of packs' environments: that of `--python`, else of the settings, else None.

        Raises:
            UsageError: the operator's file names another one than the option.
        """
        fixed = "install.python" in self.settings.fixed
        if option is not None and fixed and option != self.settings.python:
            raise contradiction(self.settings, "install.python", option, "--python")
        return option or self.settings.python

    @property
    def failing_open(self) -> str:
        """Who lets pass what could not be evaluated, in words; empty where it must not pass.

        Where there is an operator's file, that decides, and no variable does.
        """
        from packreg.cli.compose import now

        if self.settings.operators:
            until = str(self.settings.values.get("guard.fail_open_until", ""))
            return f"{self.settings.operators}, until {until}" if now() <= until else ""
        return FAIL_OPEN if says_yes(self.environ.get(FAIL_OPEN, "")) else ""

    def name_default_registry(self) -> None:
        """Say once that answers are those of the registry of this user alone, where nobody named another."""
        if self.settings.registry_is_default and not self._default_named:
            self._default_named = True
            self.tell(f"nobody named a registry, so this is by {self.place}")

    def tell_waiting(self, limit: int) -> None:
        """Say once that the registry is waited for, and for how long."""
        if not self._waiting_told:
            self._waiting_told = True
            self.tell(f"waiting for an answer of {self.place}, for {limit} s at most")

    @cached_property
    def limits(self) -> Limits:
        """How large a pack may be."""
        from packreg.pack.files import Limits

        return Limits(**self.settings.limits)

    # -- opening ---------------------------------------------------------------------------------------

    @cached_property
    def store(self) -> Store:
        """The registry's store; nothing is read yet."""
        from packreg.store.opening import open_store
        from packreg.store.url import Trust

        if not self.settings.instance_role:
            # Asking the metadata service of a cloud that this machine is not in costs seconds at every start.
            os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
        settings = self.settings
        trust = Trust(settings.allow_http, settings.ca_bundle, "registry.url" in settings.fixed)
        return open_store(self.location, trust=trust)

    @cached_property
    def home(self) -> Home:
        """Where this machine keeps packs and caches."""
        from pathlib import Path

        from packreg.install.home import Home
        from packreg.install.trust import Key

        return Home(Path(self.settings.home), Key(self.settings.state, self.settings.home))

    @cached_property
    def private(self) -> PrivatePlace:
        """Where the packs that this run runs are unpacked."""
        from packreg.install.private import PrivatePlace

        return PrivatePlace(self.settings.state)

    def close(self) -> None:
        """Remove what only this run needed."""
        if "private" in vars(self):
            self.private.close()

    def registry(self) -> Registry:
        """The registry; nothing is read yet."""
        return self._registry

    @cached_property
    def _registry(self) -> Registry:
        from packreg.cli.compose import make_registry
        from packreg.install.remembered import DiskMemory

        memory = DiskMemory(self.home, self.location.id, self.location.url)
        return make_registry(self.store, self.location, remembered=memory, limits=self.limits)

    @cached_property
    def entries(self) -> RunEntries:
        """The chains that order the registry's reports; nothing is read yet."""
        from packreg.cli.compose import new_id, precisely_now
        from packreg.registry.run_entries import RunEntries

        return RunEntries(self.store, now=precisely_now, new_id=new_id)

    @cached_property
    def tools(self) -> Tools:
        """uv, pip, npm and interpreters, with the user's environment; none of them from the checkout."""
        from pathlib import Path

        from packreg.install.programs import checkout_around
        from packreg.install.tools import Tools

        checkout = checkout_around(Path(self.cwd), _users_home())
        return Tools(
            self.home,
            self.environ,
            checkout=checkout,
            unpacked=self.limits.unpacked,
            named=self.settings.named_tools,
        )

    def installer(self, progress: Callable[[str, str], None] = lambda reference, step: None) -> Installer:
        """What installs releases of the registry into the home; `progress` is told of each step."""
        from packreg.install.installer import Installer

        return Installer(
            self.home,
            self.registry(),
            self.tools,
            packreg=__version__,
            limits=self.limits,
            progress=progress,
        )

    def installed_here(self) -> list[tuple[str, Version]]:
        """Name and version of every pack that is installed from this registry, in order."""
        from packreg.install.marker import read_marker
        from packreg.pack.version import Version

        place = self.home.packs / self.location.id
        markers = (read_marker(str(directory)) for directory in sorted(place.glob("*/[!.]*")))
        return [(marker["name"], Version(marker["version"])) for marker in markers if marker is not None]

    # -- small things ------------------------------------------------------------------------------------

    def author(self, directory: str | os.PathLike[str] = "") -> str:
        """Who acts, as git knows it in `directory` (default: here): for records, yanks and tombstones."""
        from packreg.cli.git import Git

        return Git(self.environ, self.tools.which("git")).author(os.path.join(self.cwd, directory))  # noqa: PTH118

    def at_once(self, most: int, work: Callable[[A], B], things: Sequence[A]) -> list[B]:
        """Do `work` on all things in at most `most` threads; results in order; a failure is raised."""
        if len(things) < 2:
            return [work(thing) for thing in things]
        from concurrent.futures import wait

        from packreg.analysis.background import in_background

        turns = iter(range(len(things)))
        results: dict[int, B] = {}
        failed: list[bool] = []

        def work_on() -> None:
            for turn in turns:
                if failed:
                    return
                try:
                    results[turn] = work(things[turn])
                except BaseException:
                    failed.append(True)
                    raise

        workers = [in_background(work_on) for _ in range(min(most, len(things)))]
        try:
            for worker in workers:
                worker.result()
        except BaseException:
            failed.append(True)
            wait(workers)  # what is under way comes to its end
            raise
        return [results[turn] for turn in range(len(things))]

    def local_names(self) -> list[str]:
        """The packs of a registry in a directory, for the shell; none when anything is in the way."""
        from packreg.cli.names import pack_names

        try:
            return pack_names(self.store) if self.location.is_local else []
        except (PackregError, OSError):
            return []

    def confirmed(self, question: str, yes: bool) -> None:
        """Go on only with `--yes` or a yes on a terminal.

        Raises:
            UsageError: neither was given; nothing was done.
        """
        if yes:
            return
        if not sys.stdin.isatty() or self.out.json:
            raise UsageError(f"{question} needs a yes", hint="say it with --yes")
        import click

        if not click.confirm(f"{question}?", err=True):
            raise UsageError("you did not say yes; nothing was changed")

    def unexpected(self, error: Exception) -> int:
        """Report what is no error of packreg's own tree: the operating system's no, or a defect. Gives 1."""
        return self.out.failure(self.defect(error), **self.done)

    def defect(self, error: Exception) -> PackregError:
        """What is no error of packreg's own tree, in words; the traceback goes to a file."""
        import time
        import traceback
        from contextlib import suppress

        try:
            time.time()
        except OverflowError:
            # Everything that asks the time fails then, in libraries too, while they are imported.
            return PackregError(
                "the clock of this machine stands later than Python can count (11 April 2262)",
                hint="set the clock; `date` shows it",
            )
        text = "".join(traceback.format_exception(error))
        if self.out.verbose:
            sys.stderr.write("".join(f"{plain(line)}\n" for line in text.splitlines()))
        if isinstance(error, OSError):
            sentence = f"the operating system said no: {error}"
            hint = "run it again with -v to see where"
        else:
            sentence = f"this is a defect of packreg: {type(error).__name__}: {error}"
            hint = "please report it with the traceback, which -v shows"
            with suppress(PackregError, OSError):
                hint = f"please report it with the traceback in {self._write_log(text)}"
        return PackregError(sentence, hint=hint)

    def _write_log(self, text: str) -> str:
        from packreg.cli.compose import now

        logs = self.home.logs
        logs.mkdir(parents=True, exist_ok=True)
        path = logs / f"defect-{now().replace(':', '')}-{os.getpid()}.log"
        path.write_text(
            f"packreg {__version__}, Python {sys.version}\n{' '.join(sys.argv)}\n\n{text}", "utf-8"
        )
        return str(path)


def _users_home() -> Path | None:
    """The user's home as the system knows it, whatever variables say; None if there is none."""
    from pathlib import Path

    try:
        import pwd

        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except (ImportError, KeyError):  # Windows; a user of a container without a name
        return None
