"""A view's mass delete: listed first, started once, settled by ids."""
