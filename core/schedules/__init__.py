"""Instructions that come again: understood from words, kept as rows, begun when their slot has come."""
