"""`waiver`: violations that somebody answers for, for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg._version import __version__
from packreg.cli.base import CommandGroup, command
from packreg.cli.edits import show_edit
from packreg.cli.reaching import change_for, dry_run_option, known_entities, yes_option
from packreg.errors import NotFound, Problem, UsageError
from packreg.services.enable import metadata_of
from packreg.services.governance import edit_governance, read_governance

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.groups.model import Governance
    from packreg.pack.metadata import PackInfo

waiver_command = CommandGroup(
    "waiver",
    help="Waivers: violations that somebody answers for, until a day.",
    examples=(
        "packreg waiver add guard:no-public --stack web/prod --expires 30d --reason 'a website'",
        "packreg waiver ls",
    ),
)


@command(
    "add",
    group=waiver_command,
    examples=(
        "packreg waiver add guard:no-public --stack web/prod --expires 30d --reason 'a website'",
        "packreg waiver add guard:no-public --resource '*::site' --expires 2w --reason OPS-1 --owner web",
    ),
)
@click.argument("policy", metavar="PACK:POLICY")
@click.option("--stack", metavar="STACK", help="The stack, [organization/]project/stack; may have globs.")
@click.option("--account", metavar="ACCOUNT", help="The cloud account; may have globs.")
@click.option("--resource", metavar="GLOB", default="", help="Only resources with such a URN or type::name.")
@click.option("--expires", metavar="WHEN", required=True, help="30d, 2w, 12h, or a day such as 2026-12-31.")
@click.option("--reason", metavar="TEXT", required=True, help="Why; shown wherever it counts.")
@click.option("--owner", metavar="NAME", help="Who answers for it.  [default: you, as git knows you]")
@dry_run_option
@yes_option
@click.pass_obj
def add_command(
    context: CommandContext,
    policy: str,
    stack: str | None,
    account: str | None,
    resource: str,
    expires: str,
    reason: str,
    owner: str | None,
    dry_run: bool,
    yes: bool,
) -> None:
    """Waive a policy for a stack, an account or a resource.

    The violation is still shown and counted, and does not deny, until the waiver expires: in a year at the
    latest. A policy that forbids waivers cannot be waived: one that `group settings` lists, or that its pack
    gives the tag 'no-waivers'. As `enable`, it says whom that touches, and asks where it is all.
    """
    from packreg.groups import editing
    from packreg.groups.model import Waiver
    from packreg.groups.reach import waiver_reach
    from packreg.groups.waiving import expiry
    from packreg.pack.version import pack_name
    from packreg.services.clock import new_id, now

    pack, colon, name = policy.partition(":")
    if not colon or not name:
        raise UsageError(f"{policy!r} is not PACK:POLICY", hint="write guard:no-public")
    if any(sign in name for sign in "*?["):
        raise UsageError(
            f"{policy!r} has globs, and a waiver is for one policy",
            hint="write its name; --stack, --account and --resource may have globs",
        )
    if (stack and account) or not (stack or account or resource):
        raise UsageError("a waiver is for a stack, an account or a resource", hint="give one of them")
    created = now()
    waiver = Waiver(
        id=f"w-{new_id()[:8]}",
        pack=pack_name(pack),
        policy=name,
        entity=stack or account or "*/*",
        owner=owner or context.author(),
        reason=reason,
        expires=expiry(expires, created),
        created=created,
        resource=resource,
    )
    base = read_governance(context)
    versions = _versions(context, base, waiver.pack)
    forbidden, warnings = _policies(waiver.pack, name, versions)
    change_for(
        context,
        lambda governance: editing.waive(governance, waiver, forbidden),
        f"waive {waiver.pack}:{name} in {waiver.entity}",
        base,
        waiver_reach(waiver, known_entities(context)),
        warnings,
        dry_run=dry_run,
        yes=yes,
    )


@command("ls", group=waiver_command, examples=("packreg waiver ls", "packreg waiver ls --json"))
@click.pass_obj
def ls_command(context: CommandContext) -> None:
    """List the waivers: the first to expire first, expired ones too."""
    from packreg.enforcement.waivers import SOON
    from packreg.groups.document import waiver_json
    from packreg.groups.waiving import state
    from packreg.services.clock import now

    governance = read_governance(context)
    present = now()
    waivers = sorted(governance.waivers.values(), key=lambda waiver: (waiver.expires, waiver.id))
    states = {waiver.id: state(waiver, present, SOON) for waiver in waivers}
    if context.out.json:
        context.out.document(
            [
                {"id": waiver.id, "state": states[waiver.id], "resource": "", **waiver_json(waiver)}
                for waiver in waivers
            ]
        )
        return
    context.out.table(
        ["id", "policy", "in", "resource", "owner", "expires", "state", "reason"],
        [
            [
                waiver.id,
                f"{waiver.pack}:{waiver.policy}",
                waiver.entity,
                waiver.resource or "every one",
                waiver.owner,
                waiver.expires,
                states[waiver.id],
                waiver.reason,
            ]
            for waiver in waivers
        ],
    )
    for waiver in waivers:
        if states[waiver.id] == "expiring":
            context.out.warn(f"the waiver {waiver.id} of {waiver.owner} expires at {waiver.expires}")


@command("rm", group=waiver_command, examples=("packreg waiver rm w-3f9a2c1b",))
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.pass_obj
def rm_command(context: CommandContext, ids: tuple[str, ...]) -> None:
    """Take waivers back: what they waived denies again."""
    from packreg.groups.editing import unwaive

    def edit(governance: Governance) -> Governance:
        for id in dict.fromkeys(ids):
            governance = unwaive(governance, id)
        return governance

    show_edit(context, edit_governance(context, edit, f"take back {', '.join(ids)}"))


def _versions(context: CommandContext, governance: Governance, pack: str) -> dict[str, PackInfo | None]:
    """What each version that a group could mean says of itself, by `name@version`; else the latest.

    What audits find themselves is found by no pack that is published.

    Raises:
        NotFound: there is no such pack.
    """
    from packreg.findings.past_guard import OWN_PACK, own_info
    from packreg.groups.model import PackEntry
    from packreg.groups.times import NEVER

    if pack == OWN_PACK:
        return {pack: own_info(__version__)}
    entries = [group.packs[pack] for group in governance.groups.values() if pack in group.packs]
    return metadata_of(context, entries or [PackEntry(pack, "latest", NEVER)])


def _policies(
    pack: str, policy: str, versions: dict[str, PackInfo | None]
) -> tuple[frozenset[str], list[Problem]]:
    """The policies that forbid waivers in some version, and what should be known.

    Raises:
        NotFound: no version has such a policy. Where one has no metadata, that cannot be said.
    """
    import difflib

    from packreg.groups.waiving import unwaivable

    known = [info for info in versions.values() if info is not None]
    forbidden = frozenset[str]().union(*(unwaivable(info) for info in known))
    warnings = []
    names = {each.name for info in known for each in info.policies}
    if len(known) == len(versions) and policy not in names:
        close = difflib.get_close_matches(policy, names, n=1)
        hint = (
            f"did you mean {pack}:{close[0]}?" if close else f"its policies: {', '.join(sorted(names)[:20])}"
        )
        raise NotFound(f"{pack} has no policy {policy[:100]!r}", hint=hint)
    if len(known) < len(versions):
        message = f"a version of {pack} has no metadata: which policies it has is not known"
        warnings.append(Problem("no-metadata", message))
    return forbidden, warnings
