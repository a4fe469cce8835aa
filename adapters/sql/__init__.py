"""The database behind the ports: SQLite on one machine, PostgreSQL for many."""
