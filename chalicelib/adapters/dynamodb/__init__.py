"""The table in DynamoDB: deletions, deliveries, leases, operators' settings, policies."""
