"""What is judged: states, previews, lists and inventories of resources, and the backends that hold them.

May import `store` and `pack`. It knows nothing of packs that run.

Files come in as bytes (`sources` reads them, `backend` finds a stack's checkpoint in a self-managed backend),
and `state`, `preview` and `resources` make a `Snapshot` of them. `values` and `secrets` are the Pulumi state
format of property values; `stack_tags` and `update_history` are what a backend keeps beside a state.

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
