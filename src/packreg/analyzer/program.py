"""How to start a policy pack's process, its limits, and the stack that it judges."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

#: The environment variables of the host that a pack's process gets.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")
#: Bytes of memory that a pack may use by default.
MEMORY = 2 << 30


@dataclass(frozen=True, slots=True)
class Stack:
    """The stack whose resources are judged, as far as a pack may ask about it.

    `config` has plain texts by full key (`project:key`), also of secrets; `secret_keys` are their keys.
    """

    stack: str = ""
    project: str = ""
    organization: str = ""
    dry_run: bool = False
    config: Mapping[str, str] = field(default_factory=dict, repr=False)  # with secrets in plain text
    secret_keys: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """The environment variables from which both SDKs read the stack when they load a pack's program."""
        dry_run = "true" if self.dry_run else "false"
        variables = {"PULUMI_CONFIG": json.dumps(dict(self.config), sort_keys=True)}
        for prefix in ("PULUMI_", "PULUMI_NODEJS_"):
            variables[f"{prefix}ORGANIZATION"] = self.organization
            variables[f"{prefix}PROJECT"] = self.project
            variables[f"{prefix}STACK"] = self.stack
            variables[f"{prefix}DRY_RUN"] = dry_run
        return variables


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long a pack may take, in seconds: to print its port, for each short call, to judge one resource,
    and to judge the stack."""

    start: float = 60.0
    call: float = 30.0
    analyze: float = 30.0
    stack: float = 120.0


class Engine(NamedTuple):
    """The program that runs a pack, for reports: what it is (`python`, `node`, `opa`), its path, and its
    version, "" where that is not known. `in_process` says that the pack was asked in its own process, in
    frames, and not over gRPC.
    """

    name: str
    path: str
    version: str
    in_process: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """How to start a pack's process. A pool may use a process for any equal program.

    `name` is the pack's name in messages; `digest` its identity, "" for a directory that is being worked on,
    which no pool keeps. `environment` is the whole environment of the process, sorted; `files` are contents
    of files by the variable that gets the file's path. `memory` is the limit in bytes for all its processes
    together, 0 for none. `each` is the limit for one process (RLIMIT_DATA), which gets an error instead of
    being killed; Node.js has none, as V8 reserves more address space than it uses. `hosted` says that the
    command starts a host (see `hosts`), which can answer without a server. Without `deadlines`, those
    of the pool count.
    """

    name: str
    directory: Path
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # it may hold secrets
    memory: int = 0
    each: int = 0
    digest: str = ""
    stack: Stack | None = field(default=None, compare=False)
    deadlines: Deadlines | None = None
    engine: Engine | None = field(default=None, compare=False)
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    hosted: bool = field(default=False, compare=False)
