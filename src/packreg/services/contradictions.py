"""What contradicts a report: the governance that it was decided by, and the releases that it says ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packreg.errors import NotFound, PackregError
from packreg.groups.members import groups_of
from packreg.pack.reference import Reference
from packreg.registry.clocks import SKEW, seconds
from packreg.services.reports import LONGEST_RUN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packreg.groups.document import Document
    from packreg.reports.stored import RanPack, StoredReport
    from packreg.services.workspace import Workspace


def contradictions(stored: StoredReport, documents: Mapping[int, Document]) -> Iterator[str]:
    """Sentences on why these revisions of governance, by number, cannot be what decided a report."""
    required, time = stored.required, seconds(stored.time)
    number, report = required.revision, f"the report of {stored.time}"
    document, later = documents.get(number), documents.get(number + 1)
    if later is not None and later.change and seconds(later.change.at) < time - LONGEST_RUN:
        yield (
            f"{report} was decided by revision {number} of governance, "
            f"which revision {number + 1} had replaced at {later.change.at}"
        )
    if number == 0:
        return  # there was none yet
    if document is None or document.change is None:
        yield f"{report} names revision {number} of governance, of which there are {len(documents)}"
        return
    if seconds(document.change.at) > time + SKEW:
        yield f"{report} is older than revision {number} of governance that it names, of {document.change.at}"
    governance = document.governance
    groups = groups_of(governance, required.entity, required.mode)
    if groups != required.groups:
        yield f"{report} names the groups {_words(required.groups)}; its revision says {_words(groups)}"
        return
    asked = {name: group for group in groups for name in governance.groups[group].packs}
    said = {pack.name for pack in stored.packs} | {each.pack for each in required.unavailable}
    for name in sorted(set(asked) - said):
        yield f"{report} does not name the pack {name}, which the group {asked[name]} required"
    for pack in stored.packs:
        if pack.group not in groups or pack.name not in governance.groups[pack.group].packs:
            yield f"{report} has the pack {pack.name} from {pack.group or 'no group'}, which does not have it"


def _words(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none"


def release_contradiction(workspace: Workspace, pack: RanPack, time: str) -> str:
    """Why a release cannot be what ran at a time, or "", also where it was removed or could never be had."""
    if not pack.digest:
        return ""
    try:
        record = (
            workspace.registry().resolve(Reference.parse(f"{pack.name}@{pack.version}"), warn=False).record
        )
    except NotFound:
        return ""
    except PackregError as error:
        return str(error)
    if record.digest != pack.digest:
        return f"{record.reference} has the digest {record.digest} now, but had {pack.digest} when it ran"
    if seconds(record.published) > seconds(time) + SKEW:
        return f"{record.reference} was published at {record.published}, but is said to have run at {time}"
    return ""
