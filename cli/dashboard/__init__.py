"""`expunge dashboard`: an overview of a stage in the browser."""
