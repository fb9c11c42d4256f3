"""`list`, `versions`, `info` and `search`: what a registry holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.base import NAME, REFERENCE, command
from packreg.cli.policy_table import policy_rows
from packreg.services.catalog import (
    description_of,
    kept_in_words,
    latest_versions,
    pack_versions,
    release_info,
    search_packs,
)
from packreg.text import human_size

if TYPE_CHECKING:
    from collections.abc import Collection

    from packreg.cli.context import CommandContext
    from packreg.pack.reference import Reference
    from packreg.registry.maintenance import Standing
    from packreg.registry.record import Record
    from packreg.registry.seals import Sealed


@command("list", examples=("packreg list", "packreg list --latest --json"))
@click.option("--latest", is_flag=True, help="With the latest version of each pack (one listing per pack).")
@click.pass_obj
def list_command(context: CommandContext, latest: bool) -> None:
    """List the packs of the registry."""
    names: Collection[str]
    if latest:
        names = versions = latest_versions(context)
        if context.out.json:
            context.out.document([{"name": name, "latest": version} for name, version in versions.items()])
        else:
            context.out.table(["name", "latest"], [[name, v or "-"] for name, v in versions.items()])
    else:
        names = context.registry().packs()
        if context.out.json:
            context.out.document([{"name": name} for name in names])
        else:
            context.out.table(["name"], [[name] for name in names])
    if not names:
        context.out.say(f"no packs in {context.place}")


@command("versions", examples=("packreg versions s3-rules", "packreg versions s3-rules --json"))
@click.argument("name", type=NAME)
@click.pass_obj
def versions_command(context: CommandContext, name: str) -> None:
    """List the versions of a pack.

    Lowest first, also the yanked and removed ones.
    """
    found = pack_versions(context, name)
    if context.out.json:
        context.out.document(found.as_json())
        return
    context.out.table(
        ["version", "state"],
        [
            [r.version, "latest" if str(r.version) == found.latest else r.state]
            for r in found.listing.releases
        ],
    )


@command("info", examples=("packreg info s3-rules", "packreg info s3-rules@1.2.0 --json"))
@click.argument("reference", metavar="REF", type=REFERENCE)
@click.pass_obj
def info_command(context: CommandContext, reference: Reference) -> None:
    """Show what the registry knows about a release.

    Its manifest, policies, digests and dependencies, who published it from what, and whether it was yanked or
    removed. A policy's level is the one that it has without configuration.
    """
    info = release_info(context, reference)
    record, standing, locked, sealed = info
    if context.out.json:
        context.out.document(info.as_json())
        return
    for label, value in _facts(record, standing, sealed):
        if label and value:
            context.out.line(f"{label + ':':<14}{value}")
    rows = policy_rows(record.metadata)
    if rows:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        context.out.line(f"{'policies:':<14}{len(rows)}")
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            context.out.line(f"  {'  '.join(cells)}".rstrip())
    if locked:
        context.out.line(
            f"{'dependencies:':<14}{len(locked)} locked by {record.lock.made_by if record.lock else ''}"
        )
        for line in locked:
            context.out.line(f"  {line}")
        for artifact in record.artifacts:
            if artifact.built_from:
                context.out.line(f"  {artifact.name} was built from {artifact.built_from}")


@command("search", examples=("packreg search encryption", "packreg search s3-rules --json"))
@click.argument("text")
@click.pass_obj
def search_command(context: CommandContext, text: str) -> None:
    """Find packs by name or description.

    Looks at the latest version of each pack; records that were read once are remembered on this machine.
    """
    found = search_packs(context, text)
    if context.out.json:
        context.out.document([hit._asdict() for hit in found])
        return
    context.out.table(["name", "latest", "description"], [list(hit) for hit in found])
    if not found:
        context.out.say(f"no pack has {text!r} in its name or description")


def _facts(record: Record, standing: Standing, sealed: Sealed) -> list[tuple[str, str]]:
    manifest = record.manifest
    source = record.source
    commit = source.commit[:12]
    if commit and source.dirty:
        shown = ", ".join(source.dirty_files[:3]) + ", …" * (len(source.dirty_files) > 3)
        commit += " with uncommitted changes" + (f": {shown}" if shown else "")
    return [
        ("name", record.name),
        ("version", str(record.version)),
        ("" if standing.state == "published" else standing.state, str(standing.notice or "no reason given")),
        ("runtime", record.runtime),
        ("python", record.requires_python),
        ("description", description_of(record)),
        ("author", str(manifest.get("author") or "")),
        ("license", str(manifest.get("license") or "")),
        ("website", str(manifest.get("website") or "")),
        ("digest", record.digest),
        (
            "bundle",
            f"sha256 {record.bundle_sha256}, {human_size(record.bundle_size)}, {record.members} files",
        ),
        ("manifest", f"sha256 {record.manifest_sha256}"),
        ("published", f"{record.published} by {record.publisher} with {record.tool}"),
        ("source", ", ".join(word for word in (source.remote, source.branch, commit) if word)),
        ("sealed", kept_in_words(sealed)),
        ("notes", "; ".join(record.notes)),
    ]
