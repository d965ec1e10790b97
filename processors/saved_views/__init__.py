"""Pages with their range and filters, kept under a name."""
