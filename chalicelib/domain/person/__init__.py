"""Erasing a person: who is meant, which records are theirs, what is done with each. Pure."""
