"""What must run on an entity, and how it is configured. But for `stored` pure: no disk, network or clock.

May import `environments`, `configuration`, `registry`, `store` and `pack`. It knows nothing of processes:
what a pack says of itself (its policies, their levels and schemas) comes in as values, from a release's
record or from the running pack alike.

    model, checks, members      groups, waivers, settings; what each may be; who belongs to a group
    document, times             their text in a revision of the registry's chain, and the times in it
    stored                      that chain: the newest revision, one by its number, all, and editing
    editing, waiving            edits, each from all of governance to all of it
    merging, differences        from an edit to the next revision; what changed, in lines and values
    group_file, group_text      groups as code: the YAML that is applied, and exported
    admission                   whether a group can say this of a pack
    required, decision, …       which packs an entity must run, and why
    entities                    names of stacks and accounts, and tags, as people write them

Decisions:

* All of governance is one document, so that a decision reads one consistent state in three requests, and an
  edit of several groups is one revision or none. 10,000 configured entries are half of what a revision holds.
* An edit is made once, on the revision that its author saw, and merged thing by thing: a group, a waiver or a
  setting is a thing. Merging inside a group would let two people make of it what neither of them saw.
* The default groups are there without being written, so that registries need no migration and nobody can
  take them away; a preventative group takes stacks only, as nothing can keep an account from what it is.
* Members that a reader does not know are refused, unlike a record's: what is not understood could be what
  must run, and an edit by an older packreg would lose it.
* Enabling keeps the configuration that is not given: raising a version must not turn policies off.
* Promoting copies: the audit group goes on reporting, and running it again is harmless.
* A file of groups says what is, not what else is not: only `--prune` takes away. An entry is whole, though,
  since half a configuration from a file and half from an earlier edit would be nobody's.
* A name means one stack. Every stack of a self-managed backend is of the organization "organization", so
  two backends may each have an `infra/prod`. Which backends have a stack is in the registry
  (`registry.holders`), written by audits and by the guard when an update begins; an operator's settings give
  backends names. As long as one backend has a stack, its name stays `organization/infra/prod`. Where others
  have one of that name, a stack of a named backend is `east:organization/infra/prod`, with reports and
  findings of its own, and one of a backend without a name, or of an unknown one, is an error: it could be
  anybody's, and what must run is not known. `east:infra/prod` in a group is of that backend only, also
  before there was a second one; a name without a backend is of all, since one more stack must never lose a
  rule. A waiver is the other way round: of several stacks it waives for none without its backend.
* A waiver has an owner, a reason and an end within a year, and names its pack: policies share names.
"""
