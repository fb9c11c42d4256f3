"""OPA policy packs (`runtime: opa`): the real `opa` evaluates Rego, behind Pulumi's analyzer protocol.

`python -m packreg.opa` is the analyzer process; as `pulumi-analyzer-policy-opa` on PATH it also serves a
Pulumi CLI before 3.274. `check.opa_problems` finds what is wrong with a pack; `program.analyzer_command` is
the command that starts the analyzer. May import `analyzer`, `states`, `install` and `pack`. Needs the program
`opa`.

    program, service              `opa` for one command, and `opa` as a server
    modules, rules, load          Rego files and config-schema.json → the policies of a pack
    inputs, judge                 resources → lists of inputs → violations
    wire, server                  the analyzer protocol

Decisions:

* The files that `opa` loads are checked first: rules may only call built-in functions that have no access to
  network, files or environment (see `program`). `opa` then runs in a private folder, without our environment
  variables, and ends with the process that started it.
* One server evaluates everything, and `opa eval` is not used: the guard asks about one resource at a time,
  and starting a program for each takes 40 ms. For lists of resources both are equally fast.
* If the members of the input that the rules read are known, only those are sent; otherwise the properties are
  sent once, and `opa` builds the input from them. Both matter for speed.
* If `opa` cannot evaluate one input, it fails the whole list. The input is found by halving the list, and the
  policy by evaluating each policy alone.
* Rules, levels, metadata and inputs are those of Pulumi's `pulumi-analyzer-policy-opa` 1.1.1 (measured), with
  these differences. Secrets are unwrapped, as in the SDKs for Python and Node.js. An unknown value is its
  placeholder text; rules over such a resource are evaluated a second time without the unknown values, and
  each policy whose result differs is reported as one advisory finding, as in the SDKs. A malformed
  config-schema.json stops the pack. With `inputFormat: kubernetes-admission`, other resources are reported as
  not applicable. NaN and infinities are the texts "NaN", "Infinity" and "-Infinity".
* A policy whose value can be neither a set nor a list never fires. OPA's type checker finds it, and each
  report says so.
"""
