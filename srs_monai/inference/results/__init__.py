"""Content and names of result files, and what they say about how they were made."""
