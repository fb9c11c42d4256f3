"""Settings: from `--registry`, the environment, `packreg.toml`, the user's configuration, or the defaults.

`packreg.toml` is searched from the working directory upwards; then comes `packreg.toml` in the user's
configuration directory. Each key counts from the nearest file that has it, except that `endpoint_url`,
`region` and `profile` belong to the `url` beside them and never travel to another one. A registry given as
`--registry` or `PACKREG_REGISTRY` carries them in its own query (`s3://bucket?region=…`). Where the URL
names no endpoint, `AWS_ENDPOINT_URL_S3` and `AWS_ENDPOINT_URL` count, as for every AWS tool.

    registry = "s3://policies/packs"      # or a table:

    [registry]
    url = "s3://policies/packs"           # a relative path starts at the directory of this file, ~/ at home
    endpoint_url = "https://…"
    region = "eu-central-1"
    profile = "policies"                  # of the AWS configuration; credentials themselves are never here
    instance_role = true                  # ask the cloud's metadata service for credentials (default: false)

    [install]
    home = "/var/lib/packreg"             # where packs and caches are kept: an absolute path, or ~/
    python = "3.12"                       # the interpreter of packs' environments

    [limits]                              # how large a pack may be: manifest, members, unpacked, path, depth
    members = 20000

    [analysis]                            # what a running pack may use
    memory = "2GiB"
    call_seconds = 30                     # to judge one resource; also start_seconds, stack_seconds
    opa_analyzer = "pulumi-analyzer-policy-opa"   # runs OPA packs in place of packreg's own analyzer

    [analysis.packs.guard]                # the same for one pack, by its name
    memory = "4GiB"

    [environments]
    secrets = "awskms://KEY?region=…"     # what encrypts new secrets; without it, PACKREG_PASSPHRASE
    esc = "esc"                           # the program that opens esc:organization/project/environment

Every other key is an error. This module is on the fast path of a no-op install: it imports only what every
Python has loaded already, and `tomllib` only when there is a file to read.
"""

# ruff: noqa: PTH113, PTH117, PTH118, PTH120, PTH123 (pathlib costs start-up time)
from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from packreg.errors import UsageError

FILE_NAME = "packreg.toml"
MAX_FILE = 64 * 1024

#: Setting -> the type that its value must have in a file.
KEYS: dict[str, type] = {
    "registry.url": str,
    "registry.endpoint_url": str,
    "registry.region": str,
    "registry.profile": str,
    "registry.instance_role": bool,
    "install.home": str,
    "install.python": str,
    "limits.manifest": int,
    "limits.members": int,
    "limits.unpacked": int,
    "limits.path": int,
    "limits.depth": int,
    "analysis.memory": str,
    "analysis.start_seconds": int,
    "analysis.call_seconds": int,
    "analysis.stack_seconds": int,
    "analysis.opa_analyzer": str,
    "environments.secrets": str,
    "environments.esc": str,
}
#: What is said of the same place as `registry.url`, in the order of a URL's query.
OF_THE_URL = ("endpoint_url", "region", "profile")
#: Kind of directory -> where it is below a user's home on Linux.
_LINUX = {"data": ".local/share", "config": ".config", "state": ".local/state"}
_TYPE_NAMES = {str: "a string", bool: "true or false", int: "a whole number"}


