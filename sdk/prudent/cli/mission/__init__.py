"""What `prudent demo` works on: a receipt, a voice memo, a handbook, a letter with an order hidden in it."""
