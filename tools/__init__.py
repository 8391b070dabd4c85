"""Programs that trained the shipped weights. Nothing imports them but their tests."""