class Settings:
    """The settings of one run: `values` by key, and by the same keys `origins` in words for people.

    `registry` is the URL or path, with its query; a relative path in it starts at `base`. `files` were
    read; `passed_over` is a project's file that was there and not read, or ""; `state` is the directory for
    what this user's marks are made with, outside every home.
    """

    __slots__ = ("base", "files", "origins", "passed_over", "state", "values")

    def __init__(self) -> None:
        self.values: dict[str, str | int | bool] = {}
        self.origins: dict[str, str] = {}
        self.base = ""
        self.files: list[str] = []
        self.passed_over = ""
        self.state = ""

    def put(self, key: str, value: str | int | bool, origin: str) -> None:
        """Set a key that no nearer source has set."""
        if key not in self.values:
            self.values[key] = value
            self.origins[key] = origin

    @property
    def registry(self) -> str:
        """The registry's URL or path."""
        return str(self.values["registry.url"])

    @property
    def home(self) -> str:
        """The absolute path of the home."""
        return str(self.values["install.home"])

    @property
    def python(self) -> str | None:
        """The interpreter that packs' environments are made with, or None for the default."""
        value = self.values.get("install.python")
        return None if value is None else str(value)

    @property
    def instance_role(self) -> bool:
        """Whether the cloud's metadata service may be asked for credentials."""
        return bool(self.values.get("registry.instance_role", False))

    @property
    def opa_analyzer(self) -> str | None:
        """The name or the absolute path of the program that runs OPA packs, or None for packreg's own."""
        value = self.values.get("analysis.opa_analyzer")
        return None if value is None else str(value)

    @property
    def secrets(self) -> str:
        """Where the key of environments' new secrets is, or an empty string for a passphrase."""
        return str(self.values.get("environments.secrets", ""))

    @property
    def esc(self) -> str:
        """The name or the absolute path of the program that opens environments of ESC; empty for none."""
        return str(self.values.get("environments.esc", ""))

    @property
    def limits(self) -> dict[str, int]:
        """The limits that somebody set."""
        return {k[7:]: int(v) for k, v in self.values.items() if k.startswith("limits.")}


def load_settings(
    environ: Mapping[str, str], cwd: str, registry: str | None = None, *, project: bool = True
) -> Settings:
    """Gather the settings for a command that runs in `cwd` (absolute), with `--registry` as `registry`.

    Without `project` the packreg.toml of a project is not read, only noted as `passed_over`: whoever may edit
    a project must not choose what judges it.

    Raises:
        UsageError: a file cannot be read or holds what it may not; an empty registry was given.
    """
    settings = Settings()
    if registry is not None:
        _put_registry(settings, _expanded(registry, environ), "--registry", cwd)
    if environ.get("PACKREG_REGISTRY"):
        url = _expanded(environ["PACKREG_REGISTRY"], environ)
        _put_registry(settings, url, "environment PACKREG_REGISTRY", cwd)
    if environ.get("PACKREG_HOME"):
        home = _home(environ["PACKREG_HOME"], environ, "PACKREG_HOME")
        settings.put("install.home", home, "environment PACKREG_HOME")
    if environ.get("PACKREG_OPA_ANALYZER"):
        program = _program(environ["PACKREG_OPA_ANALYZER"], cwd, environ)
        settings.put("analysis.opa_analyzer", program, "environment PACKREG_OPA_ANALYZER")
    nearest = _nearest_file(cwd)
    users = os.path.join(user_directory("config", environ), FILE_NAME)
    if not project and nearest != users:
        settings.passed_over, nearest = nearest, ""
    for path in (nearest, users):
        if path and path not in settings.files:
            data = _read(path)
            if data is not None:
                settings.files.append(path)
                _add_file(settings, data, path, environ)
    data_directory = user_directory("data", environ)
    _put_registry(settings, os.path.join(data_directory, "registry"), "default", cwd)
    settings.put("install.home", data_directory, "default")
    settings.state = user_directory("state", environ)
    _add_endpoint(settings, environ)
    return settings


def _add_endpoint(settings: Settings, environ: Mapping[str, str]) -> None:
    """Write the endpoint that the AWS variables name into the URL: it says which registry is meant.

    Otherwise two servers with a bucket of one name would share what is cached from them.
    """
    url = settings.registry
    if not url.startswith("s3://") or "endpoint_url=" in url:
        return
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"):
        if environ.get(name):
            settings.values["registry.url"] = _with_query(url, {"endpoint_url": environ[name]}, name)
            settings.origins["registry.url"] += f", environment {name}"
            return


