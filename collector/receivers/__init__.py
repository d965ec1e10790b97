"""Ways in: wire framing, limits, and an answer to the client once its payload is durable."""
