"""A policy pack's process before it runs, its limits, and the stack that it judges."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

#: What a pack's process may know of the host's environment.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")
#: Bytes that a pack may use when nobody says otherwise.
MEMORY = 2 << 30


@dataclass(frozen=True, slots=True)
class Stack:
    """The stack whose resources are judged, as a pack may ask for it.

    `config` holds plain texts by full key (`project:key`), secrets among them; `secret_keys` says which.
    """

    stack: str = ""
    project: str = ""
    organization: str = ""
    dry_run: bool = False
    config: Mapping[str, str] = field(default_factory=dict, repr=False)  # secrets in clear among them
    secret_keys: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """The variables that both SDKs read it from, from the moment that a pack's program is loaded."""
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
    """How long a pack may take, in seconds: to say its port, for each short call, to judge one resource, and
    to judge the stack."""

    start: float = 60.0
    call: float = 30.0
    analyze: float = 30.0
    stack: float = 120.0


class Engine(NamedTuple):
    """The program that runs a pack, for reports: what it is (`python`, `node`, `opa`), where, and its
    version, "" where it is not known.
    """

    name: str
    path: str
    version: str


@dataclass(frozen=True, slots=True)
class Program:
    """A pack's process before it runs. Equal programs are interchangeable, which is what a pool goes by.

    `name` is the pack in messages; `digest` its identity ("" for a directory under work, which no pool
    keeps); `environment` is everything the process gets to see, sorted, and `files` are contents whose paths
    it finds in variables of these names. `memory` is what it may use with all that it starts, in bytes, 0
    leaves it free; `each` is what one process may have, so that it is told instead of ended (RLIMIT_DATA;
    none for Node.js, as V8 reserves more address space than it uses). Without `deadlines`, the pool's count.
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
