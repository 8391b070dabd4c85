"""Views of reports: HTML pages, terminal, notebook table, CSV. Text that students wrote is made harmless here."""
