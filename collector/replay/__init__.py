"""Dead letters that are read again, once their format can read them."""
