"""The web process: the HTTP API, health, metrics, and the platforms' own endpoints."""
