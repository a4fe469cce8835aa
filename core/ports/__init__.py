"""What the core needs from outside: small async protocols, named by their role."""
