"""`expunge erase` and `expunge person-map`: everything that belongs to one person."""
