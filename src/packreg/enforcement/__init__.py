"""What findings mean for a deployment: the verdict, waivers, and secrets that could not be read.
Pure.

May import `groups`, `analyzer` and `states`.

Decisions:

* "Not evaluated" beats every other verdict: violations that were found beside an error are reported, but
  nobody may read "denied" as "everything else is fine". For packs that are required of an entity, one table
  (`verdict.TABLE`) gives the verdict; if no pack is required, that is a verdict of its own.
* A waived finding stays a finding. `waivers` says which are waived; every format shows the waiver's owner.
* Where the caller names packs, a remediation does not change the verdict: it is what a policy would change.
  Where packs are required, a remediation that is not applied denies.
"""
