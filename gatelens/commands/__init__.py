"""The commands, a folder each: `options.py` is read for --help, `command.py` only when the command runs."""
