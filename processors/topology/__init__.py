"""Who calls whom: edges between clients, gateways and services, and the hops of one call."""
