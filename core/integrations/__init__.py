"""Connected services: connecting, testing, opening and revoking them, and keeping what they hold out of sight."""
