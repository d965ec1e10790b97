"""The fleet of gateways, one gateway, and one instance of it."""
