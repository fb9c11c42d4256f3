"""Groups written as a file are read back as the same groups."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from packreg.groups.document import default_groups
from packreg.groups.group_file import applied, read_groups
from packreg.groups.group_text import write_governance, write_groups
from packreg.groups.model import DEFAULT_PREVENTATIVE, About, Governance, Group
from tests.groups.governance import entry, governances
from tests.groups.test_group_file import NOW, canonical

#: Definitions of environments with comments, blank lines and characters of all kinds.
DEFINITIONS = st.sampled_from(
    [
        "values:\n  a: 1\n",
        "# why\nvalues: {a: b}",
        "\n\nvalues:\n\n  a: |\n    x\n\n    y  \n",
        "values: {t: {fn::secret: {ciphertext: v1}}}\n\n",
        "values:\r\n  a: 'é'\n",
        'values:\n  a: "x\\ty"\n  # end\n',
        "imports: [b]\nvalues:\n  odd key: {x: [1, 2]}\n",
        "  # indented\nvalues: {}\n",
    ]
)


@given(governances())
def test_what_was_exported_is_taken_back_without_change(governance: Governance) -> None:
    """Applied to where it is from an export changes nothing; applied elsewhere it makes the same groups."""
    governance = canonical(governance)
    file = read_groups(write_groups(governance.groups.values()).encode(), "f")
    for prune in (False, True):
        assert applied(governance, [file], prune=prune) == governance
    fresh = applied(Governance(governance.revision, default_groups()), [file], prune=True)
    assert fresh.groups == governance.groups


@given(governances(), st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), DEFINITIONS, max_size=3))
def test_an_export_of_everything_changes_nothing(
    governance: Governance, environments: dict[str, str]
) -> None:
    """Groups, waivers, settings and the very texts of environments come back, whatever they say."""
    governance = canonical(governance)
    governance = replace(
        governance, rules=replace(governance.rules, unwaivable=tuple(sorted({*governance.rules.unwaivable})))
    )
    file = read_groups(write_governance(governance, environments).encode("utf-8", "surrogatepass"), "f")
    for prune in (False, True):
        assert applied(governance, [file], prune=prune, now=NOW) == governance
    assert {name: each.text.decode() for name, each in file.environments.items()} == environments


def test_a_default_group_is_written_without_its_members() -> None:
    """Everyone is a member of a default group, so its file has packs, and who owns it."""
    about = About("security", "https://example.org/#sec")
    default = replace(
        default_groups()[DEFAULT_PREVENTATIVE], packs={"guard": entry("guard", "^1")}, about=about
    )
    assert write_groups([default, Group("a", "audit", frozenset({"account"}), accounts=("on",))]) == (
        "groups:\n"
        "  a:\n"
        "    mode: audit\n"
        "    entity-types: [accounts]\n"
        '    accounts: ["on"]\n'
        "    packs: {}\n"
        "  default-preventative-policy-group:\n"
        "    owner: security\n"
        '    contact: "https://example.org/#sec"\n'
        "    packs:\n"
        '      guard: "^1"\n'
    )
