"""What a use case is given: settings, and the registry, home and tools made of them; the clock; who acts.

Nothing is opened before a use case asks for it. A face (command line, guard, server) makes one workspace for
one run, or for as long as it serves, and says through it who acts and who is told of progress.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from functools import cached_property
from pathlib import Path
from threading import RLock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from packreg._version import __version__
from packreg.errors import UsageError
from packreg.pack.files import Limits
from packreg.services.clock import new_id, now, precisely_now
from packreg.services.notify import Notify
from packreg.settings.load import contradiction, load_settings
from packreg.threads import at_once

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from packreg.install.home import Home
    from packreg.install.installer import Installer
    from packreg.install.private import PrivatePlace
    from packreg.install.tools import Tools
    from packreg.pack.version import Version
    from packreg.registry.registry import Registry
    from packreg.registry.run_entries import RunEntries
    from packreg.services.seen_words import SeenWords
    from packreg.settings.values import Settings
    from packreg.states.places import Place
    from packreg.states.sources import SourceFile
    from packreg.store.location import StoreLocation
    from packreg.store.store import Store

A = TypeVar("A")
B = TypeVar("B")
T = TypeVar("T")
#: Requests that are made at the same time.
READERS = 16


class opened_once(cached_property[T]):
    """What a workspace opens when it is first asked for, once for all threads."""

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> T: ...

    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Any:
        """Open it, or give what is open."""
        with nullcontext() if instance is None else instance.lock:
            return super().__get__(instance, owner)


class Workspace:
    """What all use cases share, made of settings. Several threads may use one, and a process several.

    A context manager; else `close` it. Raises, when something is first asked for:
        UsageError: a setting cannot be read, or contradicts the operator's file.
    """

    def __init__(
        self,
        environ: Mapping[str, str] = MappingProxyType({}),
        *,
        registry: str | None = None,
        settings: Mapping[str, Any] | None = None,
        state: str | None = None,
        cwd: str = ".",
        project: bool = False,
        by: str | Callable[[], str] = "",
        notify: Notify | None = None,
    ) -> None:
        """`environ` is the environment that packs' tools are given, and that settings are read from, with the
        user's packreg.toml, unless a program gives `settings`: what a packreg.toml would say, as `tomllib`
        reads one. The operator's file counts before all. `registry` names the registry before any setting
        does; `state` is the directory for the marks of what is believed, outside of every home (default: the
        user's); `cwd` is where relative paths start, and with `project` the packreg.toml around it counts,
        too. `by` says who acts, for records and history; `notify` is told of progress.
        """
        self.environ = environ
        self.registry_option = registry
        self.trusts_project = project
        self.notify: Notify = notify or Notify()
        self.now: Callable[[], str] = now
        self.precisely_now: Callable[[], str] = precisely_now
        self.new_id: Callable[[], str] = new_id
        self._given, self._state, self._cwd, self._by = settings, state, cwd, by
        self.lock = RLock()
        self._default_named = self._waiting_told = False

    @opened_once
    def cwd(self) -> str:
        """The absolute path that relative paths start from."""
        return os.path.abspath(self._cwd)  # noqa: PTH100

    @opened_once
    def settings(self) -> Settings:
        """Every setting and its origin."""
        settings = load_settings(
            self.environ, self.cwd, self.registry_option, project=self.trusts_project, given=self._given
        )
        if self._state is not None:
            settings.state = str(Path(self.cwd, self._state))
        return settings

    @opened_once
    def location(self) -> StoreLocation:
        """Where the registry is."""
        from packreg.store.url import parse_location

        return parse_location(self.settings.registry, cwd=self.settings.base)

    @property
    def place(self) -> str:
        """Where the registry is, as text: a path or a URL without secrets."""
        from packreg.store.location import DirectoryLocation

        location = self.location
        return location.path if isinstance(location, DirectoryLocation) else location.shown

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
            self.notify.say(f"no registry is named, so {self.place} is used")

    def tell_waiting(self, limit: int) -> None:
        """Say once that the registry is waited for, and for how long."""
        if not self._waiting_told:
            self._waiting_told = True
            self.notify.say(f"waiting for {self.place} to answer, for {limit} s at most")

    def tell_work(self) -> None:
        """Say in detail which settings counted and what the registry was asked, as far as there was any."""
        if "settings" in vars(self) and "location" in vars(self):
            for file in self.settings.files:
                self.notify.detail(f"settings read from {file}", event="settings", file=file)
            origin = self.settings.origins["registry.url"]
            said = f"the registry is {self.place}, from {origin}"
            self.notify.detail(said, event="registry", registry=self.place, origin=origin)
        if "store" in vars(self) and (requests := self.store.requests_by_kind):
            counted = ", ".join(f"{number} {kind}" for kind, number in sorted(requests.items()))
            self.notify.detail(f"requests to {self.place}: {counted}", event="requests", requests=requests)

    @opened_once
    def limits(self) -> Limits:
        """How large a pack may be."""
        return Limits(**self.settings.limits)

    # -- opening ---------------------------------------------------------------------------------------

    @opened_once
    def store(self) -> Store:
        """The registry's store; nothing is read yet."""
        return self.store_at(self.location)

    def store_at(self, location: StoreLocation) -> Store:
        """A store, opened as the settings of the registry say; nothing is read yet."""
        from packreg.store.open import open_store
        from packreg.store.trust import Trust

        settings = self.settings
        trust = Trust(settings.allow_http, settings.ca_bundle, "registry.url" in settings.fixed)
        return open_store(location, trust=trust, instance_role=settings.instance_role, environ=self.environ)

    def location_at(self, url: str) -> StoreLocation:
        """The location of another registry than the settings'; variables count as they do for that one.

        Raises:
            UsageError: it is not a valid location.
        """
        from packreg.settings.places import expanded, with_query
        from packreg.store.url import parse_location
        from packreg.store.variables import from_variables

        url = expanded(url, self.environ)
        if "registry.url" not in self.settings.fixed:
            for option, (value, name) in from_variables(url, self.environ).items():
                url = with_query(url, {option: value}, name)
        return parse_location(url, cwd=self.cwd)

    @opened_once
    def home(self) -> Home:
        """Where this machine keeps packs and caches."""
        from packreg.install.home import Home
        from packreg.install.trust import Key

        return Home(Path(self.settings.home), Key(self.settings.state, self.settings.home))

    @opened_once
    def private(self) -> PrivatePlace:
        """Where the packs that this workspace runs are unpacked."""
        from packreg.install.private import PrivatePlace

        return PrivatePlace(self.settings.state)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove what only this workspace needed."""
        if "private" in vars(self):
            self.private.close()

    def registry(self) -> Registry:
        """The registry; nothing is read yet."""
        return self._registry

    @opened_once
    def _registry(self) -> Registry:
        from packreg.install.remembered import DiskMemory
        from packreg.services.seen_words import NotedRegistry

        registry = NotedRegistry(
            self.store,
            location=self.location,
            now=self.now,
            new_id=self.new_id,
            remembered=DiskMemory(self.home, self.location.id, self.location.url),
            limits=self.limits,
        )
        registry.words = self.seen
        return registry

    @opened_once
    def seen(self) -> SeenWords:
        """The names that were seen in the registry, for shell completion; nothing is kept by itself."""
        from packreg.services.seen_words import SeenWords

        return SeenWords(self.home, self.location.id)

    @opened_once
    def entries(self) -> RunEntries:
        """The chains that order the registry's reports; nothing is read yet."""
        from packreg.registry.run_entries import RunEntries

        return RunEntries(self.store, now=self.precisely_now, new_id=self.new_id)

    @opened_once
    def tools(self) -> Tools:
        """uv, pip, npm and interpreters, with the given environment; none of them from the checkout."""
        from packreg.install.programs import checkout_around
        from packreg.install.tools import Tools

        return Tools(
            self.home,
            self.environ,
            checkout=checkout_around(Path(self.cwd), _users_home()),
            unpacked=self.limits.unpacked,
            named=self.settings.named_tools,
            build=self.settings.build,
        )

    def place_at(self, url: str) -> Place:
        """The place of states at a backend's URL, see `states.places`. Raises UsageError."""
        from packreg.states.places import open_place

        return open_place(
            url, cwd=Path(self.cwd), instance_role=self.settings.instance_role, environ=self.environ
        )

    def read_source(self, location: str) -> SourceFile:
        """The bytes of a path, a `file://` URL or an object. Raises as `states.sources.read_source`."""
        from packreg.states.sources import read_source

        shown = location.partition("?")[0]
        self.notify.detail(f"reading {shown}", event="read", source=shown)
        return read_source(
            location, cwd=Path(self.cwd), instance_role=self.settings.instance_role, environ=self.environ
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

    @opened_once
    def by(self) -> str:
        """Who acts, in one printable line: for records, history, yanks and tombstones."""
        return self._by if isinstance(self._by, str) else self._by()

    def confirmed(self, question: str, yes: bool) -> None:
        """Go on only if it was confirmed beforehand; a face may ask.

        Raises:
            UsageError: it was not confirmed; nothing was done.
        """
        if not yes:
            raise UsageError(f"{question} has to be confirmed", hint="add --yes")

    @staticmethod
    def at_once(work: Callable[[A], B], things: Sequence[A]) -> list[B]:
        """Ask the registry about all things, several at the same time; results in order."""
        return at_once(READERS, work, things)


def _users_home() -> Path | None:
    """The user's home as the system knows it, whatever variables say; None if there is none."""
    try:
        import pwd

        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except (ImportError, KeyError):  # Windows; a user of a container without a name
        return None
