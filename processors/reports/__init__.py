"""Usage reports: who used which API how much in a period, as a file."""
