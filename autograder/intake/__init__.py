"""A downloaded class: platforms, roster, times, unpacking. For instructors."""
