"""Zoho over HTTP: its hosts, tokens, calls, and what its answers hold."""
