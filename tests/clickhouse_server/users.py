"""The users of the tests' ClickHouse, in a module that does not import the engine: name and password."""

OWNER = ("gatelens", "owner's secret")
READER = ("reader", "reader's secret")
