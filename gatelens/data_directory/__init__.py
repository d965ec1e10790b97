"""The data directory: who owns it, and how a command reaches what is in it."""
