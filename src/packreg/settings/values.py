"""The settings of one run, by property and by key. On the fast path of a no-op install."""

from __future__ import annotations

#: The origin of a setting that nobody has set.
DEFAULT = "default"
ANSWER_SECONDS, REPLICA_LAG_SECONDS = 30, 3600
SEAL_LIMIT = "512MiB"
#: How long a waiver lasts that somebody asks for without saying it.
WAIVERS_EXPIRE = "30d"
#: The most characters of a comment on GitHub.
MARKDOWN_CHARACTERS = 65_536


class Settings:
    """The settings of one run: `values` by key, and by the same keys `origins`, which say where each is from.

    `registry` is the URL or path, with its query; a relative path in it starts at `base`. `files` are those
    that were read; `passed_over` is a project's file that exists and was not read, or ""; `state` is the
    user's state directory, which holds the user's key outside every home. `operators` is the path of the
    operator's file, or "" if there is none; the keys that it sets are `fixed`.
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
        """Set a key, unless it is set already: sources are read in the order of their precedence."""
        if key not in self.values:
            self.values[key] = value
            self.origins[key] = origin

    @property
    def registry(self) -> str:
        """The registry's URL or path."""
        return str(self.values["registry.url"])

    @property
    def home(self) -> str:
        """The absolute path of packreg's home."""
        return str(self.values["install.home"])

    @property
    def python(self) -> str | None:
        """The interpreter that packs' environments are made with, or None for the default."""
        value = self.values.get("install.python")
        return None if value is None else str(value)

    @property
    def build(self) -> tuple[str, ...]:
        """The packages that may be built from source for a lock: requirements, as they were written."""
        return _words(self.values.get("publish.build"))

    @property
    def seal(self) -> bool:
        """Whether packs are sealed when they are published."""
        return bool(self.values.get("publish.seal", False))

    @property
    def seal_platforms(self) -> tuple[str, ...]:
        """The platforms that packs are sealed for, as they were written; empty means this machine's."""
        return _words(self.values.get("publish.seal_platforms"))

    @property
    def seal_pythons(self) -> tuple[str, ...]:
        """The Pythons that packs are sealed for; empty means the one of packs' environments here."""
        return _words(self.values.get("publish.seal_pythons"))

    @property
    def seal_limit(self) -> str:
        """How large the kept dependencies of one release may be in all, such as 512MiB."""
        return str(self.values.get("publish.seal_limit", SEAL_LIMIT))

    @property
    def instance_role(self) -> bool:
        """Whether the cloud's metadata service may be asked for credentials."""
        return bool(self.values.get("registry.instance_role", False))

    @property
    def registry_is_default(self) -> bool:
        """Whether no registry is named, so that the user's local one is used."""
        return self.origins["registry.url"] == DEFAULT

    @property
    def allow_http(self) -> bool:
        """Whether the registry may be reached over plain http, where others can forge its answers."""
        return bool(self.values.get("registry.allow_http", False))

    @property
    def answer_seconds(self) -> int:
        """The most seconds, in all, to wait for the registry until it is known which packs must run."""
        return int(self.values.get("registry.answer_seconds", ANSWER_SECONDS))

    @property
    def replica_lag_seconds(self) -> int:
        """By how many seconds governance in a replica may be older than what was seen before."""
        return int(self.values.get("registry.replica_lag_seconds", REPLICA_LAG_SECONDS))

    @property
    def waivers_expire(self) -> str:
        """When a waiver that is asked for expires, unless the request says so: as `waiver add --expires`."""
        return str(self.values.get("waivers.expires", WAIVERS_EXPIRE))

    @property
    def markdown_characters(self) -> int:
        """How many characters a report as Markdown may have."""
        return int(self.values.get("reports.markdown_characters", MARKDOWN_CHARACTERS))

    @property
    def ca_bundle(self) -> str:
        """The file with certificates that verify the registry's server; "" for the usual ones."""
        return str(self.values.get("registry.ca_bundle", ""))

    @property
    def opa_analyzer(self) -> str | None:
        """The name or the absolute path of the program that runs OPA packs; None for packreg's own."""
        value = self.values.get("analysis.opa_analyzer")
        return None if value is None else str(value)

    @property
    def named_tools(self) -> dict[str, str]:
        """The names or absolute paths that settings give for `node` and `opa`, by these words."""
        found = {name: str(self.values.get(f"tools.{name}", "")) for name in ("node", "opa")}
        return {name: program for name, program in found.items() if program}

    @property
    def opa_functions(self) -> list[str]:
        """The functions with access to the outside, such as `http.send`, that rules of OPA packs may call."""
        words = str(self.values.get("tools.opa_functions", "")).split(",")
        return [word.strip() for word in words if word.strip()]

    @property
    def ci_install(self) -> str | None:
        """What a CI step installs packreg from (see `cli.ci_steps`); None if it is not set."""
        value = self.values.get("ci.install")
        return None if value is None else str(value)

    @property
    def secrets(self) -> str:
        """The URL of the key that encrypts new secrets of environments; "" for a passphrase."""
        return str(self.values.get("environments.secrets", ""))

    @property
    def esc(self) -> str:
        """The name or the absolute path of the program that opens environments of ESC; "" for none."""
        return str(self.values.get("environments.esc", ""))

    @property
    def backends(self) -> dict[str, list[str]]:
        """Names of self-managed backends -> their URLs, sorted by name."""
        found = {k[9:]: str(v).split("\n") for k, v in self.values.items() if k.startswith("backends.")}
        return dict(sorted(found.items()))

    @property
    def limits(self) -> dict[str, int]:
        """The limits that are set, by the last word of their key."""
        return {k[7:]: int(v) for k, v in self.values.items() if k.startswith("limits.")}


def _words(value: str | int | bool | None) -> tuple[str, ...]:
    """The words of a comma-separated value."""
    return tuple(word.strip() for word in str(value or "").split(",") if word.strip())
