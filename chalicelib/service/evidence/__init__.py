"""Evidence is written once a minute: receipts, the operators' entries, and a head that names both."""
