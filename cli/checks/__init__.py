"""The checks of `expunge doctor`, by what they look at. None of them changes anything."""
