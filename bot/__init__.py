"""The processes: the command line, the HTTP app, the supervisor and the embedded services."""
