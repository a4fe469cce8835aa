"""Servers of the Model Context Protocol as a source of tools. What a server says is never trusted."""
