"""Expunge: signed, durable, explainable deletions for Zoho CRM."""

import gc

# A cold start makes about a hundred thousand objects that stay. Python looks through them after each 700 new
# ones, which takes a tenth of the processor time of a start and finds nothing.
gc.set_threshold(150_000, 10, 10)
