"""The Zoho adapters against what answers over HTTP: the simulator, or a small server."""
