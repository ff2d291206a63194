"""What models of sensors stand on: predictions that were kept, readings to learn from, which sensors can be trained."""
