"""What findings mean for a deployment: the verdict on them, waivers, and secrets that nobody could read.
Pure.

May import `groups`, `analyzer` and `states`.

Decisions:

* "Not evaluated" beats every other verdict: violations that were found beside an error are reported, but
  nobody may read "denied" as "everything else is fine". For packs that are required of an entity, what
  follows from what is one table (`verdict.TABLE`); that nothing is required is a verdict of its own.
* A waived finding stays a finding: `waivers` says which are, and every format shows who answers for them.
* A remediation fails nothing by itself where packs are named: it is what a policy would change. Where they
  are required, a remediation that nobody applies is left, and counts.
"""
