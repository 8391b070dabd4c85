"""Right solutions of words.py in other styles: no check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("words.py")

VARIANTS = [
    variant(
        "a dict, and a split",
        body(
            "word_counts",
            """
            counts = {}
            for word in re.split("[^A-Za-z]+", text):
                if word:
                    counts[word.lower()] = counts.get(word.lower(), 0) + 1
            if counts == {}:
                raise ValueError(text)
            return counts
            """,
        ),
    ),
    variant(
        "lists, made an array at the end",
        body(
            "edit_distance",
            """
            rows = [list(range(len(second) + 1))]
            for i, a in enumerate(first):
                row = [i + 1]
                for j, b in enumerate(second):
                    row.append(min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a != b)))
                rows.append(row)
            return np.array(rows)
            """,
        ),
    ),
]
