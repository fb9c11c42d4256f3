"""The resources that packs judge: states, previews, resource lists and inventories, and Pulumi's backends.

May import `store` and `pack`. It does not know how packs run.

`sources` reads the bytes of a file, and `backend` finds a stack's checkpoint in a self-managed backend.
`state`, `preview` and `resources` make a `Snapshot` from the bytes. `values` and `secrets` handle property
values in the format of Pulumi's state; `stack_tags` and `update_history` read what a backend stores beside a
state.

Decisions:

* Everything is checked before any pack is run. A snapshot has only readable resources, so an evaluation never
  stops half-way because of its input. A file is decoded once to check it, and again, resource by resource, at
  each use: only its bytes are kept in memory, never a tree of all resources.
* What the Pulumi CLI refuses is refused. Also refused are objects with duplicate keys and text that is not
  UTF-8, for which the CLI would pick one of several readings. Two live resources with the same URN are both
  judged, with a note. A byte order mark, which Windows tools write, is accepted, and so is a checkpoint file
  outside of its backend.
* A snapshot's `notes` say what packs could not see: secrets that stay hidden, resources that a preview leaves
  out, a file without resources.
"""
