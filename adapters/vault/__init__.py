"""Secrets sealed with AES-256-GCM. A master key, from outside the database, wraps the keys that seal."""
