"""Expunge: signed, durable, explainable deletions for Zoho CRM."""
