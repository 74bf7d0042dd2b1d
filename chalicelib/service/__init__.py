"""Use cases: plain functions that join the domain's decisions with the adapters behind the ports."""
