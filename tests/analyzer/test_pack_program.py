"""How a pack is started: what it sees, and what keeps it from being started."""

from __future__ import annotations

from packreg.analyzer.pack_program import pack_environment
from packreg.analyzer.program import Stack


def test_a_pack_sees_nothing_of_this_host() -> None:
    """Of the host's variables only harmless ones are passed on; the stack's and the pack's own are added."""
    host = {
        "PATH": "/bin",
        "HOME": "/root",
        "AWS_SECRET_ACCESS_KEY": "s",
        "PULUMI_ACCESS_TOKEN": "t",
        "X": "y",
    }
    assert pack_environment(host) == {"PATH": "/bin", "HOME": "/root"}
    stack = Stack("dev", "shop", "acme", dry_run=True, config={"shop:a": "b"})
    seen = pack_environment(host, stack=stack, own={"RULES": "strict"})
    assert seen["PULUMI_CONFIG"] == '{"shop:a": "b"}' and seen["RULES"] == "strict"
    for prefix in ("PULUMI_", "PULUMI_NODEJS_"):
        told = [seen[prefix + name] for name in ("ORGANIZATION", "PROJECT", "STACK", "DRY_RUN")]
        assert told == ["acme", "shop", "dev", "true"]
    assert not {"AWS_SECRET_ACCESS_KEY", "PULUMI_ACCESS_TOKEN", "X"} & set(seen)
