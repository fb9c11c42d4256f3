"""What findings mean: the verdict on them, and reports of both.

May import `groups`, `analysis` and `install`. It runs nothing and writes nothing: a `report` holds what was
found and what could not be, and one module for each format makes a text of it (`text`, `document` for JSON,
`sarif`, `junit`, `github`, `markdown`), all of the same values.

Decisions:

* There are three verdicts, and "not evaluated" beats the others: violations that were found beside an error
  are reported, but nobody may read "denied" as "everything else is fine".
* Names, messages and property values come from packs and from resources, and may hold anything. `plain` makes
  them harmless for a terminal and for the log of a build service; each format then escapes for itself.
* A remediation fails nothing: it is what a policy would change. Where the policy also judges, it says so.
"""
