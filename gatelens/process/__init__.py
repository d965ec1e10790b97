"""The one process: a module for each group of its parts, and the supervisor that starts them."""
