"""Running policy packs over resources: what a running pack is asked, and what it finds.

May import `states`, `install` and `pack`. It does not decide what must run or what a finding means for a
deployment.

`requests` says what each analyzer is asked about a snapshot: plain dicts by protobuf field names, in the
order and with the values that `pulumi policy analyze` would send. `evaluation.evaluate` runs packs over a
snapshot and gives `findings`. A `program` says how a pack is started, a `process` is one that runs, behind
its `supervisor`; `analyzer` asks it over gRPC in the words of `protocol`; a `pool` keeps some warm. A
`session` is one pack for one snapshot, which `asking` puts the questions of a `feed` to, and `collecting`
makes findings of the replies.

Decisions:

* A pack is foreign code that may do anything: it runs in processes of its own, with an environment that says
  nothing of this host, under limits, and everything it says is checked. Nothing it starts survives us.
* An environment's files have no names. They are left open for the supervisor, and a pack finds a path to each
  of its descriptors: what nobody can find needs no removal, however we end. Before the first pack starts we
  make ourselves unreadable for other processes of the user (Linux), who have our variables otherwise.
* A pack's memory is the sum of its processes', watched by its supervisor, since each child has a limit of its
  own; what is no file's counts, each page once.
* Whatever keeps a policy from judging is an evaluation error, never a pass: a pack that hangs or crashes is
  started again and asked once more, a policy that raises is found by asking the policies one by one, so that
  the healthy ones' findings stand, where the Pulumi CLI stops.
* Our own OPA analyzer is asked about many resources in one call, which it announces that it takes; others get
  a call for each. What a batch hides (a rule that never ends, a policy that raises) is found by single calls.
* Nothing that is known to be a secret comes out, wherever a pack or a file put it: messages, names, URNs,
  differences, errors, logs.
* A question that nobody has an answer to is not asked: Remediate when no policy is at the level "remediate",
  Analyze or AnalyzeStack when all policies for it are disabled or there is none. The result is the same.
* A pack is told the stack's name, tags and configuration when they are known, as in an update, where `pulumi
  policy analyze` leaves them out.
"""
