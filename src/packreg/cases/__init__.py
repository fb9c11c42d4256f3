"""Test cases of a policy pack: what its author expects of it, and whether that is what it does.

May import `reports` and the rooms below it. It starts no pack and writes no file: `reading`
makes `model` values of a case file, `comparing` holds an expectation against what `analyzer` found, `report`
is the outcome of all cases (`text`, `junit` and `document` write it), and `rewriting` gives the text of a
case file with what was seen in place of what was expected.

Decisions:

* A case passes only if exactly what it expects was found: every violation and every remediation is expected,
  and every expected one is there. What a case leaves out of `expect` it expects to be empty; a case without
  `expect` never passes.
* An expectation says as much as its author wants of a finding: the policy, and any of level, message,
  resource and changes. Each finding answers one expectation, and they are paired so that as many as possible
  are (maximum matching), whatever their order.
* "Differs" and "could not be evaluated" are different ends, and the latter is the verdict if there are both:
  where a policy raised, a file is damaged or a pack refuses its configuration, nobody knows what it would
  have found.
* The shape of case files is `schema.json`, which editors use too: the reader validates against it, and adds
  positions, and what a schema cannot say (names that occur twice, paths that leave the pack, bad patterns).
* YAML that readers disagree on (`no`, `12:30`, `1e3`, `0x1F`, dates without quotes) is refused: which value a
  policy gets must not depend on who reads the file.
* A case says everything that its outcome depends on: nothing of it comes from the environment, so that
  secrets in a state stay hidden, whoever runs the cases.
"""
