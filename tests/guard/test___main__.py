"""The analyzer process, without the Pulumi CLI: what it reads from a registry, answers, keeps and leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

from packreg.analyzer.program import Stack
from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.encode import encode_resource, encode_stack
from packreg.cli.context import CommandContext
from packreg.guard.__main__ import failing_open
from packreg.guard.backend import GuardBackend
from packreg.services.guard_forms import DIRECTORY
from tests.cli.conftest import User

BUCKET = "demo:index:Bucket"
URN = f"urn:pulumi:dev::shop::{BUCKET}::logs"
STACK = Stack("dev", "shop", "organization", dry_run=True)
LOGS = {"type": BUCKET, "urn": URN, "name": "logs", "properties": {"acl": "public"}, "options": {}}


@pytest.fixture
def enforced(opa: str, user: User) -> User:
    """A registry whose default group asks for an OPA pack."""
    pack = user.directory / "rules"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: opa\nversion: 1.2.0\n")
    (pack / "rules.rego").write_text('package rules\ndeny_open["open"] { input.acl == "public" }\n')
    assert user("publish", "rules").code == 0
    assert user("enable", "--yes", "rules@^1").code == 0
    return user


def office(user: User) -> GuardBackend:
    """What a guard of this user asks."""
    session = CommandContext(user.environ)
    session.__dict__["cwd"] = str(user.directory)
    return GuardBackend(session)


@contextmanager
def process(user: User, directory: Path) -> Iterator[tuple[subprocess.Popen[str], grpc.Channel]]:
    """The process as the CLI starts it, and a connection to it."""
    started = subprocess.Popen(
        [sys.executable, "-m", "packreg.guard.__main__", "127.0.0.1:1", "."],
        cwd=directory,
        env=user.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port_of(started)}") as channel:
            yield started, channel
    finally:
        if started.poll() is None:
            started.kill()
        started.communicate()


def port_of(started: subprocess.Popen[str]) -> int:
    """The first line of output, and no byte of the next: that is left for whoever reads what was said."""
    assert started.stdout is not None
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(started.stdout.fileno(), 1)
        assert byte, "the process ended before it named its port"
        line += byte
    return int(line)


def ask(channel: grpc.Channel, method: str, request: bytes = b"") -> bytes:
    """One call."""
    return channel.unary_unary(f"/pulumirpc.Analyzer/{method}")(request, timeout=60, wait_for_ready=True)


TOLD = pb.ConfigureStackRequest(stack="dev", project="shop", organization="organization", dry_run=True)


def test_the_process_speaks_the_protocol_to_its_end(enforced: User) -> None:
    """It answers what the CLI asks, in order, and when its input ends it does, without a word on stderr."""
    with process(enforced, enforced.directory) as (started, channel):
        assert ask(channel, "Handshake") == ask(channel, "ConfigureStack", TOLD.SerializeToString()) == b""
        info = pb.AnalyzerInfo.FromString(ask(channel, "GetAnalyzerInfo"))
        assert info.name == "packreg"
        assert pb.PluginInfo.FromString(ask(channel, "GetPluginInfo")).version == info.version
        request = encode_resource(LOGS)
        assert ask(channel, "Configure") == ask(channel, "Remediate", request) == b""
        [found] = pb.AnalyzeResponse.FromString(ask(channel, "Analyze", request)).diagnostics
        assert (found.pack_name, found.pack_version, found.policy_name) == ("rules", "1.2.0", "deny_open")
        with pytest.raises(grpc.RpcError) as raised:
            ask(channel, "AnalyzeStack", encode_stack([LOGS]))
        assert raised.value.code() == grpc.StatusCode.FAILED_PRECONDITION
        assert raised.value.details().startswith("packreg: organization/shop/dev is denied, by mandatory")
        assert ask(channel, "Cancel") == b""
        output, errors = started.communicate(timeout=30)
    assert (started.returncode, errors) == (0, "")
    default, _, rest = output.partition("\n")
    assert default.startswith("packreg: no registry is named, so ")
    assert rest == "packreg: organization/shop/dev must pass rules@1.2.0\n"
    listed = [key.parent.parent.name for key in enforced.top.rglob("*.json.gz")]
    assert listed == ["preview"]


def test_failures_are_errors_of_calls_that_no_cli_overlooks(user: User) -> None:
    """Nothing is UNIMPLEMENTED, which the CLI takes for "nothing to say"; the message says what to do."""
    with process(user, user.directory) as (_, channel):
        ask(channel, "ConfigureStack", TOLD.SerializeToString())
        for method in ("GetAnalyzerInfo", "Remediate", "Analyze", "AnalyzeStack"):
            with pytest.raises(grpc.RpcError) as raised:
                ask(channel, method)
            assert raised.value.code() == grpc.StatusCode.FAILED_PRECONDITION
            assert raised.value.details().startswith(
                "packreg: what organization/shop/dev must run is not known"
            )
            assert "PACKREG_REGISTRY" in raised.value.details()
        with pytest.raises(grpc.RpcError) as raised:
            ask(channel, "ConfigureStack", b"\xff")
        assert raised.value.code() == grpc.StatusCode.FAILED_PRECONDITION
        assert "defect" in raised.value.details()


def test_in_the_form_of_a_directory_the_settings_are_those_of_the_cli(enforced: User) -> None:
    """Started in the directory that stands for it, the process works where its starter does."""
    elsewhere = enforced.top / "user/.local/share/packreg"
    starter = (
        "import subprocess, sys; command = [sys.executable, '-m', 'packreg.guard.__main__'];"
        f"sys.exit(subprocess.call(command, cwd={str(DIRECTORY)!r}))"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", starter],
        cwd=elsewhere,
        env={**enforced.environ, "PACKREG_REGISTRY": "registry", "PWD": str(elsewhere)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with grpc.insecure_channel(f"127.0.0.1:{port_of(started)}") as channel:
        ask(channel, "ConfigureStack", TOLD.SerializeToString())
        ask(channel, "GetAnalyzerInfo")
    output = started.communicate(timeout=30)[0]
    assert output == "packreg: organization/shop/dev must pass rules@1.2.0\n"


def test_a_project_does_not_choose_what_judges_it(enforced: User) -> None:
    """A packreg.toml beside the program names another registry: it is not followed; that comes first."""
    enforced.must("--registry", enforced.top / "lax", "init")
    (enforced.directory / "packreg.toml").write_text('registry = "../lax"\n[analysis]\nmemory = "1KiB"\n')
    with process(enforced, enforced.directory) as (started, channel):
        ask(channel, "ConfigureStack", TOLD.SerializeToString())
        ask(channel, "GetAnalyzerInfo")
        ask(channel, "Cancel")
        first, second, third = started.communicate(timeout=30)[0].splitlines()
    assert first.startswith("packreg: the project's packreg.toml is not followed")
    assert second.startswith("packreg: no registry is named, so ")
    assert third == "packreg: organization/shop/dev must pass rules@1.2.0"


def test_the_process_does_not_load_the_command_line() -> None:
    """A deployment waits for every import: click, which commands are made of, is not among them."""
    modules = "decisions, enforce, prepare, pack_programs, judge, reports, workspace"
    check = f"from packreg.guard import __main__, backend\nfrom packreg.services import {modules}\n"
    check += "import sys\nassert 'click' not in sys.modules and 'packreg.cli' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True, timeout=60)


@pytest.mark.parametrize(
    ("value", "opens"), [("1", True), ("true", True), ("", False), ("0", False), ("no", False)]
)
def test_only_a_plain_yes_fails_open(value: str, opens: bool) -> None:
    """Whatever is not clearly meant keeps the guard closed."""
    says = "PACKREG_FAIL_OPEN" if opens else ""
    assert failing_open(CommandContext({"HOME": "/", "PACKREG_FAIL_OPEN": value})) == says
    assert not failing_open(CommandContext({"HOME": "/"}))
