"""The job queue, live events and limits that share Redis."""
