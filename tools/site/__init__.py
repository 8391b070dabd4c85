"""What makes the site of the documentation: generated pages (hooks.py, reference.py) and pictures (pictures.py)."""
