"""APIs: all of them, and one with its tabs."""
