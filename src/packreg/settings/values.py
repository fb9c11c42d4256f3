"""The settings of one run, as whoever asks for one reads them. On the fast path of a no-op install."""

from __future__ import annotations

#: The origin of what nobody set.
DEFAULT = "default"
ANSWER_SECONDS, REPLICA_LAG_SECONDS = 30, 3600
SEAL_LIMIT = "512MiB"
#: Characters of a comment on GitHub.
MARKDOWN_CHARACTERS = 65_536


class Settings:
    """The settings of one run: `values` by key, and by the same keys `origins` in words for people.

    `registry` is the URL or path, with its query; a relative path in it starts at `base`. `files` were
    read; `passed_over` is a project's file that was there and not read, or ""; `state` is the directory for
    what this user's marks are made with, outside every home. `operators` is the operator's file, or "" where
    there is none; what it says is `fixed`.
    """

    __slots__ = ("base", "files", "fixed", "operators", "origins", "passed_over", "state", "values")

    def __init__(self) -> None:
        self.values: dict[str, str | int | bool] = {}
        self.origins: dict[str, str] = {}
        self.base = ""
        self.files: list[str] = []
        self.passed_over = ""
        self.state = ""
        self.operators = ""
        self.fixed: frozenset[str] = frozenset()

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
    def build(self) -> tuple[str, ...]:
        """What may be built from source where a lock is made: requirements, as they were written."""
        return _words(self.values.get("publish.build"))

    @property
    def seal(self) -> bool:
        """Whether packs are sealed when they are published."""
        return bool(self.values.get("publish.seal", False))

    @property
    def seal_platforms(self) -> tuple[str, ...]:
        """The platforms that packs are sealed for, as they were written; none for this machine's."""
        return _words(self.values.get("publish.seal_platforms"))

    @property
    def seal_pythons(self) -> tuple[str, ...]:
        """The versions of Python that packs are sealed for; none for the one of packs' environments here."""
        return _words(self.values.get("publish.seal_pythons"))

    @property
    def seal_limit(self) -> str:
        """The most that is kept of the dependencies of one release, such as 512MiB."""
        return str(self.values.get("publish.seal_limit", SEAL_LIMIT))

    @property
    def instance_role(self) -> bool:
        """Whether the cloud's metadata service may be asked for credentials."""
        return bool(self.values.get("registry.instance_role", False))

    @property
    def registry_is_default(self) -> bool:
        """Whether no registry is named, so that the user's own one is used."""
        return self.origins["registry.url"] == DEFAULT

    @property
    def allow_http(self) -> bool:
        """Whether the registry may be asked over http, which anybody on the way can answer."""
        return bool(self.values.get("registry.allow_http", False))

    @property
    def answer_seconds(self) -> int:
        """How long the registry may be silent, all in all, until it is known what must run."""
        return int(self.values.get("registry.answer_seconds", ANSWER_SECONDS))

    @property
    def replica_lag_seconds(self) -> int:
        """How long governance of a replica may be older than what was seen of it."""
        return int(self.values.get("registry.replica_lag_seconds", REPLICA_LAG_SECONDS))

    @property
    def markdown_characters(self) -> int:
        """How long a report as Markdown may be."""
        return int(self.values.get("reports.markdown_characters", MARKDOWN_CHARACTERS))

    @property
    def ca_bundle(self) -> str:
        """The file with the certificates that the registry's server is trusted by; empty for the usual."""
        return str(self.values.get("registry.ca_bundle", ""))

    @property
    def opa_analyzer(self) -> str | None:
        """The name or the absolute path of the program that runs OPA packs, or None for packreg's own."""
        value = self.values.get("analysis.opa_analyzer")
        return None if value is None else str(value)

    @property
    def named_tools(self) -> dict[str, str]:
        """The programs that somebody named for `node` and `opa`, by name or absolute path."""
        found = {name: str(self.values.get(f"tools.{name}", "")) for name in ("node", "opa")}
        return {name: program for name, program in found.items() if program}

    @property
    def opa_functions(self) -> list[str]:
        """The functions that rules of OPA packs may call although they reach out."""
        words = str(self.values.get("tools.opa_functions", "")).split(",")
        return [word.strip() for word in words if word.strip()]

    @property
    def ci_install(self) -> str | None:
        """What a CI step installs packreg from: see `cli.ci_steps`; None where nobody said it."""
        value = self.values.get("ci.install")
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
    def backends(self) -> dict[str, list[str]]:
        """The URLs of the self-managed backends that have a name, by it."""
        found = {k[9:]: str(v).split("\n") for k, v in self.values.items() if k.startswith("backends.")}
        return dict(sorted(found.items()))

    @property
    def limits(self) -> dict[str, int]:
        """The limits that somebody set."""
        return {k[7:]: int(v) for k, v in self.values.items() if k.startswith("limits.")}


def _words(value: str | int | bool | None) -> tuple[str, ...]:
    """What stands between commas."""
    return tuple(word.strip() for word in str(value or "").split(",") if word.strip())
