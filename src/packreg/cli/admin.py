"""`init`, `yank`, `remove`, `verify`, `transferred` and `gc`: looking after a registry."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from packreg.cli.base import PULUMIS, REFERENCE, command, with_version
from packreg.errors import IntegrityError, UsageError
from packreg.pack.reference import Reference
from packreg.services.continuity import NEW, check_nothing_known, made_here
from packreg.services.continuity import accept as accept_state
from packreg.services.governance import create_governance
from packreg.services.verify import verify, verify_json
from packreg.services.withdrawal import remove, restore, yank
from packreg.text import human_size

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.pack.reference import Reference
    from packreg.services.withdrawal import Withdrawal


@command(
    "init", examples=("packreg --registry s3://policies/packs init", "packreg init --role replica --json")
)
@click.option(
    "--role",
    type=click.Choice(["home", "replica"]),
    default="home",
    show_default=True,
    help="A home is published to; a replica is read only, and filled by the store's replication.",
)
@click.option(
    "--accept",
    metavar="DIGEST",
    help="Accept another state of a known registry: first digits of its newest revision's digest, or 'new'.",
)
@click.pass_obj
def init_command(context: CommandContext, role: str, accept: str | None) -> None:
    """Create the registry and prove that its store is safe.

    The probe creates objects twice and checks that the store refuses the second time. A home registry gets
    the default policy groups, which have everyone as members. A registry that is already there is left as it
    is.

    If this machine remembers another registry or another history here, the command stops. --accept DIGEST
    makes it trust the state that is there now; --accept new creates a new registry.
    """
    if accept not in (None, NEW):
        accept_state(context, str(accept))
    elif accept is None and context.registry().settings() is None:
        check_nothing_known(context)
    done = context.registry().init("replica" if role == "replica" else "home")
    settings = done.settings
    groups = sorted(create_governance(context).groups) if settings.role == "home" else []
    if not done.already:
        made_here(context)
    if context.out.json:
        context.out.document(
            {
                "url": context.location.url,
                "id": settings.id,
                "role": settings.role,
                "created": settings.created,
                "already": done.already,
                "facts": dict(settings.facts),
                "groups": groups,
            }
        )
        return
    what = "the registry" if settings.role == "home" else "the replica"
    context.out.line(
        f"{what} in {context.place} was there already"
        if done.already
        else f"created {what} in {context.place}"
    )
    for fact, value in settings.facts.items():
        context.out.detail(f"{fact}: {value}")
    for group in groups:
        context.out.detail(f"policy group: {group}")


@command(
    "yank",
    examples=(
        "packreg yank s3-rules@1.2.0 --reason 'blocks every bucket'",
        "packreg yank s3-rules@1.2.0 --undo",
    ),
)
@click.argument("reference", metavar="NAME@VERSION", type=REFERENCE)
@click.option("--reason", default="", help="Why; shown to everybody who pins the version.")
@click.option("--undo", is_flag=True, help="Take the yank back.")
@click.option(
    "--yes", "-y", is_flag=True, help="Do not ask, even if it leaves a policy group without a version."
)
@click.pass_obj
def yank_command(context: CommandContext, reference: Reference, reason: str, undo: bool, yes: bool) -> None:
    """Hide a version from 'latest' and ranges, or undo that.

    Whoever names the version exactly still gets it, with a warning and the reason. The command names the
    policy groups that pin it, and needs --yes for the last version that a group's 'latest' or range could
    mean.
    """
    if undo:
        _show(context, restore(context, reference, reason))
    else:
        _show(context, yank(context, reference, reason, yes=yes))


@command("remove", examples=("packreg remove s3-rules@1.2.0 --yes --reason 'holds a secret'",))
@click.argument("text", metavar="NAME@VERSION", type=PULUMIS)
@click.argument("version", metavar="[VERSION]", required=False)
@click.option("--reason", default="", help="Why; shown to everybody who asks for it.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def remove_command(context: CommandContext, text: str, version: str | None, reason: str, yes: bool) -> None:
    """Delete a release for good; its version stays used.

    As in `pulumi policy rm`, name and version may be two words, and an organization may stand before them.
    All versions are never removed at once.

    To take a faulty release out of circulation, yank it: that can be undone, and pinned installs keep
    working. The command names the policy groups that use the version before it deletes it.
    """
    if version == "all":
        raise UsageError(
            "a pack is removed version by version",
            hint=f"`packreg versions {text.partition('@')[0]}` lists them",
        )
    reference = Reference.parse(with_version(text, version))
    _show(context, remove(context, reference, reason, yes=yes))


def _show(context: CommandContext, done: Withdrawal) -> None:
    if context.out.json:
        context.out.document(done.as_json())
        return
    changed = done.changed
    for loss in done.losses:
        goes_on = changed.state == "yanked" and loss.effect == "pinned"
        context.out.warn(f"{loss.group} pins it, and goes on running it" if goes_on else str(loss))
    word = "is already" if changed.already else "is now"
    context.out.line(f"{changed.name}@{changed.version} {word} {changed.state}")
    context.out.say(f"reason: {changed.notice}" if changed.notice.by else changed.notice.reason)


@command("verify", examples=("packreg verify", "packreg verify s3-rules@1.2.0 --json"))
@click.argument("reference", metavar="[REF]", required=False, type=REFERENCE)
@click.pass_obj
def verify_command(context: CommandContext, reference: Reference | None) -> int:
    """Read records, bundles and reports again and prove every digest.

    Without REF it verifies the whole registry, with a bare name all versions of the pack. Nothing is taken
    from a cache. Every report has to be entered in its chain, and times have to agree with one another and
    with those of the store, if it has any of its own. Exit code 8 if anything is wrong.
    """
    findings = []
    with context.out.working(None, "verifying") as work:
        for finding in verify(context, reference):
            findings.append(finding)
            work.done()
            if not context.out.json and finding.level != "ok":
                context.out.judged(f"{finding.level}: {finding.subject}: {finding.message} [{finding.code}]")
            elif not context.out.json:
                context.out.detail(f"ok: {finding.subject}")
    wrong = sum(finding.level == "error" for finding in findings)
    if context.out.json:
        context.out.document(verify_json(findings))
    else:
        fine = sum(finding.level == "ok" for finding in findings)
        context.out.line(
            f"{fine} ok, {wrong} wrong" if findings else "nothing to verify: the registry is empty"
        )
    if reference is None and not context.store.own_times:
        context.out.say("a directory has no times of its own: those in objects were compared with no others")
    return IntegrityError.exit_code if wrong else 0


@command("transferred", examples=("packreg transferred --reason 'restored from the backup of 1 June'",))
@click.option("--reason", required=True, help="What was done; kept with your name.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def transferred_command(context: CommandContext, reason: str, yes: bool) -> None:
    """Record that the registry was copied or restored.

    After a copy, the store's own times are those of the copy. The times that it gave until now are no longer
    compared with the times in objects; those of later objects are.
    """
    context.registry().home()
    context.confirmed(f"comparing no times that {context.place} gave until now", yes)
    made = context.registry().times.transferred(
        by=context.author(), reason=reason, now=context.precisely_now, attempt_id=context.new_id()
    )
    if context.out.json:
        context.out.document(made._asdict())
        return
    context.out.line(f"transfer {made.number}, {made.at}, {made.by}: {made.reason}")


@command("gc", examples=("packreg gc", "packreg gc --yes --json"))
@click.option("--yes", "-y", is_flag=True, help="Delete; without it, only say what would be deleted.")
@click.pass_obj
def gc_command(context: CommandContext, yes: bool) -> None:
    """Delete what crashed publishers and removals left behind.

    Without --yes nothing is deleted. Bundles of versions that were never published are kept for 30 days.
    """
    registry = context.registry()
    now = time.time()
    garbage = registry.gc(now)
    collected = list(registry.collect(garbage)) if yes else garbage
    swept = registry.sweep(now) if yes else 0
    if context.out.json:
        document = {"deleted": yes, "garbage": [piece._asdict() for piece in collected], "swept": swept}
        context.out.document(document)
        return
    context.out.table(
        ["key", "size", "reason"], [[piece.key, human_size(piece.size), piece.reason] for piece in collected]
    )
    total = human_size(sum(piece.size for piece in collected))
    if yes:
        context.out.say(f"deleted {len(collected)} objects, {total}, and {swept} temporary files")
    elif collected:
        context.out.say(f"{len(collected)} objects, {total}, would be deleted; delete them with --yes")
    else:
        context.out.say("nothing to delete")
