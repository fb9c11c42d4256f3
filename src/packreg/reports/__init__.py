"""Reports of what was found, in each format, and as the registry keeps them. Pure.

May import `enforcement`, `groups`, `analyzer`, `states` and `registry`. A `report` holds what was found and
what could not be, and one module for each format makes a text of it (`text`, `document` for JSON, `sarif`,
`junit`, `github`, `markdown`), all of the same values; `policy_page` is about a pack's policies instead,
before anything was found. `stored` is a report as the registry keeps it, under the keys of `report_keys`;
whoever runs packs writes it, and enters it in its chain (`registry.run_entries`).

Decisions:

* A report is kept as one object, created once: what was found is never changed by what is found later. It
  names the revision of governance instead of copying configuration, and has secrets replaced in its findings.
* Names, messages and property values come from packs and from resources, and may hold anything. `plain` makes
  them harmless for a terminal and for the log of a build service; each format then escapes for itself.
"""
