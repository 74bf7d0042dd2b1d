"""What is about Zoho's recycle bin: restoring what a deletion took, and deleting it for good."""
