"""Settings from the operator's file, `--registry`, variables, packreg.toml (project, then user), defaults.

The operator's file (`operator_file`) fixes the settings that it has: an option or a variable with another
value is an error that names it, and other files cannot change them. Where it fixes the registry, the
registry's other settings and the AWS variables are ignored, too.

`packreg.toml` is searched from the working directory upwards; then comes `packreg.toml` in the user's
configuration directory. Each key is taken from the nearest file that has it, except that `endpoint_url`,
`region` and `profile` belong to the `url` beside them and are never used with another one. A registry given
as `--registry` or `PACKREG_REGISTRY` has them in its own query (`s3://bucket?region=…`). What the URL leaves
open is taken from the variables of the clouds' own tools and of Pulumi (`store.variables`), such as
`AWS_ENDPOINT_URL_S3`, `STORAGE_EMULATOR_HOST` and `AZURE_STORAGE_ACCOUNT`.

    registry = "s3://policies/packs"      # or a table:

    [registry]
    url = "s3://policies/packs"           # a relative path starts at the directory of this file, ~/ at home
    endpoint_url = "https://…"
    region = "eu-central-1"
    profile = "policies"                  # of the AWS configuration; credentials themselves are never here
    instance_role = true                  # ask the cloud's metadata service for credentials (default: false)
    ca_bundle = "/etc/ssl/ours.pem"       # certificates that verify its server
    allow_http = true                     # an http:// endpoint of another machine; not in a project's file
    answer_seconds = 30                   # how long to wait for it, until it is known which packs must run
    replica_lag_seconds = 3600            # how far a replica may be behind; not in a project's file
    registry_id = "…"                     # only in the operator's file: the id in registry.json, and
    lowest_revision = 12                  # the lowest revision of governance, for machines without memory

    [backends.east]                       # a name for a self-managed backend: see the package `groups`
    url = "s3://states-east"              # or a list, of a backend that has several

    [guard]
    fail_open_until = 2026-12-31          # only in the operator's file: until then failed evaluations pass

    [install]
    home = "/var/lib/packreg"             # where packs and caches are kept: an absolute path, or ~/
    python = "3.12"                       # the interpreter of packs' environments; or several, with commas

    [publish]                             # not in a project's file
    build = "pulumi-aws, parver==0.2"     # what may be built from source for a lock; or "all"
    seal = true                           # keep the files of dependencies in the registry (default: false)
    seal_platforms = "linux-x86_64, macos-arm64"   # for which machines (default: this one's platform)
    seal_pythons = "3.11, 3.12"           # and Pythons (default: the one of packs' environments here)
    seal_limit = "512MiB"                 # the most for one release

    [limits]                              # how large a pack may be: manifest, members, unpacked, path, depth
    members = 20000

    [analysis]                            # what a running pack may use
    memory = "2GiB"
    call_seconds = 30                     # to judge one resource; also start_seconds, stack_seconds
    opa_analyzer = "pulumi-analyzer-policy-opa"   # runs OPA packs in place of packreg's own analyzer

    [tools]                               # programs that packs are run with; not in a project's file
    node = "/opt/node/bin/node"           # default: the first on PATH outside the checkout, as for opa
    opa = "/opt/opa/opa"
    opa_functions = "http.send"           # network functions that Rego may call, with commas

    [analysis.packs.guard]                # limits as in [analysis], for the pack `guard` alone
    memory = "4GiB"

    [reports]
    markdown_characters = 65536           # how long a report as Markdown may be: for a comment on GitHub

    [ci]                                  # not in a project's file
    install = "https://…/packreg-….whl"   # what the CI steps of `guard --github` and `--gitlab` install

    [environments]
    secrets = "awskms://KEY?region=…"     # what encrypts new secrets; without it, PACKREG_PASSPHRASE
    esc = "esc"                           # the program that opens esc:organization/project/environment

Every other key is an error. This module is on the fast path of a no-op install: it imports only what every
Python has loaded already, and `tomllib` only when there is a file to read.
"""

# ruff: noqa: PTH117, PTH118, PTH120 (pathlib costs start-up time)
from __future__ import annotations

import os

from packreg.settings import operator as operator_file
from packreg.settings.places import (
    FILE_NAME,
    expanded,
    home,
    nearest_file,
    place,
    program,
    user_directory,
    with_query,
)
from packreg.settings.values import DEFAULT, REPLICA_LAG_SECONDS, Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from packreg.errors import UsageError

