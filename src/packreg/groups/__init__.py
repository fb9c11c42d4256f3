"""Decide which packs must run on an entity, and how they are configured. Pure, except `stored`.

May import `environments`, `configuration`, `registry`, `store` and `pack`. It starts no processes: a pack's
metadata (its policies, their levels and schemas) comes in as values, from a release's record or a running
pack.

    model, checks, members      groups, waivers, settings; rules for each; who belongs to a group
    document, times             their text in a revision of the registry's chain, and the times in it
    stored                      that chain: the newest revision, one by its number, all, and editing
    editing, waiving            edits, each from all of governance to all of it
    merging, differences        from an edit to the next revision; what changed, in lines and values
    group_file, group_text      groups as code: the YAML that is applied, and exported
    admission                   whether a group may have this entry for a pack
    required, decision, …       which packs an entity must run, and why
    entities                    names of stacks and accounts, and tags, as people write them

Decisions:

* All of governance is one document, so that a decision reads one consistent state in three requests, and an
  edit of several groups is one revision or none. 10,000 configured entries are half of what a revision holds.
* An edit is made on the revision that its author saw, and merged group by group, waiver by waiver and setting
  by setting. Merging inside a group could give a group that neither of two editors ever saw.
* The default groups exist without being written, so that registries need no migration and nobody can delete
  them. A preventative group takes stacks only, as an account has no deployment that could be stopped.
* Readers skip members that they do not know, and edits keep them. What may not be skipped is a feature that
  the document `needs` (`registry.formats`).
* Enabling keeps the configuration that is not given: raising a version must not turn policies off.
* Promoting copies: the audit group goes on reporting, and promoting it again is harmless.
* Groups, packs and members that a file of groups does not name stay: only `--prune` removes them. But a
  pack's entry is replaced as a whole: half a configuration from a file and half from an earlier edit would be
  one that nobody wrote.
* A name means one stack. Every stack of a self-managed backend is in the organization "organization", so two
  backends may each have an `infra/prod`. The registry knows which backends have a stack (`registry.holders`):
  audits write it, and the guard when an update begins. The operator's settings give backends names. As long
  as one backend has a stack, its name is `organization/infra/prod`. If others have one of that name, the
  stack of a named backend is `east:organization/infra/prod`, with reports and findings of its own. The stack
  of a backend that is unknown or has no name is then an error, as it is not known which packs it must run.
  `east:infra/prod` in a group means only that backend's stack, even while there is no other. A name without
  a backend means the stacks of all, so that a new stack never escapes a rule. With waivers it is the
  opposite: if several stacks have the name, a waiver without a backend holds for none.
* A waiver has an owner, a reason and an end within a year. It names its pack, as packs may have policies of
  the same name.
"""
