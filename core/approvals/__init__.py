"""A person's yes before a tool changes the world: when it takes one, how it is asked, and what the answer does."""
