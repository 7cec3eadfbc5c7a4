"""Business Central's API and the rules of its tables."""
