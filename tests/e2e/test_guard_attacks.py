"""What somebody brings to a real Pulumi CLI, or does beside it, to get a deployment past the guard."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from tests.e2e import demo_provider
from tests.e2e.conftest import cli_shell
from tests.e2e.governed import GovernedStack, policies
from tests.e2e.user import Pulumi, Shell, with_registry

PRIVATE, OPEN = {"acl": "private", "owner": "ada"}, {"acl": "public", "owner": "ada"}
UPDATE = "pulumi up --yes --skip-preview --non-interactive --stack dev"
FOR_GUARD, NOTHING = "exceptions.json", "nothing.json"
RULES = 'package rules\ndeny_open["open to all"] { input.acl == "public" }\n'
MINE = 'package mine\ndeny_ownerless["nobody owns it"] { input.owner == "nobody" }\n'
#: Calls the guard as if it were the CLI of another stack, and says how that ended.
STRANGER = """
import sys
import grpc
from packreg.analyzer.protocol import analyzer_pb2 as pb

told = pb.ConfigureStackRequest(stack="sandbox", project="shop", organization="organization", dry_run=True)
with grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}") as channel:
    try:
        channel.unary_unary("/pulumirpc.Analyzer/ConfigureStack")(told.SerializeToString(), timeout=60)
    except grpc.RpcError as error:
        sys.exit(error.details())
"""
#: The provider, which waits for a file before it checks anything.
PATIENT = """
import time
from pathlib import Path
from tests.e2e import demo_provider

def check(self, request, context, check=demo_provider.DemoProvider.Check):
    while not Path({mark!r}).exists():
        time.sleep(0.01)
    return check(self, request, context)

demo_provider.DemoProvider.Check = check
demo_provider.main()
"""


@pytest.fixture
def keepers(registry: Shell, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A registry whose group of all stacks `dev` has an OPA pack that denies what is open."""
    top = tmp_path_factory.mktemp("keepers")
    shell = with_registry(registry, top)
    write_pack(top / "rules", RULES)
    for line in (
        "packreg publish rules",
        "packreg group new prod --add-stack '*/dev'",
        "packreg enable rules@1.0.0 --group prod",
    ):
        shell.must(line)
    return shell


def write_pack(directory: Path, source: str) -> None:
    """An OPA pack."""
    directory.mkdir()
    (directory / "PulumiPolicy.yaml").write_text("runtime: opa\nversion: 1.0.0\n")
    (directory / "rules.rego").write_text(source)


@pytest.fixture
def stack(keepers: Shell, each_pulumi: Pulumi, tmp_path: Path) -> GovernedStack:
    """A governed stack of one bucket that is open; beside its program are the files of exceptions."""
    shell = cli_shell(keepers, each_pulumi, tmp_path)
    made = GovernedStack(shell, "shop", shell.must("packreg guard --quiet").strip())
    made.write(logs=OPEN)
    shell.must("pulumi stack init dev --non-interactive")
    write_exceptions(shell.directory / FOR_GUARD, "deny_open")
    (shell.directory / NOTHING).write_text("{}")
    return made


def write_exceptions(file: Path, policy: str) -> None:
    """A configuration of version 2 that excepts the bucket from a policy."""
    match = {"policies": [policy], "targets": ["urn:pulumi:dev::shop::demo:index:Bucket::logs"]}
    document = {"version": 2, "exceptions": {"EXC-1": {"reason": "because", "match": [match]}}}
    file.write_text(json.dumps(document))


def has_exceptions(pulumi: Pulumi) -> bool:
    """Whether this CLI knows policy exceptions; one that does not refuses their file."""
    return tuple(map(int, pulumi.version.split("."))) >= (3, 274, 0)


def made(stack: GovernedStack) -> bool:
    """Whether the bucket is there."""
    return "demo:index:Bucket" in stack.plain.must("pulumi stack export --stack dev")


