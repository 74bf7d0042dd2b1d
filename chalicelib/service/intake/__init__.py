"""How a deletion is accepted."""
