"""The guard speaks for its packs, and stops whatever they could not judge."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from packreg.analyzer.evaluation import PackToRun
from packreg.analyzer.program import Stack
from packreg.analyzer.protocol.encode import encode_configuration, encode_resource
from packreg.errors import Problem, StoreUnavailable
from packreg.groups.decision import Unavailable
from packreg.groups.model import Waiver
from packreg.guard.exceptions import NO_EXCEPTIONS, Exceptions
from packreg.guard.guard import Guard, Stopped
from packreg.services.pack_programs import configured
from tests.analyzer.packs import program
from tests.guard.cli import Cli, Office, bucket, pack, shown, urn

WAIVER = Waiver(
    "w1", "b-own", "no-secrets", "*/*", "ada", "until the move", "2999-01-01T00:00:00Z", "", urn("waived")
)
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "correct horse"}
OWN = """
    from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy
    import os, pulumi

    def no_secrets(args, report):
        if "password" in args.props:
            report(f"{args.name} has {args.props['password']} and {pulumi.Config('shop').get('token')}")

    def encrypted(args):
        if args.props.get("encrypted") is True and "by" not in args.props:
            return {**args.props, "by": os.environ.get("WHO", "nobody")}

    def fragile(args, report):
        if args.props.get("raise"):
            raise ValueError(f"cannot read {args.props['raise']}")
        if args.props.get("crash"):
            os._exit(7)

    PolicyPack("own", policies=[
        ResourceValidationPolicy("no-secrets", "None.", no_secrets, EnforcementLevel.MANDATORY),
        ResourceValidationPolicy("by", "Says who.", enforcement_level=EnforcementLevel.REMEDIATE,
                                 remediate=encrypted),
        ResourceValidationPolicy("fragile", "Breaks.", fragile, EnforcementLevel.MANDATORY),
    ])
