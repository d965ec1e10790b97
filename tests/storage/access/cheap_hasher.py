"""Passwords hashed in no time, for tests of other things than that."""

import argon2

CHEAP_HASHER = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
