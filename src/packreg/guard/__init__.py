"""The guard: packreg as one analyzer of the stock Pulumi CLI, which speaks for every pack a stack must run.

The CLI starts it like any policy pack, tells it the stack and asks it about each resource; it asks the
packs and answers for all of them. `guard` is that from the first word to the report, `answers` makes one
answer of many, `packs` runs the packs, `resources` knows the stack's resources, `server` speaks the
protocol and `life` says when it is over; `callers` knows who may call, `exceptions` what the CLI was given,
and `denial` has the words for who is denied. Which packs there are, what they are configured to, who waived
what and where reports go is `backend`, which asks the use cases in `services`; `__main__` is the process
that the CLI starts.

A face: it may import `services` and all rooms below, never another face.

Decisions:

* It fails closed. What cannot be resolved, installed, started or evaluated is an error of the call, whose
  message the CLI prints before it stops; never a code that the CLI takes for "this analyzer cannot do that".
  Only where the operator says so (`fail_open`) it becomes an advisory diagnostic, and stays in the report.
* What must run is known before GetAnalyzerInfo is answered; the packs still start then, while the CLI loads
  the program and its providers, and the first question waits for them.
* GetAnalyzerInfo lists no policies. The CLI keeps what an analyzer lists by the policies' names alone, which
  several packs may share; each diagnostic carries its pack, version and severity instead.
* A pack that has nothing to say to a method is not asked (see `analyzer`), which for Remediate is the common
  case, and saves the CLI's one-after-the-other walk over all packs for every resource.
* Requests are passed on as the bytes they came as. Only a remediated one is written anew.
* Packs remediate in the order of their names, each seeing what the one before made of the resource. A waiver
  is for violations: it keeps no remediation from being applied.
* What the CLI makes of a diagnostic is not ours to know: it may have policy exceptions. So a run with a
  mandatory violation that nobody waived ends with an error of AnalyzeStack, whose text is also the place for
  what to do next. What policies say about the stack as a whole is in that text, as the CLI shows no
  diagnostics of a call that failed.
* The first stack that it is told binds, and only the process that started it and those above may call.
  Anything else ends the run: it is no longer known whether the answers were about this stack.
* One question at a time, as the CLI asks: a pack's configuration is its whole process's, and finding the
  policy that raised switches it.
* Audit groups are judged when an update has ended, by its resulting resources, in their own processes and
  for a bounded time; whatever goes wrong there is in their report and never in the CLI's verdict.
* No pack, report or process outlives it: the CLI's Cancel, SIGINT, SIGTERM and the end of its standard input
  or of its parent all end it in the same way.
"""
