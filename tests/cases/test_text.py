"""The report of a pack's cases for people."""

from __future__ import annotations

from packreg.cases.text import text_report
from tests.cases.test_report import whole


def test_the_text_shows_expected_and_seen_policy_by_policy() -> None:
    """A case that differs has a diff, one that could not be evaluated its reason."""
    assert (
        text_report(whole())
        == """\
Tested: the release guard@1.0.0
Cases of tests/cases.yaml:
    ✅ good  (line 2)
    ❌ bad  (line 5)
        --- expected
        +++ seen
        - [advisory]  private  (logs)
        -   /closed/
        + [mandatory]  private  (demo:index:Bucket: logs)
        +   Private.
        +   logs is public
        - [remediate]  mend
        -     a: 1
        -     - b: "x"
        -     ~ c: 1 => 2
        + [remediate]  mend  (demo:index:Bucket: logs)
        +     ~ a: 0 => 1
        +     + d: "x"
    ❌ open  (line 10)
        it does not say what it expects; `packreg test --update` writes what is seen
    ⛔ broken  (line 12)
        [error]  private  (logs): policy-raised
          it raised
          its last output:
          | one
          | two
    ⛔ lost  (line 15)
        there is no gone.json
    📝 bad  (line 5)
Cases of tests/no.yaml:
    ⛔ tests/no.yaml:1:2: it is no YAML [yaml]
       hint: mend it

No case made these policies find anything:
    - never

Notes:
    - state.json: 2 secrets stay hidden [hidden-secrets]

could not be evaluated: 1 passed, 2 differ, 1 updated, 2 not evaluated, 1 file not read
"""
    )
