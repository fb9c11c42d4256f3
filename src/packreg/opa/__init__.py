"""OPA policy packs (`runtime: opa`): Rego judged by the real `opa`, behind Pulumi's analyzer protocol.

`python -m packreg.opa` is the analyzer process; as `pulumi-analyzer-policy-opa` on PATH it also
serves a Pulumi CLI before 3.274. `check.opa_problems` says what is wrong with a pack,
`program.analyzer_command` what to start. May import `analyzer`, `states`, `install` and
`pack`. Needs the program `opa`.

    program, service              `opa` asked once, and `opa` as a server
    modules, rules, load          Rego files and config-schema.json → the policies they make
    inputs, judge                 resources → lists of inputs → violations
    wire, server                  the protocol around it

Decisions:

* The very bytes that are judged are checked first, with a list of built-in functions that reach nothing (see
  `program`); `opa` then runs in a private folder, without variables, and ends with the process that started
  it.
* One server for everything, and no `opa eval`: the guard asks about one resource at a time, where a program
  for each would take 40 ms, and for lists of resources both are as fast.
* Only the members of the input that rules read are sent, where that can be told; else the properties once,
  and `opa` builds the rest. Both decide about speed.
* A question that cannot be answered spoils a list, and is found by halving it; the policy, by asking for
  each.
* Rules, levels, metadata and inputs are those of Pulumi's `pulumi-analyzer-policy-opa` 1.1.1 (measured).
  Where we differ: secrets are unwrapped, as the SDKs for Python and Node.js do. A value that is not known yet
  is its placeholder text; rules over such a resource are evaluated twice, the second time with these values
  absent, and what comes out differently is reported as the SDKs do, as one advisory finding. A malformed
  config-schema.json stops the pack. With `inputFormat: kubernetes-admission` other resources are reported as
  not applicable. NaN and infinities are the texts "NaN", "Infinity" and "-Infinity".
* A policy that can be neither a set nor a list never fires: OPA's type checker tells, and each report says
  it.
"""
