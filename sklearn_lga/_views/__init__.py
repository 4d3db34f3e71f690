"""The closed form, which answers first, and what a network sees of a table."""
