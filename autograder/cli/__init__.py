"""The command line: one file of commands for each kind of user. For students, instructors and authors."""
