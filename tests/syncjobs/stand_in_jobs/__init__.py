"""Jobs made for tests, and what they left behind."""
