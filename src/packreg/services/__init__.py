"""The use cases, a module each: what the command line, the guard, programs and a server do alike.

Each is given a `workspace.Workspace` (settings, and what is made of them; the clock; who acts; whom to tell
of progress) and plain values. None asks the terminal, the process' environment or git who acts, and none
exits. May import every room but the faces; no face is imported here.

    workspace, notify, clock, defects          what every use case is given
    named_files                                files that the user named
    check, trial, publish, git, pack_info      a pack in a directory, and what it says of itself
    development, pack_tests                    its environment; its own test cases
    catalog, withdrawal                        releases are looked up, yanked and removed
    sealing                                    the registry keeps what installs of a release need
    pack_words                                 a directory or a release?
    pack_programs, install, lock, uninstall    packs become programs, are pinned, and go
    environments, environment_revisions, esc   environments are set, opened, compared and tagged
    governance, continuity, waiting            governance is read and edited, and continues what is known
    decisions, explain                         what must run and why
    enable, groups, group_plans, waivers       a pack's entry in a group; groups and waivers are changed
    waiver_requests                            what somebody else would run for a waiver
    prepare, prepared, judge, reports          required packs are made ready and run, and the report is kept
    enforce                                    the decision about a deployment, and all that fails closed
    resources, backends, stack_tags, stacks    what is judged, and of whom it is; the stacks of a backend
    inventories                                what a cloud account or a cluster holds
    audit, audit_dask, impact, guard_evidence  the same for many stacks; updates that went past the guard
    findings                                   what the last runs found, and what became of it
    verify, evidence, contradictions           what kept reports prove, and what contradicts them
    guard_forms, pulumi_options                how the Pulumi CLI is given the guard
    passphrases, opa_program                   what environments, states and OPA packs need besides
    required_runtimes                          what required packs need of a machine
"""
