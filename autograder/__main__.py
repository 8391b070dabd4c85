"""`python -m autograder` is `gradlab`."""

from autograder.cli.app import main

main()
