"""Reports of evaluations, in each output format, and as the registry keeps them. Pure.

May import `enforcement`, `groups`, `analyzer`, `states` and `registry`. `report` holds the findings and what
could not be evaluated. One module for each format makes a text of it, all from the same values: `text`,
`document` (JSON), `sarif`, `junit`, `github` and `markdown`. `policy_page` describes a pack's policies
instead and needs no run. `stored` is a report as the registry keeps it, under the keys of `report_keys`; the
command that runs the packs writes it, and enters it in the chain of reports (`registry.run_entries`).

Decisions:

* A report is kept as one object, created once: later findings never change it. It names the revision of
  governance instead of copying configuration, and has secrets replaced in its findings.
* Names, messages and property values come from packs and from resources, and may hold anything. `plain` makes
  them harmless for a terminal and for the log of a build service; each format then escapes for itself.
"""
