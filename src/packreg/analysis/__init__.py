"""Resources and the policy packs that judge them: what is analysed, and what a running pack is asked.

May import `install` and `pack`. It does not decide what must run or what a finding means for a deployment.

Files come in as bytes (`sources` reads them, `backend` finds a stack's checkpoint in a self-managed backend),
`state`, `preview` and `resources` make a `Snapshot` of them, and `requests` says what each analyzer is asked
about it: plain dicts by protobuf field names, in the order and with the values that `pulumi policy analyze`
would send. `values` and `secrets` are the Pulumi state format of property values.

Decisions:

* Everything is checked before anything is asked: a snapshot that was made has only readable resources, so an
  evaluation never stops half-way for a fault of its input. A file is read once to check it, and resource by
  resource again for each use, so that only its bytes are held, never a tree of all its resources.
* What the Pulumi CLI refuses is refused. Beyond that: an object with a key twice, text that is not UTF-8 and
  two live resources with one URN are refused, where the CLI would judge one reading of several. A byte order
  mark, which Windows tools write, is accepted, and so is a checkpoint file without its backend.
* What could not be seen is said, in a snapshot's `notes`: secrets that stay hidden, resources that a preview
  leaves out, a file with nothing in it.
"""
