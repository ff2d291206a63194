"""Readings from files: understood, checked as a whole, and stored all or not at all."""
