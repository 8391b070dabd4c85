"""The names of people in a roster, as reports show them."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.intake.roster import read_roster


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("id,name\ns1,Ada Lovelace\n", "Ada Lovelace"),
        ('Student,ID,SIS User ID,SIS Login ID\n"Lovelace, Ada",s1,7,ada\n', "Lovelace, Ada"),  # Canvas
        ("First name,Surname,ID number,Email address\nAda,Lovelace,s1,ada@x.org\n", "Ada Lovelace"),  # Moodle
        ("Identifier,Full name,Email address\nParticipant 7,Ada Lovelace,s1\n", "Ada Lovelace"),
        ("Name,SID,Email\nAda Lovelace,s1,ada@x.org\n", "Ada Lovelace"),  # Gradescope
        ("id,first name\ns1,Ada\n", "Ada"),
        ("id,name,full name\ns1,ada,Ada Lovelace\n", "Ada Lovelace"),
        ("student\ns1\n", ""),
        ("id,name\ns1,s1\n", ""),
        ("id,email\ns1,ada@x.org\n", ""),
    ],
)
def test_the_name_is_what_the_roster_writes_in_its_columns_for_names(text: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(text, encoding="utf-8")
    read = read_roster(tmp_path / "roster.csv")
    assert read.names == ({"s1": name} if name else {})
