"""Environments: values, secrets and configuration under a name, in the language of Pulumi ESC.

May import `configuration`, `registry` and `store`. Pure, but for `stored`, which keeps them in the registry.

    document       a definition, read strictly, with everything that is not supported refused by name
    interpolation, scalars, values, functions     the language's parts
    evaluation     imports laid over each other, references followed, within bounds
    opening, opened     what a policy pack gets of it: `open_environments`, `layer_of`
    ciphertext, passphrase, sealing     secrets at rest; other keys are given in
    stored                              their revisions in the registry

Decisions:

* The language is ESC's as far as it is pure: imports, references, `fn::` functions, and what ESC's own
  evaluator makes of them (compared on its test cases). Providers, rotation and context are refused, never
  passed over.
* An evaluation asks for nothing but definitions by reference and the plain text of secrets, so that a
  decision can be explained from the revisions that it names.
* Everything in a definition is hostile until checked: its size, depth, the number and depth of imports, and
  what its references multiply to are bounded. No bound depends on the order of evaluation.
* A secret is never in a message: problems name places and kinds, never values. What was made from a secret
  is secret. It is encrypted before it is kept, and bound to the environment's name.
* Stricter than ESC: a key given twice, anchors, tags and unknown top-level keys are refused, where ESC warns
  or takes one of several readings, and so are variables that are no texts, which ESC leaves out.
"""
