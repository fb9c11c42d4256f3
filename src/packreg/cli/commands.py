"""The table of all commands, and the text of `packreg --help`, which needs neither a command nor click."""

from __future__ import annotations

from packreg.cli.exits import EXIT_CODES


class CommandEntry:
    """One command: its heading in the help, the module that holds it, and its help in one line."""

    __slots__ = ("help", "module", "section")

    def __init__(self, section: str, module: str, help: str) -> None:
        self.section = section
        self.module = module
        self.help = help


_WRITE, _USE, _RUN, _GOVERN, _LOOK, _KEEP, _HERE = (
    "Write and publish packs",
    "Install packs",
    "Run packs",
    "Govern stacks and accounts",
    "Look around",
    "Keep a registry",
    "This machine",
)

#: Command -> entry, in the order of `--help`. The function's name is that of the command and `_command`.
COMMANDS = {
    "new": CommandEntry(_WRITE, "authoring", "Start a pack that passes every check."),
    "check": CommandEntry(_WRITE, "authoring", "List everything that is wrong with a pack, offline."),
    "dev": CommandEntry(
        _WRITE, "development", "Make or refresh the environment of a pack directory, in place."
    ),
    "bundle": CommandEntry(_WRITE, "authoring", "Write a pack's bundle to a file."),
    "test": CommandEntry(_WRITE, "testing", "Run a pack's test cases, tests/*.yaml beside it."),
    "docs": CommandEntry(_WRITE, "documenting", "Print a Markdown page about a pack's policies."),
    "publish": CommandEntry(_WRITE, "publishing", "Check a pack and publish it; a version is used once."),
    "install": CommandEntry(_USE, "installing", "Install packs, verified and ready to run."),
    "path": CommandEntry(_USE, "installing", "Print the directory of a pack, installing it if needed."),
    "uninstall": CommandEntry(_USE, "installing", "Remove installed packs from this machine."),
    "lock": CommandEntry(_USE, "locking", "Pin packs in packreg.lock."),
    "download": CommandEntry(_USE, "locking", "Save a pack's verified bundle to a file."),
    "analyze": CommandEntry(_RUN, "analyzing", "Judge resources by policy packs."),
    "validate-config": CommandEntry(
        _RUN, "validating", "Check the configuration of a pack against its policies."
    ),
    "inventory": CommandEntry(
        _RUN, "inventory", "List what an account or a cluster holds, also what no stack manages."
    ),
    "group": CommandEntry(
        _GOVERN, "grouping", "Policy groups: which packs which stacks and accounts must run."
    ),
    "enable": CommandEntry(_GOVERN, "enabling", "Enable a pack in a policy group."),
    "disable": CommandEntry(_GOVERN, "enabling", "Take a pack out of a policy group."),
    "env": CommandEntry(_GOVERN, "environments", "Manage environments: configuration, variables, secrets."),
    "waiver": CommandEntry(
        _GOVERN, "waiving", "Waivers: somebody answers for a violation until a given day."
    ),
    "required": CommandEntry(_GOVERN, "explaining", "Print the packs that a stack or an account must run."),
    "why": CommandEntry(_GOVERN, "explaining", "Explain what a stack or an account must run."),
    "enforce": CommandEntry(_GOVERN, "enforcing", "Decide about a deployment, without the Pulumi CLI."),
    "audit": CommandEntry(_GOVERN, "auditing", "Judge stacks and accounts by their audit groups."),
    "impact": CommandEntry(_GOVERN, "impact", "Show what another version would change, before it blocks."),
    "guard": CommandEntry(
        _GOVERN, "guarding", "Print the guard for PULUMI_OPTION_POLICY_PACK, or a CI step."
    ),
    "run": CommandEntry(_GOVERN, "guarding", "Run one command of the Pulumi CLI with the guard."),
    "findings": CommandEntry(
        _GOVERN, "reporting", "Show what the last runs found, and what became of it since."
    ),
    "compliance": CommandEntry(_GOVERN, "reporting", "Show how many policies each stack and account passed."),
    "report": CommandEntry(_GOVERN, "reporting", "Print the reports of the last runs, as HTML or CSV too."),
    "prove": CommandEntry(_GOVERN, "proving", "Show what was enforced on a stack at a given time."),
    "reports": CommandEntry(_GOVERN, "pruning", "Prune old reports; their chains keep what they were."),
    "list": CommandEntry(_LOOK, "catalog", "List the packs of the registry."),
    "versions": CommandEntry(_LOOK, "catalog", "List the versions of a pack."),
    "info": CommandEntry(_LOOK, "catalog", "Show what the registry knows about a release."),
    "search": CommandEntry(_LOOK, "catalog", "Find packs by name or description."),
    "outdated": CommandEntry(
        _LOOK, "comparing", "Compare locked or installed packs with the latest versions."
    ),
    "diff": CommandEntry(_LOOK, "comparing", "Compare two releases, or a directory with a release."),
    "init": CommandEntry(_KEEP, "admin", "Create the registry and prove that its store is safe."),
    "yank": CommandEntry(_KEEP, "admin", "Hide a version from 'latest' and ranges, or undo that."),
    "remove": CommandEntry(_KEEP, "admin", "Delete a release for good; its version stays used."),
    "seal": CommandEntry(_KEEP, "sealing", "Keep the files of a release's dependencies in the registry."),
    "verify": CommandEntry(_KEEP, "admin", "Read records, bundles and reports again and prove every digest."),
    "transfer": CommandEntry(
        _KEEP, "transferring", "Copy a registry to another store, and prove both hold the same."
    ),
    "transferred": CommandEntry(_KEEP, "admin", "Record that the registry was copied or restored."),
    "gc": CommandEntry(_KEEP, "admin", "Delete what crashed publishers and removals left behind."),
    "cache": CommandEntry(_HERE, "caching", "Manage what is kept on this machine."),
    "config": CommandEntry(_HERE, "settings", "Print every setting and where it comes from."),
    "doctor": CommandEntry(_HERE, "doctor", "Check the store, the cache, the tools and the configuration."),
    "completion": CommandEntry(_HERE, "completion", "Print the completion script of a shell."),
}