"""


class Shop:
    """A stack that must run `a-kinds` and `b-own`, in a guard of its own."""

    def __init__(self, kinds: Path, python: Path, top: Path) -> None:
        self.kinds, self.python, self.top = kinds, python, top

    def packs(self, stack: Stack) -> list[PackToRun]:
        """Both packs, in an order that is not that of their names."""
        return [self.own(stack), self.of_every_kind(stack)]

    def own(self, stack: Stack) -> PackToRun:
        """The pack above."""
        return pack(self.top / "b-own", OWN, self.python, stack)

    def of_every_kind(self, stack: Stack) -> PackToRun:
        """The fixture."""
        return PackToRun(program(self.kinds, stack=stack), configured(), "2.1.0", "a-kinds")


@pytest.fixture(scope="module")
def shop(kinds: Path, python: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The packs of these tests."""
    return Shop(kinds, python, tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def office(shop: Shop) -> Office:
    """What the guard of these tests asks."""
    return requiring_both(shop)


def requiring_both(shop: Shop) -> Office:
    """Requires both packs, and waives one policy on resources called `waived`."""
    return Office(
        shop.packs,
        waivers=[WAIVER],
        secrets=frozenset({"tell nobody"}),
    )


@pytest.fixture(scope="module")
def cli(office: Office) -> Iterator[Cli]:
    """A preview under way."""
    begun = preview(office)
    yield begun
    begun.guard.close()


def preview(office: Office) -> Cli:
    """A preview that begins."""
    config = {"shop:token": "tok-123456", "shop:size": "small size"}
    return Cli(office.guard(), config=config, secret_keys=("shop:token",), tags={"stage": "beta"})


def test_every_pack_answers_by_its_own_name_and_version(cli: Cli) -> None:
    """Diagnostics of two packs come as one answer, each with its release's name and version and its level."""
    _, found = cli.judge(bucket("logs", acl="public", encrypted=True, password="x"))
    assert ("a-kinds@2.1.0", "private", "mandatory", "logs has the access list 'public'.") in shown(found)
    assert ("a-kinds@2.1.0", "owned", "advisory", "logs has no owner.") in shown(found)
    assert [each[:3] for each in shown(found) if each[0] != "a-kinds@2.1.0"] == [
        ("b-own@1.0.0", "no-secrets", "mandatory")
    ]
    assert {each.policy_name: each.severity for each in found}["private"] == 3, "severity is the policy's own"


def test_packs_remediate_in_the_order_of_their_names(cli: Cli) -> None:
    """The second pack remediates what the first has made of the resource."""
    properties, _ = cli.judge(bucket("plain", acl="private", owner="ada"))
    assert properties["encrypted"] is True
    assert properties["tags"] == {"managed": "yes"}
    assert properties["by"] == "nobody", "the pack sees its stack, and not the guard's own environment"


def test_a_waived_violation_is_advisory_and_says_whose_it_is(cli: Cli) -> None:
    """The CLI goes on, and the user reads who answers for it until when and why."""
    _, found = cli.judge(bucket("waived", acl="private", owner="ada", password="x"))
    [own] = [each for each in shown(found) if each[1] == "no-secrets"]
    assert own[2:] == ("advisory", "(waived by ada until 2999-01-01T00:00:00Z: until the move)")


def test_known_secrets_are_not_shown(cli: Cli) -> None:
    """Secrets of the stack's configuration and of the resource are replaced in what packs say."""
    _, found = cli.judge(bucket("vault", acl="private", owner="ada", password=SECRET))
    [own] = [each for each in shown(found) if each[1] == "no-secrets"]
    assert own[3] == "vault has [secret] and [secret]"


def test_a_stack_policy_speaks_of_the_resource_it_names(office: Office) -> None:
    """Diagnostics of stack policies keep their resource, and tags of the stack reach the packs."""
    begun = preview(office)
    found = begun.judge_stack(*[bucket(name, bucketName=name) for name in ("one", "two", "three")])
    assert shown(found) == [("a-kinds@2.1.0", "few", "advisory", "There are 3 resources; stage beta.")]
    begun.guard.close()

    begun = preview(office)
    with pytest.raises(Stopped) as stopped:
        begun.judge_stack(*[bucket(name, bucketName="same") for name in ("one", "two", "three")])
    begun.guard.close()
    lines = str(stopped.value).splitlines()
    for name in ("one", "two", "three"):
        place = f"(demo:index:Bucket: {name})"
        said = f"Names are unique. {name} shares its name."
        assert f"  [mandatory]  a-kinds@2.1.0 unique  {place}: {said}" in lines
    assert any(
        "[advisory]  a-kinds@2.1.0 few" in line and "3 resources; stage beta." in line for line in lines
    )


def test_a_run_leaves_its_findings(shop: Shop) -> None:
    """What was judged is in one report, with waived findings as they were and without secrets."""
    office = requiring_both(shop)
    begun = preview(office)
    judged = [
        bucket("logs", acl="public", encrypted=True, password="x"),
        bucket("plain", acl="private", owner="ada"),
        bucket("waived", acl="private", owner="ada", password="x"),
        bucket("vault", acl="private", owner="ada", password=SECRET),
    ]
    for resource in judged:
        begun.judge(resource)
    with pytest.raises(Stopped):
        begun.judge_stack(*judged)
    begun.guard.close()
    [run] = office.kept
    assert [found.pack for found in run.evaluation.packs] == ["a-kinds", "b-own"]
    own = run.evaluation.packs[1]
    texts = {violation.urn: violation.message for violation in own.violations}
    assert set(texts) == {urn("logs"), urn("waived"), urn("vault")}
    assert all(violation.level == "mandatory" for violation in own.violations)
    assert "correct horse" not in repr(run.evaluation)
    assert "tok-123456" not in repr(run.evaluation)
    assert {each.policy for each in run.evaluation.remediations} == {"tagged", "encrypt", "by"}
    assert run.evaluation.is_complete


def test_what_the_guard_says_of_itself_lists_no_policies(cli: Cli, office: Office) -> None:
    """It takes no configuration of its own, an empty one apart, which the CLI may have to be given."""
    info = cli.guard.info()
    assert (info.name, info.version, info.supports_config, list(info.policies)) == (
        "packreg",
        "0.5.0",
        True,
        [],
    )
    cli.guard.configure(b"")
    with pytest.raises(Stopped, match="configured in their policy groups"):
        cli.guard.configure(encode_configuration({"private": {"enforcementLevel": "DISABLED"}}))


@pytest.fixture
def guards() -> Iterator[list[Guard]]:
    """Guards to be closed."""
    made: list[Guard] = []
    yield made
    for guard in made:
        guard.close()


def test_a_policy_that_raises_stops_the_deployment_or_is_shown(shop: Shop, guards: list[Guard]) -> None:
    """The message names pack, policy and error; if the operator wills, it passes, shown as advisory."""
    office = Office(lambda stack: [shop.own(stack)])
    closed, opened = office.guard(), office.guard(fail_open="the operator")
    guards += [closed, opened]
    with pytest.raises(Stopped) as stopped:
        Cli(closed).judge(bucket("odd", **{"raise": "this"}))
    assert f"b-own@1.0.0 could not judge {urn('odd')}: its policy fragile: " in str(stopped.value)
    assert "cannot read this" in str(stopped.value)
    assert "FAIL_OPEN" not in str(stopped.value), "it is not offered to whoever is stopped"

    cli = Cli(opened)
    _, found = cli.judge(bucket("odd", **{"raise": "this"}, password="x"))
    assert [each[:3] for each in shown(found)] == [
        ("b-own@1.0.0", "no-secrets", "mandatory"),
        ("packreg@0.5.0", "not-evaluated", "advisory"),
    ], "what could be judged still counts"
    with pytest.raises(Stopped, match=r"b-own@1\.0\.0 no-secrets"):
        cli.judge_stack(bucket("odd"))
    [run] = office.kept
    assert len(run.passed) == 1
    assert [error.policy for error in run.evaluation.errors] == ["fragile"]


def test_a_pack_that_crashes_is_started_again_and_then_stops_the_deployment(
    shop: Shop, guards: list[Guard]
) -> None:
    """What kills a pack twice is an error that says so; the next resource is judged by a new process."""
    office = Office(lambda stack: [shop.own(stack)])
    guards.append(guard := office.guard())
    cli = Cli(guard)
    with pytest.raises(Stopped, match=r"b-own@1\.0\.0 could not judge .*bad.*status 7"):
        cli.judge(bucket("bad", crash=True))
    assert cli.judge(bucket("good"))[1] == []


def test_packs_that_do_not_run_stop_the_first_question(
    shop: Shop, guards: list[Guard], tmp_path: Path
) -> None:
    """All of them are named, each with its reason; if the operator wills they pass, said once."""
    sources = {"empty": "import pulumi_policy\n", "torn": "import nothing_like_it\n"}

    def packs(stack: Stack) -> list[PackToRun]:
        broken = [pack(tmp_path / name, source, shop.python, stack) for name, source in sources.items()]
        return [*broken, shop.own(stack)]

    office = Office(packs)
    guards += [office.guard(), office.guard(fail_open="the operator")]
    cli = Cli(guards[0])
    cli.guard.info()
    with pytest.raises(Stopped) as stopped:
        cli.judge(bucket("logs"))
    assert "empty@1.0.0 does not run: empty ended without making a PolicyPack" in str(stopped.value)
    assert "hint: its program must call PolicyPack(...)" in str(stopped.value)
    assert "torn@1.0.0 does not run" in str(stopped.value)
    assert "nothing_like_it" in str(stopped.value)

    cli = Cli(guards[1])
    first, second = cli.judge(bucket("logs"))[1], cli.judge(bucket("more", password="x"))[1]
    assert {each[:3] for each in shown(first)} == {("packreg@0.5.0", "not-evaluated", "advisory")}
    assert [each[0] for each in shown(second)] == ["b-own@1.0.0"]
    with pytest.raises(Stopped, match="is denied"):
        cli.judge_stack()
    assert sorted(each.pack for each in office.kept[-1].evaluation.errors) == ["empty", "torn"]


def test_what_cannot_be_known_or_had_stops_before_anything_runs(guards: list[Guard]) -> None:
    """A registry that does not answer and a pack that was removed are errors of the first call."""
    gone = Problem("version-removed", "guard@1.0.0 was removed", "group everyone", "name another version")
    offices = {
        "what organization/shop/dev must run is not known: no answer": Office(
            error=StoreUnavailable("no answer")
        ),
        "guard: group everyone: guard@1.0.0 was removed\nhint: name another version": Office(
            unavailable=[Unavailable("guard", "1.0.0", gone)]
        ),
    }
    for message, office in offices.items():
        guards += [office.guard(), office.guard(fail_open="the operator")]
        with pytest.raises(Stopped) as stopped:
            Cli(guards[-2]).guard.info()
        assert str(stopped.value).startswith(message)
        cli = Cli(guards[-1])
        cli.guard.info()
        [found] = cli.judge(bucket("logs"))[1]
        assert message in found.message
        assert cli.judge_stack() == []
        assert office.kept[0].passed
        assert not office.kept[0].evaluation.is_complete


def test_nothing_required_is_said(guards: list[Guard]) -> None:
    """A stack without packs passes, with one line that says so."""
    office = Office()
    guards.append(office.guard())
    cli = Cli(guards[0])
    cli.guard.info()
    assert cli.judge(bucket("logs", acl="public"))[1] == []
    assert office.said == [
        "organization/shop/dev: no pack is enabled in everyone; no policy pack is enforced"
    ]


def test_groups_that_may_miss_the_stack_are_named(guards: list[Guard]) -> None:
    """Where the CLI tells no tags, the user reads which groups go by them."""
    office = Office(unseen=("by-tag",))
    guards.append(office.guard())
    Cli(guards[0]).guard.info()
    assert office.said[1:] == [
        "warning: by-tag may have this stack as a member by its tags, but the CLI sent no tags"
    ]


def test_a_command_that_names_no_stack_is_refused(guards: list[Guard]) -> None:
    """`pulumi policy analyze` says no stack, so nobody knows what must run."""
    guards.append(Office().guard())
    with pytest.raises(Stopped, match="does not say which stack"):
        guards[0].info()
    with pytest.raises(Stopped, match="does not say which stack"):
        guards[0].analyze(encode_resource(bucket("logs")))
    with pytest.raises(Stopped, match="cannot be read"):
        Cli(Office().guard()).guard.analyze(b"\xff")


def test_a_run_with_a_violation_that_nobody_waived_never_ends_well(shop: Shop, guards: list[Guard]) -> None:
    """Whatever the CLI makes of a diagnostic, AnalyzeStack fails: it says what was denied and what to do."""
    office = requiring_both(shop)
    for judged, denied in ((("waived",), False), (("waived", "logs"), True)):
        cli = preview(office)
        guards.append(cli.guard)
        resources = [bucket(name, acl="private", owner="ada", password="x") for name in judged]
        for resource in resources:
            cli.judge(resource)
        if not denied:
            assert [each for each in shown(cli.judge_stack(*resources)) if each[2] != "advisory"] == []
            assert office.said[-1].startswith("organization/shop/dev: 0 of 10 policies failed, 5 passed")
            continue
        with pytest.raises(Stopped) as stopped:
            cli.judge_stack(*resources)
        text = str(stopped.value)
        assert text.startswith("organization/shop/dev is denied, by mandatory policies:\n")
        assert "\n  b-own@1.0.0 no-secrets: demo:index:Bucket: logs\n" in text, "and not `waived`"
        asked = "packreg waiver request --stack organization/shop/dev --policy b-own:no-secrets "
        assert f"      {asked}--urn {urn('logs')} --reason WHY\n" in text
        assert "      packreg why organization/shop/dev --pack b-own\n" in text
        assert text.splitlines()[-1].startswith("1 of 10 policies failed, 5 passed, 3 remediated")
        assert "FAIL_OPEN" not in text


def test_what_the_cli_may_exempt_is_not_made(shop: Shop, guards: list[Guard]) -> None:
    """An update whose configuration is not known stops at a violation; any other run shows it."""
    office = requiring_both(shop)
    unsure = Exceptions(unsure="the configuration c.json cannot be read")
    bad = bucket("logs", acl="private", owner="ada", password="x")
    for dry_run, exceptions in ((True, unsure), (False, NO_EXCEPTIONS), (False, unsure)):
        guards.append(office.guard())
        cli = Cli(guards[-1], dry_run=dry_run, exceptions=exceptions)
        if dry_run or not exceptions.unsure:
            assert "mandatory" in [each[2] for each in shown(cli.judge(bad)[1])]
            continue
        assert cli.judge(bucket("waived", acl="private", owner="ada", password="x"))[1]
        with pytest.raises(Stopped) as stopped:
            cli.judge(bad)
        text = str(stopped.value)
        assert text.startswith(
            "demo:index:Bucket: logs is denied, and was not created:\n  [mandatory]  b-own@1.0.0"
        )
        assert "c.json cannot be read" in text


def test_exceptions_for_the_guard_end_the_run_before_it_begins(guards: list[Guard]) -> None:
    """Every call says that they are there and what stands for them; failing open changes nothing."""
    guards.append(guard := Office().guard(fail_open=True))
    stack = Stack("dev", "shop", "organization", dry_run=True)
    with pytest.raises(Stopped, match=r"c\.json holds some"):
        guard.configure_stack(stack, Exceptions(found="c.json holds some"))
    for call in (guard.info, lambda: guard.configure(b""), lambda: guard.analyze_stack(b"")):
        with pytest.raises(Stopped, match=r"c\.json holds some"):
            call()


def test_the_first_stack_binds(guards: list[Guard]) -> None:
    """The same one again is fine; another one ends the run, and nothing passes from then on."""
    guards.append(guard := Office().guard())
    cli = Cli(guard)
    guard.configure_stack(Stack("dev", "shop", "organization", dry_run=True))
    assert cli.judge(bucket("logs"))[1] == []
    with pytest.raises(Stopped, match="and then about another"):
        guard.configure_stack(Stack("sandbox", "shop", "organization", dry_run=True))
    request = encode_resource(bucket("more"))
    calls = (guard.info, lambda: guard.remediate(request), lambda: guard.analyze(request), cli.judge_stack)
    for call in calls:
        with pytest.raises(Stopped, match="and then about another"):
            call()
    with pytest.raises(Stopped):
        guard.configure_stack(Stack("dev", "shop", "organization", dry_run=True))


def test_a_run_that_was_broken_off_leaves_no_pass(guards: list[Guard]) -> None:
    """Its report says why, and is no "allowed"."""
    office = Office()
    guards.append(guard := office.guard())
    Cli(guard).judge(bucket("logs"))
    guard.break_off("process 7 called it")
    guard.close()
    [run] = office.kept
    assert [(note.code, note.message) for note in run.notes] == [("broken-off", "process 7 called it")]
    assert not run.evaluation.is_complete


SLOW = """
    import time
    from pulumi_policy import PolicyPack, ResourceValidationPolicy

    PolicyPack("slow", policies=[
        ResourceValidationPolicy("slow", "Slow.", lambda args, report: time.sleep(600))
    ])
"""


def test_the_end_breaks_off_what_is_under_way_and_leaves_a_report(
    shop: Shop, guards: list[Guard], tmp_path: Path
) -> None:
    """A question that is being judged ends with an error, and the report says that the run was cut short."""
    office = Office(lambda stack: [pack(tmp_path / "slow", SLOW, shop.python, stack)])
    guards.append(guard := office.guard())
    cli = Cli(guard)
    ended: list[str] = []

    def ask() -> None:
        try:
            cli.judge(bucket("logs"))
        except Stopped as stopped:
            ended.append(str(stopped))

    asking = threading.Thread(target=ask)
    asking.start()
    while guard._seen.size == 0 or guard._running is None or not guard._running.asked("Analyze"):
        time.sleep(0.01)
    guard.close()
    asking.join(30)
    assert len(ended) == 1
    [run] = office.kept
    assert "interrupted" in [error.code for error in run.evaluation.errors]
