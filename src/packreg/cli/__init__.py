"""The command line: parse the arguments, call a use case of `services`, print the result.

The entry point is `start.main`. It answers `install`, `pull` and `path` of exact versions that are already
installed without loading click. Everything else goes to `app.run`, which loads click, the one module of the
command, and what that command needs.

Where a command is: `commands.COMMANDS` names its module (`publish` is in `publishing`), in which the function
is named after the command, `publish_command`. The docstring of a module with commands begins with their
names. The other modules serve several commands:

    start, app, base, exits, missing_path          the entry point, and what all commands share
    context, output, progress, report_output       a run of the command: its workspace, and its output
    edits, policy_table, entities                  output and options of several commands
    pulumi_command, ci_steps, project_plugins      how the Pulumi CLI gets the guard

- stdout is for data, stderr for messages. On a terminal, tables have a header and aligned columns; anywhere
  else they are lines of tab-separated fields without a header, for `cut`, `awk` and `while read`.
- `--json` prints exactly one JSON document on stdout, ASCII only, also when the command fails:
  `{"error": {"code", "exit", "message", "hint", "problems"}}`, where `code` is the name of the error
  (`version-used`, `not-found`, …), so that a program never has to read a sentence. The shapes are in
  docs/commands.md; members may be added, none is renamed or removed.
- Exit codes are the table in `exits`; no failure shows a traceback. An unexpected error is reported as a
  defect of packreg, and the traceback goes to a file that the message names.
- Text from packs, records and servers is hostile. `output`, the one place that writes to the terminal,
  escapes what is not printable and what a build service would take for a command in its log (`packreg.text`).
  So no description can move a cursor, reverse a line or end a step. Output for another program is left byte
  for byte: a path, a patch, the text of an environment.
- Nothing is decided here: commands read arguments, call a use case or another package, and print the result.

This package is a face (see ARCHITECTURE.md): it may import every other package except other faces.
"""
