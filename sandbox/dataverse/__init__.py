"""Dataverse's Web API v9.2 with the rules of its tables."""
