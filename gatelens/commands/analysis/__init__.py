"""The commands that ask what is worked out from the tables."""