def user_directory(kind: str, environ: Mapping[str, str]) -> str:
    """The user's directory for packreg's `"data"`, `"config"` or `"state"`, as platformdirs has it.

    On Linux that is `$XDG_DATA_HOME/packreg` or `~/.local/share/packreg` (and likewise for the others);
    platformdirs itself is asked for the odd cases and for other systems, since it costs as much to import
    as everything else on the fast path together. Those systems keep state beside data, which is the default
    home: there it has a name of its own.
    """
    if sys.platform == "linux":
        base = environ.get(f"XDG_{kind.upper()}_HOME", "").strip()
        if not base and environ.get("HOME", "").startswith("/"):
            base = os.path.join(environ["HOME"], _LINUX[kind])
        if base.startswith("/"):
            return os.path.join(base, "packreg")
    import platformdirs

    ask = getattr(platformdirs, f"user_{kind}_dir")
    name = "packreg-state" if kind == "state" and sys.platform != "linux" else "packreg"
    return str(ask(name, appauthor=False))


def _put_registry(settings: Settings, url: str, origin: str, base: str) -> None:
    if not url.strip():
        raise _usage(f"the registry of {origin} is empty", "give a directory or s3://bucket/prefix")
    if "registry.url" not in settings.values:
        settings.put("registry.url", url, origin)
        settings.base = base


def _expanded(path: str, environ: Mapping[str, str]) -> str:
    """A path with the user's home in place of a leading `~/`, which no shell sees in a file or a variable."""
    if path.startswith("~/") and environ.get("HOME"):
        return os.path.join(environ["HOME"], path[2:])
    return path


def _home(path: str, environ: Mapping[str, str], origin: str) -> str:
    """The absolute path of a home; one that depends on where a command runs may be somebody else's."""
    home = _expanded(path, environ)
    if not os.path.isabs(home):
        raise _usage(f"{origin} is the relative path {path!r}", "write an absolute path, or one with ~/")
    return os.path.normpath(home)


def _program(word: str, base: str, environ: Mapping[str, str]) -> str:
    """A program's name, to be searched on PATH, or its absolute path."""
    return os.path.normpath(os.path.join(base, _expanded(word, environ))) if "/" in word else word


def _nearest_file(cwd: str) -> str:
    """The packreg.toml in `cwd` or the nearest directory above it that has one, or an empty string."""
    directory = cwd
    while True:
        path = os.path.join(directory, FILE_NAME)
        if os.path.isfile(path):
            return path
        above = os.path.dirname(directory)
        if above == directory:
            return ""
        directory = above