@pytest.mark.parametrize(
    "line",
    [
        f"{UPDATE} --policy-pack-config {FOR_GUARD}",
        f"pulumi up --yes --non-interactive --stack dev --policy-pack-config={FOR_GUARD}",
        f"PULUMI_OPTION_POLICY_PACK_CONFIG={FOR_GUARD} {UPDATE}",
        f"packreg run -- sh -c 'PULUMI_OPTION_POLICY_PACK_CONFIG={FOR_GUARD} {UPDATE}'",
        f"cd / && pulumi -C $OLDPWD {UPDATE.removeprefix('pulumi')} --policy-pack-config {FOR_GUARD}",
    ],
)
def test_exceptions_for_the_guard_stop_the_run_before_the_first_resource(
    stack: GovernedStack, each_pulumi: Pulumi, line: str
) -> None:
    """A stack's owner gives the CLI exceptions for the guard: nothing is made, and waivers are named."""
    code, output = stack.run(line)
    assert code != 0
    assert not made(stack)
    if has_exceptions(each_pulumi):
        assert "policy exceptions" in output
        assert FOR_GUARD in output
        assert "packreg waiver add" in output
        assert "Policies:" not in output


def test_exceptions_that_the_guard_cannot_read_make_nothing(
    stack: GovernedStack, each_pulumi: Pulumi
) -> None:
    """They come through a descriptor of the CLI's: the update makes nothing, the preview ends badly."""
    words = f"--policy-pack-config /dev/fd/5 5<{FOR_GUARD}"
    code, output = stack.run(f"{UPDATE} {words}")
    assert code != 0
    assert not made(stack)
    if not has_exceptions(each_pulumi):
        return
    assert "demo:index:Bucket: logs is denied, and was not created" in output
    assert "[mandatory]  rules@1.0.0 deny_open: open to all" in output
    code, output = stack.preview(words)
    assert code != 0
    assert "exempted" in policies(output)["rules@v1.0.0"]
    assert_denied_once(output)
    assert "policy exceptions of the Pulumi CLI do not count here" in output

    stack.write(logs=PRIVATE)
    code, output = stack.run(f"{UPDATE} {words}")
    assert (code, made(stack)) == (0, True), "what violates nothing needs no exception"


def test_exceptions_that_are_gone_when_the_guard_looks_let_no_run_end_well(
    stack: GovernedStack, each_pulumi: Pulumi
) -> None:
    """The CLI has read the file before it starts the guard, and it is another one by then: still exit 1."""
    swaps = stack.shell.directory / "swaps"
    guard = stack.shell.environment["PULUMI_OPTION_POLICY_PACK"]
    swaps.write_text(f'#!/bin/sh\ncp {NOTHING} {FOR_GUARD}\nexec "{guard}" "$@"\n')
    swaps.chmod(0o755)
    options = {"PULUMI_OPTION_POLICY_PACK": str(swaps)}
    before = len(stack.reports("update"))
    code, output = stack.run(f"{UPDATE} --policy-pack-config {FOR_GUARD}", **options)
    assert code != 0
    if has_exceptions(each_pulumi):
        assert "exempted" in policies(output)["rules@v1.0.0"]
        assert_denied_once(output)
        reports = stack.reports("update")
        assert (len(reports) - before, reports[0].verdict) == (1, "denied")


def assert_denied_once(output: str) -> None:
    """What to do next stands under Diagnostics of the run, and once."""
    diagnostics = output.rpartition("\nDiagnostics:\n")[2]
    assert diagnostics.count("organization/shop/dev is denied, by mandatory policies:") == 1
    assert "rules@1.0.0 deny_open: demo:index:Bucket: logs" in diagnostics
    assert (
        "packreg waiver request --stack organization/shop/dev --policy rules:deny_open --urn " in diagnostics
    )


