"""Looking at deletions until they end."""
