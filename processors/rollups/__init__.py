"""Roll-ups that are filled in the background: which there are, what they cover, and the thread that fills them."""
