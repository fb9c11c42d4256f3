"""Reads a `packreg.toml` into checked values by their dotted keys, such as `registry.url`."""

# ruff: noqa: PTH123 (pathlib costs start-up time)
from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime

from packreg.errors import UsageError
from packreg.groups.entities import is_backend_name
from packreg.text import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from packreg.errors import UsageError

MAX_FILE = 64 * 1024
Value = str | int | bool

#: Setting -> the type that its value must have in a file.
KEYS: dict[str, type] = {
    "registry.url": str,
    "registry.endpoint_url": str,
    "registry.region": str,
    "registry.profile": str,
    "registry.instance_role": bool,
    "registry.ca_bundle": str,
    "registry.allow_http": bool,
    "registry.answer_seconds": int,
    "registry.replica_lag_seconds": int,
    "install.home": str,
    "install.python": str,
    "publish.build": str,
    "publish.seal": bool,
    "publish.seal_platforms": str,
    "publish.seal_pythons": str,
    "publish.seal_limit": str,
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
    "reports.markdown_characters": int,
    "environments.secrets": str,
    "environments.esc": str,
    "ci.install": str,
    "waivers.expires": str,
    "tools.node": str,
    "tools.opa": str,
    "tools.opa_functions": str,
}
#: Settings that only the operator's file may have, beside `KEYS`.
OPERATORS: dict[str, type] = {
    "registry.registry_id": str,
    "registry.lowest_revision": int,
    "guard.fail_open_until": str,
}
#: Keys, or how they begin, that a project's file may not have: who edits a project must not weaken its
#: checks.
NOT_FOR_PROJECTS = (
    "registry.allow_http",
    "registry.replica_lag_seconds",
    "publish.",
    "ci.install",
    "tools.node",
    "tools.opa",
    "tools.opa_functions",
    "backends.",
)
_TYPE_NAMES = {str: "a string", bool: "true or false", int: "a whole number"}


