"""`list`, `versions`, `info` and `search`: what a registry holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from packreg.cli.base import NAME, REFERENCE, command
from packreg.cli.output import human_size
from packreg.cli.policy_table import policy_rows
from packreg.errors import NotFound

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.pack.reference import Reference
    from packreg.registry.maintenance import Standing
    from packreg.registry.record import Record

AT_ONCE = 16


@command("list", examples=("packreg list", "packreg list --latest --json"))
@click.option("--latest", is_flag=True, help="With the latest version of each pack (one listing per pack).")
@click.pass_obj
def list_command(context: CommandContext, latest: bool) -> None:
    """List the packs of the registry."""
    names = context.registry().packs()
    if not latest:
        if context.out.json:
            context.out.document([{"name": name} for name in names])
        else:
            context.out.table(["name"], [[name] for name in names])
    else:
        newest = context.at_once(AT_ONCE, lambda name: _latest(context, name), names)
        if context.out.json:
            pairs = zip(names, newest, strict=True)
            context.out.document([{"name": name, "latest": version} for name, version in pairs])
        else:
            context.out.table(["name", "latest"], [[n, v or "-"] for n, v in zip(names, newest, strict=True)])
    if not names:
        context.out.say(f"no packs in {context.place}")


@command("versions", examples=("packreg versions s3-rules", "packreg versions s3-rules --json"))
@click.argument("name", type=NAME)
@click.pass_obj
def versions_command(context: CommandContext, name: str) -> None:
    """List the versions of a pack.

    Lowest first, also the yanked and removed ones.
    """
    listing = context.registry().versions(name)
    if not listing.by_version:
        raise NotFound(
            f"there is no pack {name!r} in this registry", hint="`packreg list` shows what there is"
        )
    latest = _latest_of(listing)
    if context.out.json:
        context.out.document(
            {
                "name": name,
                "latest": latest,
                "versions": [{"version": str(r.version), "state": r.state} for r in listing.releases],
            }
        )
        return
    context.out.table(
        ["version", "state"],
        [[r.version, "latest" if str(r.version) == latest else r.state] for r in listing.releases],
    )


@command("info", examples=("packreg info s3-rules", "packreg info s3-rules@1.2.0 --json"))
@click.argument("reference", metavar="REF", type=REFERENCE)
@click.pass_obj
def info_command(context: CommandContext, reference: Reference) -> None:
    """Show what the registry knows about a release.

    Its manifest, policies, digests and dependencies, who published it from what, and whether it was yanked or
    removed. A policy's level is the one that it has without configuration.
    """
    registry = context.registry()
    record = registry.resolve(reference, warn=False).record
    standing = registry.standing(record.name, record.version)
    if context.out.json:
        said = {
            state: _said(standing) if standing.state == state else None for state in ("yanked", "removed")
        }
        context.out.document(record.as_json() | said | {"dependencies": dependencies(record)})
        return
    for label, value in _facts(record, standing):
        if label and value:
            context.out.line(f"{label + ':':<14}{value}")
    rows = policy_rows(record.metadata)
    if rows:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        context.out.line(f"{'policies:':<14}{len(rows)}")
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            context.out.line(f"  {'  '.join(cells)}".rstrip())
    locked = dependencies(record)
    if locked:
        context.out.line(
            f"{'dependencies:':<14}{len(locked)} locked by {record.lock.made_by if record.lock else ''}"
        )
        for line in locked:
            context.out.line(f"  {line}")


@command("search", examples=("packreg search encryption", "packreg search s3-rules --json"))
@click.argument("text")
@click.pass_obj
def search_command(context: CommandContext, text: str) -> None:
    """Find packs by name or description.

    Looks at the latest version of each pack; records that were read once are remembered on this machine.
    """
    from packreg.pack.reference import Reference

    registry = context.registry()
    sought = text.casefold()

    def look(name: str) -> dict[str, str] | None:
        try:
            record = registry.resolve(Reference(name, None)).record
        except NotFound:  # nothing but yanked or removed versions
            return None
        description = _description(record)
        title = record.metadata.display_name if record.metadata else ""
        if not any(sought in text.casefold() for text in (name, description, title)):
            return None
        return {"name": name, "version": str(record.version), "description": description}

    found = [hit for hit in context.at_once(AT_ONCE, look, registry.packs()) if hit]
    if context.out.json:
        context.out.document(found)
        return
    context.out.table(["name", "latest", "description"], [list(hit.values()) for hit in found])
    if not found:
        context.out.say(f"no pack has {text!r} in its name or description")


def dependencies(record: Record) -> list[str]:
    """The locked dependencies of a release, as `name==version` or `name@version`, sorted."""
    import json

    if record.lock is None:
        return []
    if record.lock.kind == "requirements":
        lines = (line.partition(" \\")[0].strip() for line in record.lock.text.splitlines())
        return sorted(line for line in lines if line and not line.startswith(("#", "--")))
    try:
        packages: dict[str, Any] = json.loads(record.lock.text).get("packages", {})
        pairs = {
            (path.rpartition("node_modules/")[2], entry["version"])
            for path, entry in packages.items()
            if path
        }
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return []
    return sorted(f"{name}@{version}" for name, version in pairs)


def _said(standing: Standing) -> dict[str, str]:
    """Why, by whom and when a release was yanked or removed."""
    notice = standing.notice
    if notice is None:
        return {"reason": "no reason given", "by": "", "at": ""}
    return {"reason": notice.reason, "by": notice.by, "at": notice.at}


def _description(record: Record) -> str:
    """The manifest's, else the first line of what the running pack said."""
    said = record.metadata.description.strip().partition("\n")[0] if record.metadata else ""
    return str(record.manifest.get("description") or said)


def _facts(record: Record, standing: Standing) -> list[tuple[str, str]]:
    manifest = record.manifest
    source = record.source
    commit = (
        f"{source.commit[:12]}{' with uncommitted changes' if source.dirty else ''}" if source.commit else ""
    )
    return [
        ("name", record.name),
        ("version", str(record.version)),
        ("" if standing.state == "published" else standing.state, str(standing.notice or "no reason given")),
        ("runtime", record.runtime),
        ("description", _description(record)),
        ("author", str(manifest.get("author") or "")),
        ("license", str(manifest.get("license") or "")),
        ("website", str(manifest.get("website") or "")),
        ("digest", record.digest),
        (
            "bundle",
            f"sha256 {record.bundle_sha256}, {human_size(record.bundle_size)}, {record.members} members",
        ),
        ("manifest", f"sha256 {record.manifest_sha256}"),
        ("published", f"{record.published} by {record.publisher} with {record.tool}"),
        ("source", ", ".join(word for word in (source.remote, source.branch, commit) if word)),
        ("notes", "; ".join(record.notes)),
    ]


def _latest(context: CommandContext, name: str) -> str | None:
    return _latest_of(context.registry().versions(name))


def _latest_of(listing: Any) -> str | None:
    try:
        return str(listing.latest().version)
    except NotFound:
        return None
