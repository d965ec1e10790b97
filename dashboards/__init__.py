"""What people and programs see: pages, HTTP API, SQL."""