def read_file(path: str) -> bytes | None:
    """The bytes of a file, or None if it does not exist.

    Raises:
        UsageError: it cannot be read, or has more than `MAX_FILE` bytes.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_FILE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise usage(f"cannot read {path}: {error.strerror or error}") from None
    return checked_length(data, path)


def checked_length(data: bytes, path: str) -> bytes:
    """The data itself, checked. Raises: UsageError: it has more than `MAX_FILE` bytes."""
    if len(data) > MAX_FILE:
        raise usage(f"{path} has more than {MAX_FILE} bytes", "it is not a configuration file of packreg")
    return data


def parse_file(data: bytes, path: str, known: Mapping[str, type]) -> dict[str, Value]:
    """The values of a file by dotted keys. `known` has the allowed keys, with the types of their values.

    Raises:
        UsageError: it is not TOML, or has an unknown key or a value that is not allowed.
    """
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (
        ValueError,
        RecursionError,
    ) as error:  # not UTF-8, or not TOML
        raise usage(f"{path} is not TOML: {error}") from None
    return flattened(document, path, known)


def flattened(document: Mapping[str, Any], path: str, keys: Mapping[str, type]) -> dict[str, Value]:
    """The values of nested tables by dotted keys; `path` names the document in errors.

    Raises:
        UsageError: as `parse_file`; the message lists everything that is wrong.
    """
    found: dict[str, Value] = {}
    wrong: list[UsageError] = []
    for name, table in document.items():
        each = (
            [{word: item} for word, item in table.items()] if isinstance(table, dict) and table else [table]
        )
        for part in each:
            try:
                found |= _part({name: part}, path, keys)
            except UsageError as error:
                wrong.append(error)
    if wrong:
        more = [f"{error}: {error.hint}" if error.hint else str(error) for error in wrong[1:]]
        raise usage("\n".join([str(wrong[0]), *more]), wrong[0].hint)
    return found


def _part(document: Mapping[str, Any], path: str, keys: Mapping[str, type]) -> dict[str, Value]:
    tables = {"backends", *(key.partition(".")[0] for key in keys)}
    found: dict[str, Value] = {}
    for name, value in document.items():
        table = {"url": value} if name == "registry" and isinstance(value, str) else value
        if name not in tables:
            raise _unknown(path, name, sorted(tables))
        if not isinstance(table, dict):
            raise usage(f"{path}: {name} must be a table", f"write [{name}]")
        entries: dict[str, Any] = dict(table)
        if name == "backends":
            found |= _backends(path, entries)
            continue
        packs = entries.pop("packs", {}) if name == "analysis" else {}
        if not isinstance(packs, dict) or not all(isinstance(pack, dict) for pack in packs.values()):
            raise usage(f"{path}: analysis.packs must hold tables", "write [analysis.packs.NAME]")
        for word, item in entries.items():
            key = f"{name}.{word}"
            if key not in keys:
                raise _unknown(path, key, [k for k in keys if k.startswith(f"{name}.")])
            found[key] = _checked(path, key, item, keys[key])
        if packs:
            from packreg.settings.limits import PACK_LIMITS
        for pack, limits in packs.items():
            for word, item in limits.items():
                key = f"analysis.packs.{pack}.{word}"
                if word not in PACK_LIMITS:
                    raise _unknown(path, key, [f"analysis.packs.{pack}.{known}" for known in PACK_LIMITS])
                found[key] = _checked(path, key, item, keys[f"analysis.{word}"])
    return found


def _backends(path: str, tables: Mapping[str, Any]) -> dict[str, Value]:
    """The URL of each named backend; if it has several, because it is copied or mounted, one on each line."""
    found: dict[str, Value] = {}
    for name, table in tables.items():
        if not is_backend_name(name):
            raise usage(f"{path}: {name!r} is not the name of a backend", "write a-z, 0-9 and dashes")
        urls = table.get("url") if isinstance(table, dict) else None
        listed = [urls] if isinstance(urls, str) else urls
        if (
            not isinstance(table, dict)
            or table.keys() != {"url"}
            or not isinstance(listed, list)
            or not listed
            or not all(isinstance(url, str) and "://" in url and url.isprintable() for url in listed)
        ):
            raise usage(
                f"{path}: backends.{name} must have its url", f'write [backends.{name}] url = "s3://…"'
            )
        found[f"backends.{name}"] = "\n".join(listed)
    return found


def _checked(path: str, key: str, item: Any, wanted: type) -> Value:
    if key == "guard.fail_open_until":
        return _moment(path, key, item)
    kind = type(item)
    if kind is not wanted:
        raise usage(f"{path}: {key} must be {_TYPE_NAMES[wanted]}, not {item!r}")
    if item == "" or (kind is int and item < 1):
        raise usage(f"{path}: {key} cannot be {item!r}", "give a value or leave the key out")
    if key == "publish.seal_limit" or (key.startswith("analysis.") and key.endswith(".memory")):
        from packreg.errors import UsageError
        from packreg.settings.limits import memory_bytes

        try:
            memory_bytes(item)
        except UsageError as error:
            raise usage(f"{path}: {key}: {error}", error.hint) from None
    value: Value = item
    return value


def _moment(path: str, key: str, item: Any) -> str:
    """A date (its last second in UTC) or a time with an offset, as RFC 3339 in UTC."""
    text = item.isoformat() if isinstance(item, date) else item
    try:
        value = datetime.fromisoformat(f"{text}T23:59:59Z" if len(text) == len("2026-12-31") else text)
        if value.tzinfo is not None:
            return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (TypeError, ValueError, OverflowError):
        pass
    raise usage(f"{path}: {key} is not a date: {item!r}", "write 2026-12-31 or 2026-12-31T18:00:00Z")


def _unknown(path: str, key: str, known: list[str]) -> UsageError:
    words = {name.rpartition(".")[2]: name for name in known}
    close = nearest(key.rpartition(".")[2], words)
    hint = f"did you mean {words[close]}?" if close else f"the keys are {', '.join(known)}"
    return usage(f"{path}: there is no setting {key}", hint)


def usage(message: str, hint: str = "") -> UsageError:
    """A `UsageError` with this message and hint."""
    return UsageError(message, hint=hint)
