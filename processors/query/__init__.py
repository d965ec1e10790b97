"""Questions about traffic: measures, dimensions, filters, and which table answers."""
