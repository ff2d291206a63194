"""Trained models of sensors: learnt, kept, and held against what came since."""
