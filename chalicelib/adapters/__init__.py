"""One outside system a file: Zoho, the table, the queue, the topic, the secrets."""
