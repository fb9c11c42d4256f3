"""Environments: values, secrets and configuration under a name, in the language of Pulumi ESC.

May import `configuration`, `registry` and `store`. Only `stored` does I/O: it keeps environments in the
registry.

    document       reads a definition strictly; refuses, by name, everything that is not supported
    interpolation, scalars, values, functions     the parts of the language
    evaluation     merges imports and follows references, within bounds
    open, opened   what a policy pack gets from an environment: `open_environments`, `layer_of`
    editing        changes one value in the text of a definition
    ciphertext, passphrase, sealing     encrypted secrets; the caller passes other kinds of keys in
    stored                              the revisions of an environment in the registry

Decisions:

* The language is the pure part of ESC: imports, references and `fn::` functions, with the results of ESC's
  own evaluator (compared on its test cases). Providers, rotation and context are refused, never ignored.
* The only inputs of an evaluation are definitions, by reference, and the plain text of secrets. So a decision
  can be explained from the revisions that it names.
* Everything in a definition is hostile until checked. There are bounds on its size, its depth, the number and
  depth of imports, and the size that its references expand to. No bound depends on the order of evaluation.
* A secret is never in a message: problems name places and kinds, never values. A value made from a secret is
  secret. Secrets are encrypted before they are stored, and bound to the environment's name.
* Stricter than ESC: duplicate keys, anchors, tags and unknown top-level keys are refused, where ESC warns or
  picks one of several readings. Variables whose value is an object or a list are refused, where ESC leaves
  them out.
"""
