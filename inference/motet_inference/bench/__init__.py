"""`motet bench`: exact cases from a file, through the engine itself, beside the memory's limit."""
