"""What is usual for an API at this hour of the week, and what is not."""
