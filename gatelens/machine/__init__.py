"""What the process has of the machine: memory, file descriptors, sockets, threads."""
