"""The report for people."""

from __future__ import annotations

from packreg.analyzer.findings import EvaluationError, PackResult
from packreg.reports.text import text_report
from tests.reports.findings import URN, error, guard, hostile, report


def test_the_whole_report() -> None:
    """Packs, counts, remediations as diffs, violations, errors apart, notes, and the verdict at the end."""
    shown = text_report(report(guard(errors=(error("none", URN),))))
    assert (
        shown
        == """\
Policies:
    ❌ guard@1.0.0  (6 policies: 1 passed, 3 failed, 1 disabled, 1 with errors)
        - [remediate]  tagged  (demo:index:Bucket: open)
            ~ acl: "public" => "private"
            + tags.a.b: "yes"
            - rules[0].port: 80
        - [mandatory]  private  (demo:index:Bucket: open)  severity high
          Is private.
          open is public.
        - [advisory]  owned  (demo:index:Bucket: open)  severity high
          open has no owner.
        could not be evaluated:
        - [error]  none  (open): no-answer
          no answer in 60 s

Notes:
    - state.json: 2 secrets stay hidden [hidden-secrets]
      hint: give the passphrase

3 of 5 policies failed, 1 passed, 1 with errors
could not be evaluated: 1 mandatory violation, 1 advisory violation, 1 remediation, 1 evaluation error \
(1 pack over 2 resources)
"""
    )


def test_the_sign_of_a_pack() -> None:
    """A pack without findings is green, one with advisory violations is not, and an error is never green."""
    clean = PackResult("clean", "", guard().info, 2)
    lines = text_report(report(clean, guard(advisory_only=True), guard())).splitlines()
    assert [line[4] for line in lines if line.startswith("    ") and line[4] in "✅⚠❌"] == ["✅", "⚠", "❌"]
    failed = PackResult("x", "1", None, 2, errors=(EvaluationError("x", "1", "import", "no", resources=2),))
    assert "    ❌ x@1  (did not run)\n" in text_report(report(failed))
    assert "[error]  (2 resources): import" in text_report(report(failed))
    assert "[error]  (1 resource): no-answer" in text_report(report(guard(errors=(error(),))))
    assert "[error]  (the stack): no-answer" in text_report(report(guard(errors=(error(kind="stack"),))))


def test_the_end_of_a_log_is_shown() -> None:
    """Of what a broken pack wrote, the last lines are shown and marked."""
    log = "\n".join(f"line {number}" for number in range(30))
    shown = text_report(report(guard(errors=(error(log=log),))))
    assert "          | line 20\n" in shown
    assert "          | line 29\n" in shown
    assert "line 19" not in shown


def test_hostile_text_stays_text() -> None:
    """No control character reaches the terminal, and no line a workflow command."""
    for line in text_report(hostile()).splitlines():
        assert line.isprintable()
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
