"""The peers' programs find what is in here by PYTHONPATH: they run in environments of their own."""
