"""How reports are shown. Everything students wrote is made harmless here."""