#: Alias -> command.
ALIASES = {"push": "publish", "pull": "install", "ls": "list", "rm": "remove"}

_OPTIONS = {
    "--registry URL": "The registry: a directory, or an s3://, gs:// or azblob:// URL.",
    "--json": "Print JSON.",
    "-q, --quiet": "Say less.",
    "-v, --verbose": "Say more.",
    "--log-format F": "Messages on stderr as text or as lines of JSON.",
    "--version": "Print packreg's version.",
    "-h, --help": "Show this message and exit.",
}
_EXAMPLES = (
    "packreg publish s3-rules",
    'pulumi preview --policy-pack "$(packreg path s3-rules@0.1.0)"',
    "packreg enable s3-rules@^0.1",
    "packreg run -- pulumi up",
)


def help_text() -> str:
    """What `packreg --help` prints, without a final line break."""
    also = {name: [alias for alias, of in ALIASES.items() if of == name] for name in ALIASES.values()}
    lines = [
        "Usage: packreg [OPTIONS] COMMAND [ARGS]...",
        "",
        "  Publish, install and govern Pulumi policy packs on nothing but a bucket or a directory.",
        "  `packreg COMMAND --help` explains a command and its options.",
        *_section("Options", _OPTIONS),
    ]
    for section in dict.fromkeys(entry.section for entry in COMMANDS.values()):
        entries = {
            ", ".join([name, *also.get(name, [])]): entry.help
            for name, entry in COMMANDS.items()
            if entry.section == section
        }
        lines += _section(section, entries)
    lines += ["", "Examples:", *(f"  $ {example}" for example in _EXAMPLES)]
    lines += _section("Exit codes", {str(code): meaning for code, meaning in EXIT_CODES.items()})
    return "\n".join(lines)


def overview() -> str:
    """What `packreg` alone prints: the names of all commands, on one screen of 80 columns and 24 lines."""
    from textwrap import wrap

    lines = ["Publish, install and govern Pulumi policy packs on a bucket or a directory.", ""]
    for section in dict.fromkeys(entry.section for entry in COMMANDS.values()):
        names = " ".join(name for name, entry in COMMANDS.items() if entry.section == section)
        lines += [f"{section}:", *(f"  {line}" for line in wrap(names, 76))]
    lines += ["", "`packreg --help` says what each does, `packreg COMMAND --help` explains one."]
    return "\n".join(lines)


def _section(title: str, entries: dict[str, str]) -> list[str]:
    width = 4 if title == "Exit codes" else 16
    return ["", f"{title}:", *(f"  {left:<{width}} {right}" for left, right in entries.items())]
