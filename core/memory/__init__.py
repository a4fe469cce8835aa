"""In-memory implementations of the ports: for tests, trials and programs that embed the core."""