def _read(path: str) -> bytes | None:
    """What a file holds, or None when there is none."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_FILE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _usage(f"cannot read {path}: {error.strerror or error}") from None
    if len(data) > MAX_FILE:
        raise _usage(f"{path} has more than {MAX_FILE} bytes", "it is no configuration of packreg")
    return data


def _add_file(settings: Settings, data: bytes, path: str, environ: Mapping[str, str]) -> None:
    import tomllib

    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (
        ValueError,
        RecursionError,
    ) as error:  # not UTF-8, or not TOML
        raise _usage(f"{path} is not TOML: {error}") from None
    found = _flatten(document, path)
    directory = os.path.dirname(path)
    url = found.pop("registry.url", None)
    of_the_url = {key: found.pop(f"registry.{key}", "") for key in OF_THE_URL}
    if url is None and any(of_the_url.values()):
        key = next(key for key, value in of_the_url.items() if value)
        raise _usage(f"{path}: registry.{key} stands without registry.url", "write the url beside it")
    if url is not None and "registry.url" not in settings.values:
        url = _expanded(_with_query(str(url), of_the_url, path), environ)
        _put_registry(settings, url, path, directory)
    if "install.home" in found:
        found["install.home"] = _home(str(found["install.home"]), environ, f"{path}: install.home")
    for key in ("analysis.opa_analyzer", "environments.esc"):
        if key in found:
            found[key] = _program(str(found[key]), directory, environ)
    for key, value in found.items():
        settings.put(key, value, path)


def _flatten(document: Mapping[str, Any], path: str) -> dict[str, str | int | bool]:
    """The document by dotted keys, every key known and every value of its type."""
    tables = {key.partition(".")[0] for key in KEYS}
    found: dict[str, str | int | bool] = {}
    for name, value in document.items():
        table = {"url": value} if name == "registry" and isinstance(value, str) else value
        if name not in tables:
            raise _unknown(path, name, sorted(tables))
        if not isinstance(table, dict):
            raise _usage(f"{path}: {name} must be a table", f"write [{name}]")
        entries: dict[str, Any] = dict(table)
        packs = entries.pop("packs", {}) if name == "analysis" else {}
        if not isinstance(packs, dict) or not all(isinstance(pack, dict) for pack in packs.values()):
            raise _usage(f"{path}: analysis.packs must hold tables", "write [analysis.packs.NAME]")
        for word, item in entries.items():
            key = f"{name}.{word}"
            if key not in KEYS:
                raise _unknown(path, key, [k for k in KEYS if k.startswith(f"{name}.")])
            found[key] = _checked(path, key, item, KEYS[key])
        if packs:
            from packreg.cli.pack_limits import PACK_LIMITS
        for pack, limits in packs.items():
            for word, item in limits.items():
                key = f"analysis.packs.{pack}.{word}"
                if word not in PACK_LIMITS:
                    raise _unknown(path, key, [f"analysis.packs.{pack}.{known}" for known in PACK_LIMITS])
                found[key] = _checked(path, key, item, KEYS[f"analysis.{word}"])
    return found


def _checked(path: str, key: str, item: Any, wanted: type) -> str | int | bool:
    kind = type(item)
    if kind is not wanted:
        raise _usage(f"{path}: {key} must be {_TYPE_NAMES[wanted]}, not {item!r}")
    if item == "" or (kind is int and item < 1):
        raise _usage(f"{path}: {key} cannot be {item!r}", "give a value or leave the key out")
    if key.startswith("analysis.") and key.endswith(".memory"):
        from packreg.cli.pack_limits import memory_bytes
        from packreg.errors import UsageError

        try:
            memory_bytes(item)
        except UsageError as error:
            raise _usage(f"{path}: {key}: {error}", error.hint) from None
    value: str | int | bool = item
    return value


def _with_query(url: str, of_the_url: Mapping[str, object], path: str) -> str:
    given = {key: str(value) for key, value in of_the_url.items() if value}
    if not given:
        return url
    if not url.startswith("s3://"):
        raise _usage(f"{path}: registry.{next(iter(given))} is only for s3:// registries, not {url}")
    query = "&".join(f"{key}={_quoted(value)}" for key, value in given.items())
    return f"{url}{'&' if '?' in url else '?'}{query}"


def _quoted(value: str) -> str:
    """A value for a URL's query; colons and slashes stay for people to read."""
    if (
        value.isascii()
        and value.replace(":", "").replace("/", "").replace(".", "").replace("-", "").isalnum()
    ):
        return value
    from urllib.parse import quote

    return quote(value, safe=":/")


def _unknown(path: str, key: str, known: list[str]) -> UsageError:
    from difflib import get_close_matches

    words = {name.rpartition(".")[2]: name for name in known}
    close = get_close_matches(key.rpartition(".")[2], words, n=1)
    hint = f"did you mean {words[close[0]]}?" if close else f"the keys are {', '.join(known)}"
    return _usage(f"{path}: there is no setting {key}", hint)


def _usage(message: str, hint: str = "") -> UsageError:
    from packreg.errors import UsageError

    return UsageError(message, hint=hint)
