"""The results of a class: the journal, the marks and the files generated from them. For instructors."""
