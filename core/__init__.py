"""The domain: what an instruction is and how it becomes one answer, without any I/O of its own."""
