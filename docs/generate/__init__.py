"""Makes documents from the code. Each module writes one; --check says whether it is stale."""
