"""Everything outside the domain, behind the core's ports."""
