"""What packs say of themselves, hostile until checked."""

from __future__ import annotations

import pytest

from packreg.analyzer.packinfo import read_info
from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.struct import encode_struct
from packreg.errors import PackFailed
from packreg.pack.metadata import MAX_POLICIES, MAX_TEXT


def said(*policies: pb.PolicyInfo, **fields: object) -> pb.AnalyzerInfo:
    """An answer with these policies."""
    return pb.AnalyzerInfo(name="guard", policies=policies, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        (pb.AnalyzerInfo(), "the pack has no name"),
        (said(pb.PolicyInfo()), "a policy has no name"),
        (said(pb.PolicyInfo(name="a"), pb.PolicyInfo(name="a")), "2 policies are called 'a'"),
        (said(pb.PolicyInfo(name="all")), "a policy is called 'all'"),
        (said(pb.PolicyInfo(name="a", enforcement_level=9)), "the level of 'a' is 9"),  # type: ignore[arg-type]
        (said(pb.PolicyInfo(name="a", policy_type=-1)), "the type of 'a' is -1"),
        (said(pb.PolicyInfo(name="a", severity=5)), "the severity of 'a' is 5"),
        (said(pb.PolicyInfo(name="a" * 1001)), "1001 characters; 1000 are allowed"),
        (said(readme="x" * (MAX_TEXT + 1)), "its readme has 262145 characters"),
        (said(*[pb.PolicyInfo(name=str(n)) for n in range(MAX_POLICIES + 1)]), "it has 10001 policies"),
        (
            said(pb.PolicyInfo(name="a", config_schema=pb.ConfigSchema(properties=b"\xff"))),
            "the configuration schema of 'a': not a property bag",
        ),
        (
            said(
                pb.PolicyInfo(
                    name="a", config_schema=pb.ConfigSchema(properties=encode_struct({"x": float("nan")}))
                )
            ),
            "the configuration schema of 'a' has a number that JSON cannot hold",
        ),
        (said(pb.PolicyInfo(name="\x1b[31mred"), pb.PolicyInfo(name="\x1b[31mred")), "called '\\x1b[31mred'"),
    ],
)
def test_metadata_that_cannot_be_is_refused(message: pb.AnalyzerInfo, wrong: str) -> None:
    """Each fault is named, and nothing a terminal would obey comes through."""
    with pytest.raises(PackFailed) as failed:
        read_info(message, "", "the pack guard")
    assert wrong in str(failed.value)
    assert failed.value.code == "bad-metadata"
    assert "\x1b" not in str(failed.value)


def test_all_faults_are_named_at_once() -> None:
    """An author sees everything that is wrong, not the first of it."""
    message = said(pb.PolicyInfo(name="all", severity=7), pb.PolicyInfo(name="b", policy_type=3))
    with pytest.raises(PackFailed) as failed:
        read_info(message, "", "guard")
    for wrong in ("'all'", "the severity of 'all' is 7", "the type of 'b' is 3"):
        assert wrong in str(failed.value)