_PROGRAM = "the program's settings"
#: Variable -> the setting that it gives.
VARIABLES = {
    "PACKREG_REGISTRY": "registry.url",
    "PACKREG_ALLOW_HTTP": "registry.allow_http",
    "PACKREG_HOME": "install.home",
    "PACKREG_OPA_ANALYZER": "analysis.opa_analyzer",
}
#: Settings that belong to `registry.url`, in the order in which they are put into its query.
OF_THE_URL = ("endpoint_url", "region", "profile")
#: Settings that name a program: a word that is searched on PATH, or a path relative to the file's directory.
PROGRAMS = ("analysis.opa_analyzer", "environments.esc", "tools.node", "tools.opa")
#: Settings that name a file; a relative path starts at the directory of the packreg.toml that has it.
PLACES = ("registry.ca_bundle",)
#: Other settings of the registry, with defaults; if the operator's file fixes the registry, only it may set
#: them.
_OF_THE_REGISTRY: dict[str, str | int | bool] = {
    "registry.allow_http": False,
    "registry.ca_bundle": "",
    "registry.instance_role": False,
    "registry.replica_lag_seconds": REPLICA_LAG_SECONDS,
}


def load_settings(
    environ: Mapping[str, str],
    cwd: str,
    registry: str | None = None,
    *,
    project: bool = True,
    given: Mapping[str, Any] | None = None,
    operators: str | None = None,
) -> Settings:
    """Gather the settings for a command that runs in `cwd` (absolute), with `--registry` as `registry`.

    Without `project` the packreg.toml of a project is not read, only noted as `passed_over`: people who edit
    a project must not choose what judges it. `given` are settings from a program, in the form of a
    packreg.toml; then variables and files are ignored, except the operator's. `operators` is the path of the
    operator's file; only tests give it, since the path is fixed on each system.

    Raises:
        UsageError: a file cannot be read or trusted, or has a setting that is not allowed; an empty registry
            was given; an option or a variable contradicts the operator's file.
    """
    settings = Settings()
    _add_operators(settings, operators or operator_file.place())
    if registry is not None:
        _put_registry(settings, expanded(registry, environ), "--registry", cwd)
    if given is not None:
        _add_given(settings, given, environ, cwd)
    else:
        _add_variables_and_files(settings, environ, cwd, project=project)
    data_directory = user_directory("data", environ)
    _put_registry(settings, os.path.join(data_directory, "registry"), DEFAULT, cwd)
    settings.put("install.home", data_directory, DEFAULT)
    settings.state = user_directory("state", environ)
    if "registry.url" not in settings.fixed:
        _add_endpoint(settings, environ)
    return settings


def _add_given(settings: Settings, given: Mapping[str, Any], environ: Mapping[str, str], cwd: str) -> None:
    """Add settings that a program gave, for keys not set yet; relative paths start at `cwd`."""
    from packreg.settings.file import KEYS, flattened

    _put_all(settings, flattened(given, _PROGRAM, KEYS), _PROGRAM, environ, cwd)


def _add_variables_and_files(
    settings: Settings, environ: Mapping[str, str], cwd: str, *, project: bool
) -> None:
    """Add settings of variables, the project's file and the user's file, for keys not set yet."""
    for name, key in VARIABLES.items():
        if environ.get(name):
            _add_variable(settings, key, name, environ, cwd)
    nearest = nearest_file(cwd)
    users = os.path.join(user_directory("config", environ), FILE_NAME)
    if not project and nearest != users:
        settings.passed_over, nearest = nearest, ""
    for path in (nearest, users):
        if path and path not in settings.files and os.path.lexists(path):
            _add_file(settings, path, environ, project=path != users)


def _add_operators(settings: Settings, path: str) -> None:
    """Add the settings of the operator's file and mark them as fixed."""
    data = operator_file.read(path)
    if data is None:
        return
    from packreg.settings.file import KEYS, OPERATORS, parse_file, usage

    found = parse_file(data, path, {**KEYS, **OPERATORS})
    for key in (*PROGRAMS, *PLACES, "install.home", "registry.url"):
        value = str(found.get(key, ""))
        if value.startswith("~") or (value and key in PROGRAMS and not os.path.isabs(value)):
            raise usage(
                f"{path}: {key} is {value}, whose meaning depends on variables of whoever runs packreg",
                "write the absolute path",
            )
    settings.files.append(path)
    settings.operators = path
    _put_all(settings, found, path, {}, os.path.dirname(path))
    if "registry.url" in settings.values:
        for key, default in _OF_THE_REGISTRY.items():
            settings.put(key, default, path)
    settings.fixed = frozenset(settings.values)


