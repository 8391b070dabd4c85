"""From what a student sends to the source text of the wanted modules. Reads and parses; executes nothing."""
