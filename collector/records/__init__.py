"""From a batch as a client framed it to the records of each format."""
