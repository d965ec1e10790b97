"""A message's context for its alert: whose fault it is, whom it affects, and how it came to this."""
