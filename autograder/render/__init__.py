"""How a report is shown: HTML, a class overview, CSV, the terminal, a notebook cell. Decides no points."""
