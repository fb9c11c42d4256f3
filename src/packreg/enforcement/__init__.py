"""What findings mean: the verdict on them, and reports of both.

May import `groups`, `analysis`, `registry` and `pack`. But for `guard`, which runs packs for the Pulumi
CLI, it runs nothing and writes nothing: a `report` holds what was found and what could not be, and one module
for each format makes a text of it (`text`, `document` for JSON, `sarif`, `junit`, `github`, `markdown`), all
of the same values; `policy_page` is about a pack's policies instead, before anything was found. `stored` is a
report as the registry keeps it, under the keys of `report_keys`; whoever runs packs writes it, and enters it
in its chain (`registry.run_entries`).

Decisions:

* "Not evaluated" beats every other verdict: violations that were found beside an error are reported, but
  nobody may read "denied" as "everything else is fine". For packs that are required of an entity, what
  follows from what is one table (`verdict.TABLE`); that nothing is required is a verdict of its own.
* A waived finding stays a finding: `waivers` says which are, and every format shows who answers for them.
* A report is kept as one object, created once: what was found is never changed by what is found later. It
  names the revision of governance instead of copying configuration, and has secrets replaced in its findings.
* Names, messages and property values come from packs and from resources, and may hold anything. `plain` makes
  them harmless for a terminal and for the log of a build service; each format then escapes for itself.
* A remediation fails nothing by itself where packs are named: it is what a policy would change. Where they
  are required, a remediation that nobody applies is left, and counts.
"""
