"""Fit and predict: from a table and marked labels to a trained network and back."""
