"""What is stored, how large it is, and how long there is room."""
