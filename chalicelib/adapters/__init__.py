"""One file or package for each outside system: Zoho, the table, the queue, the topic, the secrets."""
