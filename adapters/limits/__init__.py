"""Counting requests in Redis, and in this process where Redis is out."""
