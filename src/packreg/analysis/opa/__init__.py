"""OPA policy packs (`runtime: opa`): Rego rules behind Pulumi's analyzer protocol, without OPA.

`python -m packreg.analysis.opa` is the analyzer process; as `pulumi-analyzer-policy-opa` on PATH it also
serves the stock Pulumi CLI. `check.opa_problems` says what is wrong with a pack, `command.analyzer_command`
what to start, also when the operator has an analyzer of their own. May import `analysis.protocol`,
`analysis.values`, `pack` and `errors`. Needs the extra `opa` (the regorus engine).

    modules, annotations, rules   Rego files and config-schema.json → the policies they make
    references, builtins          what would fail or never end, found beforehand
    engine, guard, sprintf        the engine, and where it is made to answer as OPA does
    inputs, dispatch, judge       resources → inputs → violations
    wire, many, server            the protocol around it

Rules, levels, metadata and inputs are those of Pulumi's `pulumi-analyzer-policy-opa` 1.1.1 (measured). Where
we differ, and why:

* Secrets are unwrapped, as the SDKs for Python and Node.js do; that analyzer shows rules a wrapped value.
* A value that is not known yet, during a preview, is its placeholder text to a rule. Rules over a resource
  that has one are evaluated twice, the second time with such values absent; what comes out differently
  depends on the unknown, and is reported as the SDKs do: one advisory finding `can't run policy '…' during
  preview: …` in its place.
* A malformed config-schema.json stops the pack and is said; that analyzer ignores the file.
* A call of a function that the engine lacks, and rules that need themselves, stop the pack at `check` and at
  start. OPA has more built-ins (crypto.*, io.jwt.*, graphql.*, deprecated ones such as `any` and `re_match`);
  a pack that needs one can be run with an analyzer of the operator's own.
* With `inputFormat: kubernetes-admission` other resources are reported as not applicable.
* A policy whose value is neither a set nor a list gives no violation, as there, but a warning on stderr.

Where this engine differs from OPA:

* Built-ins that fail are undefined, and `sprintf` writes as Go does: made so by `guard`.
* OPA's type checker refuses some modules that load here (`startswith(1, "a")`); such a call is undefined.
* Numbers are doubles or integers here, decimals in OPA: `0.1 + 0.2`, `to_number("80.0")` and numbers beyond
  2^53 may print differently, and `sprintf("%d", [1e6])` is "1000000", where Go complains of a float.
  `to_number(" 1")` is a number here.
* Regular expressions are Rust's, which differ from Go's in rare classes.
* Two bodies of one set rule (`deny[m] { … } { … }`, which only Rego v0 has) do not load.
* A file may have 1 MiB, 100,000 lines and 100 levels of brackets.
* NaN and infinities, which JSON lacks, are the texts "NaN", "Infinity" and "-Infinity".

A rule that runs for ever cannot be interrupted from inside: the host's deadline ends the process. Evaluation
errors are gRPC status UNKNOWN with the policy's name, never a pass.
"""
