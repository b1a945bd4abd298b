"""The PostgreSQL that Motet carries with itself for a single machine."""
