"""Who may see the pages and read the HTTP API: signing in, sessions, tokens."""