def _add_variable(settings: Settings, key: str, name: str, environ: Mapping[str, str], cwd: str) -> None:
    value, origin = environ[name], f"environment {name}"
    if key == "registry.url":
        _put_registry(settings, expanded(value, environ), origin, cwd)
        return
    meant = says_yes(value) if key == "registry.allow_http" else _meant(key, value, cwd, environ, name)
    if key in settings.fixed and settings.values[key] != meant:
        raise contradiction(settings, key, value, origin)
    settings.put(key, meant, origin)


def says_yes(value: str) -> bool:
    """Whether a variable's value means true: `1`, `true`, `yes` or `on`, in any case."""
    return value.strip().lower() in ("1", "true", "yes", "on")


def contradiction(settings: Settings, key: str, value: object, origin: str) -> UsageError:
    """The error that `origin` gives another value than the operator's file."""
    from packreg.settings.file import usage

    return usage(
        f"{origin} says {value}, but {key} is fixed as {settings.values[key]} by {settings.operators}",
        f"leave {origin} out, or ask whoever looks after this machine",
    )


def _add_endpoint(settings: Settings, environ: Mapping[str, str]) -> None:
    """Put what variables say of the bucket, such as its endpoint, into the URL, which names the registry.

    Without it, two servers with a bucket of the same name would share one cache.
    """
    url = settings.registry
    if "://" not in url:
        return
    from packreg.store.variables import from_variables

    for option, (value, name) in from_variables(url, environ).items():
        settings.values["registry.url"] = with_query(settings.registry, {option: value}, name)
        settings.origins["registry.url"] += f", environment {name}"


def _put_registry(settings: Settings, url: str, origin: str, base: str) -> None:
    if not url.strip():
        from packreg.settings.file import usage

        raise usage(f"the registry of {origin} is empty", "give a directory or the URL of a bucket")
    if "registry.url" not in settings.values:
        settings.put("registry.url", url, origin)
        settings.base = base
    elif "registry.url" in settings.fixed and origin != DEFAULT:
        from packreg.store.url import parse_location

        fixed = parse_location(settings.registry, cwd=settings.base)
        if parse_location(url, cwd=base).url != fixed.url:
            raise contradiction(settings, "registry.url", url, origin)


def _add_file(settings: Settings, path: str, environ: Mapping[str, str], *, project: bool) -> None:
    """Add the settings of a file, for keys not set yet."""
    from packreg.settings.file import KEYS, NOT_FOR_PROJECTS, OPERATORS, parse_file, read_file, usage

    data = read_file(path)
    if data is None:
        return
    settings.files.append(path)
    found = parse_file(data, path, {**KEYS, **OPERATORS})
    for key in sorted(found):
        if key in OPERATORS:
            raise usage(f"{path}: {key} counts only in the operator's file, {operator_file.place()}")
        if key.startswith("backends.") and any(each.startswith("backends.") for each in settings.fixed):
            raise usage(f"{path}: {key} has no effect: {settings.operators} names the backends")
        if project and key.startswith(NOT_FOR_PROJECTS):
            raise usage(f"{path}: {key} has no effect in the file of a project", "set it in your own file")
    _put_all(settings, found, path, environ, os.path.dirname(path))


def _put_all(
    settings: Settings,
    found: dict[str, str | int | bool],
    path: str,
    environ: Mapping[str, str],
    directory: str,
) -> None:
    url = found.pop("registry.url", None)
    of_the_url = {key: found.pop(f"registry.{key}", "") for key in OF_THE_URL}
    if url is None and any(of_the_url.values()):
        from packreg.settings.file import usage

        key = next(key for key, value in of_the_url.items() if value)
        raise usage(f"{path}: registry.{key} is set without registry.url", "write the url beside it")
    if url is not None and "registry.url" not in settings.values:
        url = expanded(with_query(str(url), of_the_url, path), environ)
        _put_registry(settings, url, path, directory)
    for key, value in found.items():
        settings.put(key, _meant(key, value, directory, environ, f"{path}: {key}"), path)


def _meant(
    key: str, value: str | int | bool, base: str, environ: Mapping[str, str], origin: str
) -> str | int | bool:
    """The value of a setting; if it is a path, the absolute one."""
    if key == "install.home":
        return home(str(value), environ, origin)
    absolute = place if key in PLACES else program if key in PROGRAMS else None
    return absolute(str(value), base, environ) if absolute else value
