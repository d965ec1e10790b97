"""Events that people and their deployments report."""
