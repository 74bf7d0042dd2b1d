"""Everything that knows HTTP: signatures, schemas, answers, the status page."""
