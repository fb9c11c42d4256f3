"""What a use case is given: settings, and the registry, home and tools made of them; the clock; who acts.

Nothing is opened before a use case asks for it. A face (command line, guard, server) makes one workspace for
one run, or for as long as it serves, and says through it who acts and who is told of progress.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from packreg._version import __version__
from packreg.errors import UsageError
from packreg.services.clock import new_id, now, precisely_now
from packreg.services.notify import Notify
from packreg.settings.load import contradiction, load_settings
from packreg.threads import at_once

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from packreg.install.home import Home
    from packreg.install.installer import Installer
    from packreg.install.private import PrivatePlace
    from packreg.install.tools import Tools
    from packreg.pack.files import Limits
    from packreg.pack.version import Version
    from packreg.registry.registry import Registry
    from packreg.registry.run_entries import RunEntries
    from packreg.settings.load import Settings
    from packreg.store.store import Store
    from packreg.store.url import StoreLocation


class Workspace:
    """What all use cases share, made of settings.

    `environ` is the environment that settings are read from and that packs' tools are given; `cwd` is where
    relative paths start; `registry` names the registry before any setting does; with `project` the
    packreg.toml around `cwd` counts, too. `by` says who acts, for records and history.

    Raises (when something is first asked for):
        UsageError: a setting cannot be read, or contradicts the operator's file.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        cwd: str = ".",
        registry: str | None = None,
        project: bool = False,
        by: Callable[[], str] = lambda: "",
        notify: Notify | None = None,
    ) -> None:
        self.environ = environ
        self.registry_option = registry
        self.trusts_project = project
        self.notify: Notify = notify or Notify()
        self.now: Callable[[], str] = now
        self.precisely_now: Callable[[], str] = precisely_now
        self.new_id: Callable[[], str] = new_id
        self._cwd, self._by = cwd, by
        self._default_named = self._waiting_told = False

    @cached_property
    def cwd(self) -> str:
        """The absolute path that relative paths start from."""
        import os

        return os.path.abspath(self._cwd)  # noqa: PTH100

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
        """The interpreter of packs' environments: the one that is asked for, else of the settings, else None.

        Raises:
            UsageError: the operator's file names another one than the option.
        """
        fixed = "install.python" in self.settings.fixed
        if option is not None and fixed and option != self.settings.python:
            raise contradiction(self.settings, "install.python", option, "--python")
        return option or self.settings.python

    def name_default_registry(self) -> None:
        """Say once that answers are those of the registry of this user alone, where nobody named another."""
        if self.settings.registry_is_default and not self._default_named:
            self._default_named = True
            self.notify.say(f"nobody named a registry, so this is by {self.place}")

    def tell_waiting(self, limit: int) -> None:
        """Say once that the registry is waited for, and for how long."""
        if not self._waiting_told:
            self._waiting_told = True
            self.notify.say(f"waiting for an answer of {self.place}, for {limit} s at most")

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
        """Where the packs that this workspace runs are unpacked."""
        from packreg.install.private import PrivatePlace

        return PrivatePlace(self.settings.state)

    def close(self) -> None:
        """Remove what only this workspace needed."""
        if "private" in vars(self):
            self.private.close()

    def registry(self) -> Registry:
        """The registry; nothing is read yet."""
        return self._registry

    @cached_property
    def _registry(self) -> Registry:
        from packreg.install.remembered import DiskMemory
        from packreg.services.clock import make_registry

        memory = DiskMemory(self.home, self.location.id, self.location.url)
        return make_registry(self.store, self.location, remembered=memory, limits=self.limits)

    @cached_property
    def entries(self) -> RunEntries:
        """The chains that order the registry's reports; nothing is read yet."""
        from packreg.registry.run_entries import RunEntries

        return RunEntries(self.store, now=self.precisely_now, new_id=self.new_id)

    @cached_property
    def tools(self) -> Tools:
        """uv, pip, npm and interpreters, with the given environment; none of them from the checkout."""
        from pathlib import Path

        from packreg.install.programs import checkout_around
        from packreg.install.tools import Tools

        return Tools(
            self.home,
            self.environ,
            checkout=checkout_around(Path(self.cwd), _users_home()),
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

    # -- who acts, and how ----------------------------------------------------------------------------------

    @cached_property
    def by(self) -> str:
        """Who acts, in one printable line: for records, history, yanks and tombstones."""
        return self._by()

    def confirmed(self, question: str, yes: bool) -> None:
        """Go on only with a yes that was given beforehand; a face may ask for one.

        Raises:
            UsageError: nobody said yes; nothing was done.
        """
        if not yes:
            raise UsageError(f"{question} has to be confirmed", hint="add --yes")

    at_once = staticmethod(at_once)


def _users_home() -> Path | None:
    """The user's home as the system knows it, whatever variables say; None if there is none."""
    import os
    from pathlib import Path

    try:
        import pwd

        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except (ImportError, KeyError):  # Windows; a user of a container without a name
        return None
