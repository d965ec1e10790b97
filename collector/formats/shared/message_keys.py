"""Keys under which loggers and agents write a message: what has one is the log of an application."""

MESSAGE_KEYS = frozenset({"log", "message", "msg", "MESSAGE", "body", "level", "severity"})
