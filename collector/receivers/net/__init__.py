"""What stands between a socket and a receiver: who may connect, how much, how fast, and for how long."""
