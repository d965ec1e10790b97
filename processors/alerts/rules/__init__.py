"""What users write: rules, and the file that they are read from."""
