"""Starts and stops the local stack: a local AWS, the Zoho simulator and the deployed, packaged template."""
