"""How people are notified: one file a channel, and the list of them."""
