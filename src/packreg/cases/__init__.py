"""Test cases of a policy pack: what its author expects the pack to find, and whether it finds that.

May import `reports` and the packages below it. This package starts no pack and writes no file: `reading`
turns a case file into the values of `model`, `comparing` compares expectations with the findings that
`analyzer` collected, `report` holds the outcome of all cases (`text`, `junit` and `document` format it), and
`rewriting` returns a case file's text with the findings written in as its expectations.

Decisions:

* A case passes only if the findings are exactly the expected ones: every violation and remediation that was
  found is expected, and every expected one was found. If `expect` leaves out violations or remediations, none
  may be found; a case without `expect` never passes.
* An expectation names a policy and, if its author wants, level, message, resource and changes. Each finding
  meets at most one expectation and the other way round. Their order does not matter: as many pairs as
  possible are made (maximum matching).
* "Differs" and "could not be evaluated" are two outcomes, and the second is the verdict if both occur: when a
  policy raised, a file is damaged or a pack refuses its configuration, what it would have found is unknown.
* `schema.json`, which editors use too, defines case files. The reader validates against it, adds positions to
  the problems, and checks what a schema cannot express (duplicate names, paths that leave the pack, bad
  patterns).
* YAML that parsers read differently (`no`, `12:30`, `1e3`, `0x1F`, unquoted dates) is refused: the value that
  a policy gets must not depend on the parser.
* A case contains everything that its outcome depends on. Nothing comes from the process environment, so
  secrets in a state stay hidden for everybody who runs the cases.
"""
