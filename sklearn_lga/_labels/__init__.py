"""What y says: which rows are labelled, and whether with classes or with targets."""
