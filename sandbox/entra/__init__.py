"""Entra ID: who somebody is, said in signed tokens."""
