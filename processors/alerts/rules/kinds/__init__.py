"""The kinds of rules: one file each, and the list of them in kinds.py."""
