"""The packs and configurations that a CLI was given are read as it reads them, or known to be doubtful."""

from __future__ import annotations

import pytest

from packreg.services.pulumi_options import CONFIGS, PACKS, given


@pytest.mark.parametrize(
    ("line", "variables", "pairs"),
    [
        ("pulumi up --policy-pack a --policy-pack-config c", {}, [("a", "c")]),
        ("pulumi up --policy-pack=a --policy-pack-config=c", {}, [("a", "c")]),
        ("pulumi up --yes --policy-pack a -f --policy-pack-config c --diff", {}, [("a", "c")]),
        ("pulumi -C x --policy-pack-config c up", {PACKS: "a"}, [("a", "c")]),
        ("pulumi up", {PACKS: "a,b", CONFIGS: "c,d"}, [("a", "c"), ("b", "d")]),
        (
            "pulumi up --policy-pack b --policy-pack-config d",
            {PACKS: "a", CONFIGS: "c"},
            [("a", "c"), ("b", "d")],
        ),
        ("pulumi up --policy-pack b --policy-pack-config c,d", {PACKS: "a"}, [("a", "c"), ("b", "d")]),
        ("pulumi up --policy-pack a,b", {}, [("a", ""), ("b", "")]),
        ("pulumi up --message=--policy-pack-config --stack dev", {PACKS: "a"}, [("a", "")]),
        ("pulumi up --policy-pack a --policy-pack-config ,", {PACKS: "b"}, [("b", ""), ("a", "")]),
    ],
)
def test_packs_are_paired_as_the_cli_pairs_them(
    line: str, variables: dict[str, str], pairs: list[tuple[str, str]]
) -> None:
    """Variables first, then flags, in both forms, with lists; the first configuration for the first pack."""
    read = given(line.split(), variables)
    assert (list(read.pairs), read.certain) == (pairs, True)


@pytest.mark.parametrize(
    ("line", "variables", "configs"),
    [
        ("pulumi up -m --policy-pack --policy-pack-config c", {PACKS: "a"}, {"c"}),
        ("pulumi up -m --policy-pack-config=x --policy-pack-config=c", {PACKS: "a"}, {"x", "c"}),
        ("pulumi up --policy-pack --policy-pack-config c", {PACKS: "a"}, {"c"}),
        ("pulumi up --new-flag --policy-pack-config c", {PACKS: "a"}, {"c"}),
        ("pulumi up -ym --policy-pack-config c", {PACKS: "a"}, {"c"}),
        ("pulumi up -m -- --policy-pack-config c", {PACKS: "a"}, {"c"}),
        ("pulumi up --policy-pack-config c --policy-pack-config d", {PACKS: "a"}, {"c", "d"}),
        ('pulumi up --policy-pack-config "c"', {PACKS: "a"}, {"c"}),
        ("pulumi up --policy-pack-config", {PACKS: "a"}, set()),
    ],
)
def test_what_could_be_read_in_two_ways_is_doubtful(
    line: str, variables: dict[str, str], configs: set[str]
) -> None:
    """A word that may be a flag or a value hides no configuration file: it is among those that may be one."""
    read = given(line.split(), variables)
    assert not read.certain or not read.configs
    assert configs <= set(read.configs)
