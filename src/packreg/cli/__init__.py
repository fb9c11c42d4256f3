"""The command line: the only room that asks the environment, the clock, the terminal and configuration files.

The way in is `start.main`. It answers `install`, `pull` and `path` of exact versions that are installed
already without loading click; everything else goes to `app.run`, which loads click, the one module of the
command that was asked for, and whatever that command needs.

Where a command is: `commands.COMMANDS` names its module (`publish` is in `publishing`), in which the function
is named like the command, `publish_command`. The docstring of a module that holds commands begins with their
names. The other modules serve several commands:

    start, app, base, exits, names, nowhere                 the way in, and what all commands share
    config, pack_limits, session, compose                   settings, and what is made of them
    output, progress, report_output, atomic                 what is shown, and what is written
    packs_to_run, said_by_packs, configuring, trial, case_files, policies     packs on the command line
    resources_to_judge, entities                            what they judge, and of whom it is
    governing, decisions, decision_shapes                   governance is read, edited and decided by
    required_packs, governed_runs, kept_reports             required packs run, and reports of that are kept
    audit_work, dask_audit, impact_work                     the same for many stacks
    evidence, fitting                                       what kept reports prove, and what contradicts them
    guard_process, guard_office, guard_forms, pulumi_command, ci_steps     the guard, and how the CLI gets it
    opening, defining, esc                                  environments
    installs, lockfile, git, difference                     releases, and directories of packs

- stdout is data, stderr is talk. On a terminal, tables have a header and aligned columns; anywhere else
  they are lines of tab-separated fields without a header, for `cut`, `awk` and `while read`.
- `--json` prints exactly one JSON document on stdout, ASCII only, also when the command fails:
  `{"error": {"code", "exit", "message", "hint", "problems"}}`, where `code` is the name of the error
  (`version-used`, `not-found`, …), so that a program never has to read a sentence. The shapes are in
  docs/commands.md; members may be added, none is renamed or removed.
- Exit codes are the table in `exits`; a failure never ends in a traceback. What packreg did not expect is
  called a defect of packreg, and the traceback goes to a file that the message names.
- Text from packs, records and servers is hostile: whatever is not printable, and what a build service would
  take for a command in its log (`packreg.text`), is shown as an escape by the one place that writes to the
  terminal (`output`), so no description can move a cursor, reverse a line or end a step. What is written for
  another program is left byte for byte: a path, a patch, the text of an environment.
- Nothing here decides what a registry means: commands gather words, call the rooms below and print answers.

May import every other room.
"""
