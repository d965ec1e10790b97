"""In which country clients are, by the networks of a file."""
