"""Trained models of sensors: learnt, kept, and held against what came since."""

FOLDER = "sensors"
"""Where they are kept, below the folder of models."""
