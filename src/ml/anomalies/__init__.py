"""Anomalies in readings over time: two detectors, the online recipe around them, and the rules for sensor faults."""
