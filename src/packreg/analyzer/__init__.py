"""Running policy packs over resources: what a running pack is asked, and what it finds.

May import `states`, `install` and `pack`. It does not decide what must run or what a finding means for a
deployment.

`requests` builds what each analyzer is asked about a snapshot: plain dicts by protobuf field names, in the
order and with the values that `pulumi policy analyze` would send. `evaluation.evaluate` runs packs over a
snapshot and returns `findings`. A `program` says how a pack is started; a `process` is a running pack, with
its `supervisor`. `analyzer` asks it, by `frames` or `grpc_calls`, with the messages of `protocol`; a `pool`
keeps idle ones for later. A `session` is one pack judging one snapshot: `asking` sends it the questions of a
`feed`, and `collecting` makes findings of the replies.

Decisions:

* A pack is foreign code that may do anything. It runs in processes of its own, under limits, with an
  environment that reveals little of this host, and everything it answers is checked. Nothing that it starts
  survives packreg.
* Files of a Pulumi ESC environment are created without names. The supervisor inherits them open, and a pack
  gets a path to each file descriptor. So no file is left behind, however packreg ends. Before the first pack
  starts, packreg makes its own process unreadable for other processes of the user (Linux), which could
  otherwise read its environment variables.
* A pack's memory is the sum over its processes, since a limit of the kernel (RLIMIT) counts for each process
  alone. The supervisor watches it: memory that no file backs, each page counted once.
* Whatever prevents a policy from judging is an evaluation error, never a pass. A pack that hangs or crashes
  is started again and asked once more. A policy that raises is found by asking the policies one by one, so
  that the findings of the others still count; the Pulumi CLI would stop.
* Python and Node.js packs are asked in their own process (`hosts`, `frames`): over gRPC most of the time of a
  small pack went into its server. What cannot be asked so serves gRPC.
* The second and later Python packs of an environment are forked from a process that has loaded the SDK
  (`forking`), and knows nothing of any pack.
* packreg's own OPA analyzer takes many resources in one call, and says so when it starts; other analyzers get
  one call per resource. A failure inside a batch (a rule that never ends, a policy that raises) is traced by
  single calls.
* Known secrets are replaced in all output, wherever a pack or a file put them: messages, names, URNs,
  differences, errors, logs.
* A question that no policy answers is not asked: Remediate when no policy is at the level "remediate",
  Analyze or AnalyzeStack when all policies for it are disabled or there is none. The result is the same.
* A pack is told the stack's name, tags and configuration if they are known, as in an update. `pulumi policy
  analyze` does not tell them.
"""