def test_the_way_that_the_guard_names_is_one(stack: GovernedStack) -> None:
    """Every command that a denied update prints works as typed; what an owner adds then lets it pass."""
    code, output = stack.up()
    assert code != 0
    assert policies(output)["rules@v1.0.0"].startswith("❌\n- [mandatory]  deny_open")
    assert_denied_once(output)
    denied = output.rpartition("is denied, by mandatory policies:")[2]
    assert "1 of 1 policy failed, 0 passed" in denied
    printed = [line.strip() for line in denied.splitlines() if line.strip().startswith("packreg ")]
    answers = {line.split()[1]: stack.plain.must(line) for line in printed}
    assert answers.keys() == {"waiver", "why"}
    assert "rules@1.0.0" in answers["why"]
    add = next(line for line in answers["waiver"].splitlines() if line.startswith("packreg waiver add "))
    added = json.loads(stack.plain.answer(f"{add} --json")[1])
    try:
        code, output = stack.preview()
        assert code == 0
        assert "is denied" not in output
    finally:
        for change in stack.plain.must("packreg waiver ls").splitlines():
            stack.plain.run(f"packreg waiver rm {shlex.split(change)[0]}")
    assert added


def test_exceptions_for_a_users_own_pack_are_the_users(stack: GovernedStack, each_pulumi: Pulumi) -> None:
    """A local pack's exceptions count as the CLI has them; the guard goes on, and denies in its own way."""
    directory = stack.shell.directory
    write_pack(directory.parent / "mine", MINE)
    write_exceptions(directory / "mine.json", "deny_ownerless")
    words = f"--policy-pack ../mine --policy-pack-config {NOTHING} --policy-pack-config mine.json"
    if not has_exceptions(each_pulumi):
        (directory / "mine.json").write_text('{"all": "advisory"}')
    stack.write(logs={**PRIVATE, "owner": "nobody"})
    code, output = stack.preview(words)
    assert code == 0
    assert "deny_ownerless" in policies(output)["mine@v1.0.0"]
    stack.write(logs={**OPEN, "owner": "nobody"})
    code, output = stack.run(f"{UPDATE} {words}")
    assert code != 0
    assert policies(output)["rules@v1.0.0"].startswith("❌\n- [mandatory]  deny_open"), "and no error"
    assert not made(stack)


@pytest.mark.parametrize("when", ["before the CLI", "after the CLI"])
def test_a_process_beside_the_cli_does_not_choose_the_stack(
    stack: GovernedStack, tmp_path: Path, when: str
) -> None:
    """It finds the port and names a stack that nothing is required of: the run ends, and nothing passes."""
    mark = tmp_path / "called"
    provider = tmp_path / "patient"
    provider.mkdir()
    (provider / "provider.py").write_text(PATIENT.format(mark=str(mark)))
    start = provider / "pulumi-resource-demo"
    root = Path(demo_provider.__file__).parent.parent.parent
    start.write_text(
        f'#!/bin/sh\nPYTHONPATH="{root}" exec "{sys.executable}" "{provider}/provider.py" "$@"\n'
    )
    start.chmod(0o755)
    (tmp_path / "stranger.py").write_text(STRANGER)
    guard = stack.shell.environment["PULUMI_OPTION_POLICY_PACK"]
    calls = f'"{sys.executable}" "{tmp_path}/stranger.py" $port 2>"{tmp_path}/told"; touch "{mark}"'
    # the guard writes a line of its own when the CLI has told it the stack and asks who it is
    tell = (
        f"{calls}; echo $port" if when == "before the CLI" else f"echo $port; read line; {calls}; echo $line"
    )
    beside = tmp_path / "beside"
    beside.write_text(f'#!/bin/sh\n"{guard}" "$@" | {{ read port; {tell}; exec cat; }}\n')
    beside.chmod(0o755)
    path = f"{provider}:{stack.shell.environment['PATH']}"
    code, output = stack.preview(PULUMI_OPTION_POLICY_PACK=str(beside), PATH=path)
    assert code != 0
    assert "only the program that started it may" in output
    assert "process " in (tmp_path / "told").read_text()
