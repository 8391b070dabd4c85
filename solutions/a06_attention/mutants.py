"""Wrong answers to a06, tokens and positions, each with the check that must notice it."""

from autograder.authoring.mutants import mutants_of

SIMPLE = "return (torch.arange(K) / K)[None, :, None].repeat(1, 1, M)"
ANGLE = "angle = position / 10000 ** (torch.arange(0, M, 2) / M)  # (K, ceil(M / 2))"
TABLE = "table = torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)"
SINUSOID_AGREES = "check_sinusoid_agrees_with_the_formula"


mutant = mutants_of("transformers.py")


# fmt: off
TOKENS = [
    mutant("tokens: numbered from 1", ("check_tokens_are_numbered_in_order", "check_any_vocabulary_is_numbered"),
           "enumerate(vocab)}", "enumerate(vocab, 1)}"),
    mutant("tokens: numbered in alphabetical order", "check_any_vocabulary_is_numbered",
           "enumerate(vocab)}", "enumerate(sorted(vocab))}"),
    mutant("sentences: every word is one token", "check_sentences_become_tokens",
           "tokens = [word] if word in spc_tokens else list(word)",
           "tokens = [word if word in spc_tokens else word[0]]"),
    mutant("sentences: digits from last to first", "check_sentences_become_tokens",
           "else list(word)", "else list(word)[::-1]"),
    mutant("sentences: numbers have two digits", "check_other_sentences_become_tokens",
           "else list(word)", "else [word[0], word[1]]"),
    mutant("sentences: splits words of digits alone", "check_other_sentences_become_tokens",
           "[word] if word in spc_tokens", "[word] if not word.isdigit()"),
    mutant("sentences: special words are recognised by capital letters", "check_other_sentences_become_tokens",
           "[word] if word in spc_tokens", '[word] if word.isupper() or word in ("add", "subtract")'),
    mutant("sentences: every word of the vocabulary is one token", "check_other_sentences_become_tokens",
           "[word] if word in spc_tokens", "[word] if word in token_dict"),
    mutant("sentences: the caller's list of special tokens grows", "check_other_sentences_become_tokens",
           "    numbers = []\n", "    numbers = []\n    spc_tokens.append(input_str)\n"),
    mutant("sentences: separated by blanks only", "check_other_sentences_become_tokens",
           "in input_str.split()", 'in filter(None, input_str.split(" "))'),
]

POSITION = [
    mutant("fractions: divided by K - 1",
           ("check_simple_positions_are_fractions", "check_simple_positions_on_other_sizes"),
           SIMPLE, SIMPLE.replace("/ K)", "/ max(K - 1, 1))")),
    mutant("fractions: along the embedding", "check_simple_positions_are_fractions",
           SIMPLE, "return (torch.arange(M) / M)[None, None].repeat(1, K, 1)"),
    mutant("sinusoid: sine and cosine swapped", SINUSOID_AGREES,
           TABLE, TABLE.replace("angle.sin(), angle.cos()", "angle.cos(), angle.sin()")),
    mutant("sinusoid: all sines, then all cosines", SINUSOID_AGREES,
           TABLE, "table = torch.cat([angle.sin(), angle.cos()], dim=1)"),
    mutant("sinusoid: transposed", (SINUSOID_AGREES, "check_sinusoid_on_other_sizes"),
           "return table[None, :, :M].float()", "return table[None, :, :M].float().mT"),
    mutant("sinusoid: the exponent is halved", SINUSOID_AGREES,
           ANGLE, ANGLE.replace("torch.arange(0, M, 2) / M", "torch.arange(0, M, 2) / (2 * M)")),
    mutant("sinusoid: for even lengths only", "check_sinusoid_on_other_sizes",
           ANGLE, ANGLE.replace("torch.arange(0, M, 2)", "torch.arange(0, M - 1, 2)")),
]
# fmt: on

MUTANTS = [*TOKENS, *POSITION]
