"""The JSON API under /api/v1/: the verbs of the pages, for programs, with the same rights."""
