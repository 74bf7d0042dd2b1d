"""Erasing a person: find, map, approval, do, look again."""
