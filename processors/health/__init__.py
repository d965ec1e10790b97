"""Whether an API is well: the rule for lists and sentences, and the stretches of time in which it was not."""
