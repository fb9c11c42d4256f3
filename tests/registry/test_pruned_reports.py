"""An entry that says "pruned" counts only where it agrees with the chain that it is in."""

from __future__ import annotations

import pytest

from packreg.errors import IntegrityError, StoreRefused
from packreg.registry import formats
from packreg.registry.pruned_reports import Prunings
from packreg.registry.run_entries import Entered, PrunedReport, RunEntry

WHERE = "runs/audit/stack.a/1.json"


def digest(number: int) -> str:
    """The digest of the report of an entry."""
    return f"sha256:{number:064x}"


def report(number: int) -> Entered:
    """The entry of a report."""
    key = f"reports/audit/stack.a/{number}.json.gz"
    return Entered(number, RunEntry("report", "audit", "stack", "a", "id", report=key, digest=digest(number)))


def pruned(number: int, *said: PrunedReport) -> Entered:
    """An entry that says that reports were pruned."""
    return Entered(number, RunEntry("pruned", "audit", "stack", "a", "id", by="ada", pruned=said))


def said(number: int, *, of: int = 0, verdict: str = "compliant") -> PrunedReport:
    """What such an entry says of a report; with `of` it has the digest of another."""
    return PrunedReport(number, digest(of or number), verdict)


def met(*entries: Entered) -> tuple[Prunings, list[str]]:
    """The prunings of entries, given from the newest on, and what is wrong with them."""
    prunings = Prunings()
    return prunings, [wrong for each in entries if (wrong := prunings.meet(each))]


def test_what_an_entry_names_was_pruned() -> None:
    """By number and digest; the others were not."""
    prunings, wrong = met(pruned(5, said(1), said(2)), report(4), report(3), report(2), report(1))
    assert wrong == []
    assert [number for number in range(1, 6) if prunings.of(report(number))] == [1, 2]
    found = prunings.of(report(2))
    assert found is not None
    assert (found.report.verdict, found.entered.number) == ("compliant", 5)


def test_the_same_said_twice_is_the_same() -> None:
    """Two people may prune at once."""
    entries = (pruned(6, said(1)), pruned(5, said(1)), report(4), report(3), report(2), report(1))
    prunings, wrong = met(*entries)
    assert wrong == []
    assert prunings.of(report(1))


@pytest.mark.parametrize(
    ("entries", "number", "words"),
    [
        ((pruned(5, said(4)), report(4), report(3), report(2), report(1)), 4, "newest"),
        ((pruned(5, said(3)), report(4), report(3), report(2), report(1)), 3, "newest"),
        ((report(6), pruned(5, said(6)), report(4)), 6, "comes after it"),
        ((pruned(5, said(5)), report(4)), 5, "comes after it"),
        ((pruned(5, said(1, of=2)), report(4), report(3), report(2), report(1)), 1, "another digest"),
        ((pruned(5, said(1)), report(4), report(3), report(2), pruned(1)), 1, "another digest"),
        (
            (pruned(6, said(1)), pruned(5, said(1, verdict="denied")), report(4), report(3), report(1)),
            0,
            "other words",
        ),
    ],
)
def test_what_contradicts_the_chain_does_not_count(
    entries: tuple[Entered, ...], number: int, words: str
) -> None:
    """The newest reports of its time, later ones, other digests, other words than before."""
    prunings, wrong = met(*entries)
    assert len(wrong) == 1
    assert words in wrong[0]
    assert not number or prunings.of(report(number)) is None


def test_an_entry_is_read_as_it_was_written() -> None:
    """With who pruned, and what."""
    entry = pruned(5, said(1), said(2, verdict="denied")).entry
    whole = RunEntry(entry.kind, entry.run, "stack", "a", "id", "2026-06-01T10:00:00.000000Z", by="ada")
    whole = RunEntry.decode(
        whole.encode().replace(
            b'"pruned":[]', b'"pruned":[{"number":1,"digest":"%s","verdict":"denied"}]' % digest(1).encode()
        ),
        WHERE,
    )
    assert (whole.by, whole.pruned) == ("ada", (said(1, verdict="denied"),))
    assert RunEntry.decode(whole.encode(), WHERE) == whole


@pytest.mark.parametrize("item", ['{"number":1}', '{"number":"1","digest":"x","verdict":"y"}', "1"])
def test_a_damaged_list_is_no_entry(item: str) -> None:
    """It is named, and nothing of it counts."""
    data = RunEntry("pruned", "audit", "stack", "a", "id", "2026-06-01T10:00:00.000000Z", by="ada").encode()
    with pytest.raises(IntegrityError, match="cannot be trusted"):
        RunEntry.decode(data.replace(b'"pruned":[]', b'"pruned":[%s]' % item.encode()), WHERE)


def test_a_packreg_that_does_not_know_it_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take the deletion for tampering, else."""
    data = pruned(5, said(1)).entry.encode()
    monkeypatch.delitem(formats.FEATURES, formats.PRUNED_REPORTS)
    with pytest.raises(StoreRefused, match="needs 'pruned-reports'"):
        RunEntry.decode(data, WHERE)
