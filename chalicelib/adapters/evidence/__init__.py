"""Where evidence lies (S3), what signs it (KMS), and what the table keeps about both."""
