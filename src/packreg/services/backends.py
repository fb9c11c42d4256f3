"""Which stack a name means where several backends have one of that name: the operator names the backends."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

from packreg.errors import NotEvaluated, StoreRefused, UsageError
from packreg.files import read_file
from packreg.groups.model import SELF_MANAGED
from packreg.registry import layout
from packreg.registry.holders import Holders
from packreg.services.guard_forms import pulumi_home
from packreg.states.places import POSTGRES_TABLE, file_path, with_variables
from packreg.store.url import AZURE_DOMAIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packreg.groups.model import Entity
    from packreg.services.workspace import Workspace

_MAX_FILE = 1024 * 1024


class Backends:
    """The named backends, and which of them has which stack. May be used by several threads."""

    def __init__(self, workspace: Workspace, *, many: bool = False) -> None:
        """With `many` the backends of all stacks are listed once, and not those of each when it is asked for.

        Raises:
            UsageError: a backend has two names.
        """
        self._workspace, self._many = workspace, many
        self._holders = Holders(workspace.store)
        self._names: dict[str, str] = {}
        for name, urls in workspace.settings.backends.items():
            for url in urls:
                if self._names.setdefault(self._id(url), name) != name:
                    raise UsageError(f"{shown(url)} is named twice: {self._names[self._id(url)]} and {name}")

    def url(self, name: str) -> str:
        """The first URL of a named backend. Raises UsageError: there is none of that name."""
        urls = self._workspace.settings.backends.get(name)
        if urls is None:
            known = ", ".join(self._workspace.settings.backends) or "none has a name"
            raise UsageError(f"no backend is named {name!r}: {known}", hint=_NAMING)
        return urls[0]

    def placed(self, entity: Entity, url: str = "", *, enter: bool = False, sure: bool = True) -> Entity:
        """The stack with its backend, whose name is part of its own where others have a stack of that name.

        The backend is the one at `url`, else the one that the stack is named with. With `enter` it is noted
        that this backend has the stack; without `sure` it need not have it.

        Raises:
            NotEvaluated: others have a stack of this name, too, and this one's backend has none, or is not
                known.
            UsageError: no backend has the name that the stack is given with.
        """
        if entity.kind != "stack" or not entity.in_its_backend.startswith(f"{SELF_MANAGED}/"):
            return entity
        stack = entity.in_its_backend
        if entity.backend and not url:
            url = self.url(entity.backend)
        own = self._id(url) if url else ""
        holders = self._of(stack)
        if own and not sure and own not in holders:
            own = ""
        if enter and own and own not in holders:
            with suppress(StoreRefused):  # a replica, or who may only read: others enter it
                self._workspace.registry().home()
                self._holders.add(stack, own, shown(url))
        name = self._names.get(own, "")
        known = {self._names.get(each, each) for each in holders}
        others = known - {name or own}
        if not own and len(known) <= 1:
            return replace(entity, backend=next((each for each in known if each in self._named), ""))
        if not others:
            return replace(entity, backend=name)
        if name:
            return replace(entity, name=f"{name}:{stack}", backend=name)
        raise NotEvaluated(
            f"several backends have a stack {stack}, and it is not known which one is meant: "
            + ", ".join(sorted(self._called(stack, each) for each in {*holders, *([own] if own else [])})),
            hint=f"{_NAMING}; then say {min(self._named, default='east')}:{stack.partition('/')[2]}",
        )

    @cached_property
    def _named(self) -> frozenset[str]:
        return frozenset(self._names.values())

    @cached_property
    def _all(self) -> Mapping[str, frozenset[str]]:
        return self._holders.all()

    def _of(self, stack: str) -> frozenset[str]:
        if self._many:
            return self._all.get(layout.entity_segment("stack", stack), frozenset())
        return self._holders.of(stack)

    def _called(self, stack: str, backend: str) -> str:
        return self._names.get(backend) or self._holders.shown(stack, backend)

    def _id(self, url: str) -> str:
        whole = with_variables(url, self._workspace.environ)
        return hashlib.sha256(canonical(whole, Path(self._workspace.cwd)).encode()).hexdigest()[:32]


_NAMING = 'give each a name in the operator\'s packreg.toml: [backends.east] url = "s3://…"'


def canonical(url: str, cwd: Path) -> str:
    """A backend's URL in the form in which backends are compared: without credentials and options."""
    if url.startswith("file://"):
        return f"file://{file_path(url, cwd=cwd).resolve()}"
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2].lower()
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    within = (query.get("endpoint") or query.get("endpoint_url", "")).rpartition("://")[2].rstrip("/").lower()
    if parts.scheme.lower() == "azblob":  # accounts may have containers of one name
        account, domain = query.get("storage_account", ""), query.get("domain", AZURE_DOMAIN).lower()
        within = account if domain == AZURE_DOMAIN else f"{account}.{domain}"
    if parts.scheme.lower() == "postgres":  # one server may hold several backends
        table = query.get("table", POSTGRES_TABLE).lower()
        named = [f"dbname={query['dbname']}"] if "dbname" in query else []
        within = "&".join(named + ([f"table={table}"] if table != POSTGRES_TABLE else []))
    return f"{parts.scheme.lower()}://{host}/{parts.path.strip('/')}" + (f"?{within}" if within else "")


def shown(url: str) -> str:
    """A backend's URL for messages."""
    return url[:300] if url.startswith("file://") else canonical(url, Path())[:300]


class CurrentBackend(NamedTuple):
    """The URL of the backend that the Pulumi CLI uses, and what names it; both are "" where nothing does."""

    url: str
    source: str


def current_backend(environ: Mapping[str, str], directory: Path | None) -> CurrentBackend:
    """The backend that the Pulumi CLI uses in a program's directory; without one, outside of any project.

    In the CLI's order: PULUMI_BACKEND_URL, `backend.url` of the project, what `pulumi login` left.
    """
    if url := environ.get("PULUMI_BACKEND_URL", ""):
        return CurrentBackend(url, "PULUMI_BACKEND_URL")
    project = _project_file(directory) if directory else None
    if project and (url := _of_project(project)):
        return CurrentBackend(url, f"backend.url of {project}")
    if url := _logged_in(credentials_file(environ)):
        return CurrentBackend(url, "`pulumi login`")
    return CurrentBackend("", "")


def credentials_file(environ: Mapping[str, str]) -> Path:
    """Where `pulumi login` notes the backend that is logged in to."""
    home = environ.get("PULUMI_CREDENTIALS_PATH", "")
    return (Path(home) if home else pulumi_home(environ)) / "credentials.json"


def _project_file(directory: Path) -> Path | None:
    for above in (directory, *directory.parents):
        for name in ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json"):
            if (above / name).is_file():
                return above / name
    return None


def _of_project(path: Path) -> str:
    import yaml

    try:
        project = yaml.safe_load(read_file(path, _MAX_FILE))
        url = project["backend"]["url"]
    except (OSError, ValueError, RecursionError, yaml.YAMLError, LookupError, TypeError):
        return ""
    return url if isinstance(url, str) else ""


def _logged_in(path: Path) -> str:
    try:
        current = json.loads(read_file(path, _MAX_FILE))["current"]
    except (OSError, ValueError, RecursionError, LookupError, TypeError):
        return ""
    return current if isinstance(current, str) else ""
