"""The guard: one analyzer of the stock Pulumi CLI that runs all policy packs a stack must run.

The Pulumi CLI starts the guard like any policy pack, tells it the stack and asks it about each resource. The
guard asks the packs, and answers for all of them. `guard` is one run, from the first call to the report.
`answers` merges the packs' answers, `packs` runs the packs, `resources` collects the stack's resources,
`server` implements the protocol, and `life` waits for the end. `callers` decides who may call, `exceptions`
finds the CLI's policy exceptions, and `denial` writes the text of a denial. `backend` gets the packs, their
configuration and waivers from the use cases in `services`, and stores reports. `__main__` is the process that
the CLI starts.

This package is a face (see ARCHITECTURE.md): it may import `services` and all packages below it, never
another face.

Decisions:

* It fails closed. If a pack cannot be resolved, installed, started or evaluated, the call fails with an error
  whose message the CLI prints before it stops. The status is never one that the CLI reads as "this analyzer
  does not support that". Only with the operator's setting `fail_open` the failure becomes an advisory
  diagnostic, and is in the report.
* What must run is known before GetAnalyzerInfo is answered; the packs still start then, while the CLI loads
  the program and its providers, and the first question waits for them.
* GetAnalyzerInfo lists no policies. The CLI keeps what an analyzer lists by the policies' names alone, which
  several packs may share; each diagnostic carries its pack, version and severity instead.
* A pack without policies for a method is not asked (see `analyzer`). For Remediate this is the common case;
  the CLI would ask all packs one after the other, for every resource.
* Requests are passed to the packs byte for byte. Only the request of a remediated resource is encoded anew.
* Packs remediate in the order of their names, each seeing the resource as the one before left it. A waiver is
  for violations only: remediations are applied all the same.
* The guard cannot know whether the CLI acts on a diagnostic, as the CLI may have policy exceptions. So a run
  with a mandatory violation that is not waived ends with an error of AnalyzeStack. Its text also says what to
  do next, and has the violations of stack policies, as the CLI shows no diagnostics of a failed call.
* A run is for one stack, the first that the CLI names, and only the process that started the guard and that
  one's ancestors may call. Anything else ends the run, as the answers might be about another stack.
* One question at a time, as the CLI asks: a pack's configuration holds for its whole process, and it is
  changed to find the policy that raised.
* Audit groups are judged after an update has ended, with its resulting resources, in their own processes and
  for a limited time. Failures there are in their report and never change the CLI's verdict.
* No pack or process outlives the guard: the CLI's Cancel, SIGINT, SIGTERM and the end of its standard input
  or of its parent all end it in the same way.
"""
