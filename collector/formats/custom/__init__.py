"""Formats that users declare, in the notation of the program that writes them."""
