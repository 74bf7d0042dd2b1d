"""`make bench`: the product side by side with what a user would take instead, and with a bare baseline."""
