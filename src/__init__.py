"""Farol: an ML dashboard for sensor data."""

__version__ = "0.1.0"
