"""Service level objectives: error budgets, how fast they burn, and when they are spent."""
