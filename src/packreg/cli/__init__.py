"""The command line: the only room that asks the environment, the clock, the terminal and configuration files.

The way in is `start.main`. It answers `install`, `pull` and `path` of exact versions that are installed
already without loading click; everything else goes to `app.run`, which loads click, the one module of the
command that was asked for, and whatever that command needs.

- stdout is data, stderr is talk. On a terminal, tables have a header and aligned columns; anywhere else
  they are lines of tab-separated fields without a header, for `cut`, `awk` and `while read`.
- `--json` prints exactly one JSON document on stdout, ASCII only, also when the command fails:
  `{"error": {"code", "exit", "message", "hint", "problems"}}`, where `code` is the name of the error
  (`version-used`, `not-found`, …), so that a program never has to read a sentence. The shapes are in
  docs/commands.md; members may be added, none is renamed or removed.
- Exit codes are the table in `exits`; a failure never ends in a traceback. What packreg did not expect is
  called a defect of packreg, and the traceback goes to a file that the message names.
- Text from packs, records and servers is hostile: whatever is not printable is shown as an escape by the one
  place that writes to the terminal (`output`), so no description can move a cursor or reverse a line.
- Nothing here decides what a registry means: commands gather words, call the rooms below and print answers.

May import every other room.
"""
