"""The command line: words in, a use case of `services`, an answer out.

The way in is `start.main`. It answers `install`, `pull` and `path` of exact versions that are installed
already without loading click; everything else goes to `app.run`, which loads click, the one module of the
command that was asked for, and whatever that command needs.

Where a command is: `commands.COMMANDS` names its module (`publish` is in `publishing`), in which the function
is named like the command, `publish_command`. The docstring of a module that holds commands begins with their
names. The other modules serve several commands:

    start, app, base, exits, missing_path          the way in, and what all commands share
    context, output, progress, report_output       a run of the command: its workspace, and what is shown
    edits, policy_table, entities                  shown or asked for by several commands
    pulumi_command, ci_steps, project_plugins      how the Pulumi CLI gets the guard

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
- Nothing here decides: commands gather words, call a use case or a room below, and print the answer.

A face: it may import every room but other faces.
"""
