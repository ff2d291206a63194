"""The REST API: what Farol knows and can do, for other programs."""
