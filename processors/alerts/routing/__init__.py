"""Who is notified of which alerts, with which others, and when."""
