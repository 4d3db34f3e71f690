"""What a network sees of a table: its features, their bins, its clusters."""
