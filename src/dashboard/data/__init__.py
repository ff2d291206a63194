"""Pages about the data: its quality, the sensors, machines and events."""
