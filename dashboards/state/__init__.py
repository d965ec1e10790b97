"""What a reader looks at, kept in the URL."""
