"""Virtual time: the same centre and the same protocols, run faster than life and the same every time."""
