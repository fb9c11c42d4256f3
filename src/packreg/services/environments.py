"""Setting and opening environments: the registry's, those of Pulumi ESC, and the keys of their secrets."""

from __future__ import annotations

import os
import threading
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from packreg.environments.ciphertext import EnvironmentSecrets, Keys
from packreg.environments.document import read_document
from packreg.environments.editing import as_string, read_value, set_value
from packreg.environments.evaluation import Definition, EvaluatedImport
from packreg.environments.interpolation import parse_path
from packreg.environments.open import check_config, open_document, open_environments
from packreg.environments.passphrase import KIND as SCRYPT
from packreg.environments.passphrase import PassphraseKeys
from packreg.environments.sealing import seal
from packreg.environments.stored import Environments
from packreg.errors import ChangedMeanwhile, PackregError, Problem, UsageError
from packreg.registry.environment_reference import EnvironmentReference
from packreg.services.passphrases import ENVIRONMENTS as PASSPHRASE
from packreg.services.passphrases import environments_passphrase
from packreg.store.kms import KIND as AWSKMS
from packreg.store.kms import KmsKeys, parse_kms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from packreg.environments.opened import Opened
    from packreg.environments.stored import EnvironmentRevision
    from packreg.services.workspace import Workspace


class EnvironmentResolver:
    """Opens the environments of a workspace; several threads may use it.

    What a revision says is read once. What `name` and a tag mean is asked once, too: all packs of a run get
    the same.
    """

    def __init__(self, workspace: Workspace, planned: Mapping[str, bytes] = MappingProxyType({})) -> None:
        """`planned` are definitions by name that count as the newest, although they are not set yet."""
        self._workspace, self._planned = workspace, planned
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
        if not reference.esc and str(reference) in self._planned:
            return Definition(reference.name, 0, self._planned[reference.name])
        if not reference.esc:
            revision = self.environments.at(reference)
            return Definition(revision.name, revision.number, revision.text)
        from packreg.services.esc import EscProgram

        program = self._workspace.settings.esc
        if not program:
            raise UsageError(
                f"{reference} is an environment of Pulumi ESC, but no program that opens it is configured",
                hint='set environments.esc in packreg.toml: [environments] esc = "esc"',
            )
        programs = self._workspace.tools.programs
        if "/" in program or os.sep in program:
            program = programs.checked(program, "environments.esc")
        return EscProgram(program, {**self._workspace.environ, "PATH": programs.path}).open(reference)


class SetEnvironment(NamedTuple):
    """The newest revision of an environment that was set; `unchanged` if it was so already."""

    revision: EnvironmentRevision
    unchanged: bool

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return {**revision_json(self.revision), "unchanged": self.unchanged}


def set_environment(
    workspace: Workspace, name: str, define: Callable[[bytes | None], bytes], *, on: int | None = None
) -> SetEnvironment:
    """Set an environment to what `define` makes of its definition, None where there is none.

    Its secrets are encrypted before anything is stored, and it is evaluated; what its author should know is
    told. With `on` its newest revision must have this number (0: there is none).

    Raises:
        ChangedMeanwhile: it has another number, or somebody set it meanwhile.
        InvalidConfiguration: it is no definition, cannot be evaluated, or gives packs what they cannot use.
        UsageError: it holds a secret and no key is at hand.
        PackregError: what `define` and the store raise.
    """
    resolver = EnvironmentResolver(workspace)
    before = resolver.environments.newest(name)
    number = before.number if before else 0
    if on is not None and on != number:
        raise ChangedMeanwhile(
            f"the newest revision of {name} is {number}, not {on}",
            hint=f"look at `packreg env get {name}`, and make the change to that revision",
        )
    kept = before.text if before is not None and not before.removed else None
    text = seal(define(kept), name, resolver.secrets, kept)
    for problem in try_out(resolver, name, text):
        workspace.notify.warn(str(problem), problem.hint)
    made = resolver.environments.set(name, text, workspace.by, before)
    workspace.seen.add("environment", [name])
    return SetEnvironment(made, made.number == number)


def with_value(
    name: str, definition: bytes | None, path: str, value: str, *, secret: bool, string: bool
) -> bytes:
    """A definition, or an empty one, with one value set at a path such as `a.b[0]`.

    A `secret` and a `string` are taken as they are, any other value is read as YAML.

    Raises:
        InvalidConfiguration: what it becomes is no definition.
        UsageError: the path or the value cannot be read.
    """
    try:
        where = parse_path(path)
    except ValueError as error:
        raise UsageError(f"{path!r} is not the path of a value: {error}", hint="write a.b[0]") from None
    new = as_string(value, secret=secret) if secret or string else read_value(value)
    return set_value(definition or b"", where, new, name)


def revision_json(revision: EnvironmentRevision) -> dict[str, object]:
    """A revision of an environment for `--json`, without its definition."""
    return {
        "name": revision.name,
        "revision": revision.number,
        "by": revision.by,
        "at": revision.at,
        "removed": revision.removed or None,
    }


def opened_json(opened: Opened, *, show_secrets: bool = False) -> dict[str, object]:
    """What environments give a pack, for `--json`; secrets are "[secret]" unless they are shown."""
    return {
        "origin": opened.origin,
        "revisions": list(opened.revisions),
        "values": dict(opened.values if show_secrets else opened.shown),
        "warnings": [problem._asdict() for problem in opened.warnings],
    }


def try_out(resolver: EnvironmentResolver, name: str, text: bytes) -> tuple[Problem, ...]:
    """Evaluate a definition before it is kept, and give what its author should know.

    Without the key of its secrets, which an edit of something else does not need, it is not evaluated.

    Raises:
        InvalidConfiguration: it cannot be evaluated, or what it gives packs cannot be used.
    """
    missing: list[PackregError] = []

    def reveal(environment: str, ciphertext: str) -> str:
        try:
            return resolver.secrets.reveal(environment, ciphertext)
        except PackregError as error:
            missing.append(error)
            raise

    try:
        opened = open_document(read_document(text, name), name, resolver.load, reveal)
        check_config(opened)
    except PackregError as error:
        if not missing or error is not missing[-1] or not isinstance(error, UsageError):
            raise
        return (Problem("environment-unchecked", f"it was not evaluated: {error}", name, error.hint),)
    return opened.warnings


def environments_of(workspace: Workspace) -> Environments:
    """The environments of the workspace's registry; nothing is read yet."""
    return Environments(workspace.registry(), now=workspace.now, new_id=workspace.new_id)


def secrets_of(workspace: Workspace) -> EnvironmentSecrets:
    """The keys of secrets that are at hand: the configured KMS key, and a passphrase from the environment.

    Raises:
        UsageError: the setting cannot be read, or the passphrase's file.
    """
    keys: dict[str, Keys] = {}
    kind = ""
    passphrase = environments_passphrase(workspace.environ, workspace.cwd)
    if passphrase:
        kind = SCRYPT
        keys[SCRYPT] = PassphraseKeys(passphrase)
    where = workspace.settings.secrets
    if where and where != "passphrase":
        kind = AWSKMS
        keys[AWSKMS] = KmsKeys(
            parse_kms(where),
            allow_http=workspace.settings.allow_http,
            instance_role=workspace.settings.instance_role,
        )
    phrase = f"give the passphrase in {PASSPHRASE}, or a file with it in {PASSPHRASE}_FILE"
    key = 'or name a key: [environments] secrets = "awskms://KEY?region=…" in packreg.toml'
    return EnvironmentSecrets(keys, kind, {SCRYPT: phrase, "awskms": key[3:], "": f"{phrase}; {key}"})
