"""Reading plain words and writing safe Markdown: what several tools share, without I/O."""
