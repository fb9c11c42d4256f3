"""Opening environments: the registry's, those of Pulumi ESC, and the keys of their secrets, put together."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from packreg.environments.ciphertext import EnvironmentSecrets, Keys
from packreg.environments.evaluation import Definition, EvaluatedImport
from packreg.environments.opening import open_environments
from packreg.environments.stored import Environments
from packreg.errors import UsageError
from packreg.registry.environment_reference import EnvironmentReference
from packreg.services.passphrases import ENVIRONMENTS as PASSPHRASE
from packreg.services.passphrases import environments_passphrase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packreg.environments.opened import Opened
    from packreg.services.workspace import Workspace


class Opener:
    """Opens the environments of a workspace; several threads may use it.

    What a revision says is read once. What `name` and a tag mean is asked once, too: all packs of a run get
    the same.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.environments = environments_of(workspace)
        self.secrets = secrets_of(workspace)
        self._read: dict[EnvironmentReference, Definition | EvaluatedImport] = {}
        self._lock = threading.Lock()

    def open(self, references: Sequence[str]) -> Opened:
        """What these environments give a pack, the weakest first. Raises what `open_environments` raises."""
        return open_environments(references, self.load, self.secrets.reveal)

    def load(self, reference: EnvironmentReference) -> Definition | EvaluatedImport:
        """The definition that a reference means.

        Raises:
            NotFound, Removed: there is none.
            UsageError: it is one of ESC, and no `esc` program is configured.
            PackregError: as the store and the program say.
        """
        with self._lock:
            if reference in self._read:
                return self._read[reference]
        found = self._load(reference)
        with self._lock:
            return self._read.setdefault(reference, found)

    def _load(self, reference: EnvironmentReference) -> Definition | EvaluatedImport:
        if not reference.esc:
            revision = self.environments.at(reference)
            return Definition(revision.name, revision.number, revision.text)
        from packreg.services.esc import EscProgram

        program = self._workspace.settings.esc
        if not program:
            raise UsageError(
                f"{reference} is an environment of Pulumi ESC, and no program is configured that opens it",
                hint='set environments.esc in packreg.toml: [environments] esc = "esc"',
            )
        programs = self._workspace.tools.programs
        if "/" in program or os.sep in program:
            program = programs.checked(program, "environments.esc")
        return EscProgram(program, {**self._workspace.environ, "PATH": programs.path}).open(reference)


def environments_of(workspace: Workspace) -> Environments:
    """The environments of the workspace's registry; nothing is read yet."""
    from packreg.services.clock import new_id, now

    return Environments(workspace.registry(), now=now, new_id=new_id)


def secrets_of(workspace: Workspace) -> EnvironmentSecrets:
    """The keys of secrets that are at hand: the configured KMS key, and a passphrase from the environment.

    Raises:
        UsageError: the setting cannot be read, or the passphrase's file.
    """
    from packreg.environments.passphrase import KIND as SCRYPT
    from packreg.environments.passphrase import PassphraseKeys

    keys: dict[str, Keys] = {}
    kind = ""
    passphrase = environments_passphrase(workspace.environ, workspace.cwd)
    if passphrase:
        kind = SCRYPT
        keys[SCRYPT] = PassphraseKeys(passphrase)
    where = workspace.settings.secrets
    if where and where != "passphrase":
        from packreg.store.kms import KIND as AWSKMS
        from packreg.store.kms import KmsKeys, parse_kms

        kind = AWSKMS
        keys[AWSKMS] = KmsKeys(
            parse_kms(where),
            allow_http=workspace.settings.allow_http,
            instance_role=workspace.settings.instance_role,
        )
    phrase = f"give the passphrase in {PASSPHRASE}, or a file with it in {PASSPHRASE}_FILE"
    key = 'or name a key: [environments] secrets = "awskms://KEY?region=…" in packreg.toml'
    return EnvironmentSecrets(keys, kind, {SCRYPT: phrase, "awskms": key[3:], "": f"{phrase}; {key}"})
