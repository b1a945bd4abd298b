"""The generators that write every word motet-tiny is trained on. Pure Python, seeded."""
