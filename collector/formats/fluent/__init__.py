"""What Fluent Bit measures, and what only Fluent Bit can read."""
