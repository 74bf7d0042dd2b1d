"""What a third party can check: receipts, records, heads, and the operators' entries."""
