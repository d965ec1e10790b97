"""Keys under which loggers and agents write a message: what has one is the log of an application."""

TEXT_KEYS = frozenset({"log", "message", "msg", "MESSAGE", "body"})
MESSAGE_KEYS = TEXT_KEYS | {"level", "severity"}
