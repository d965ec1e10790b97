"""CPU and memory of gateways and sidecars, by instance and minute, and what an API costs of them."""
