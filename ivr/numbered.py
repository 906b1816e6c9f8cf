"""Names of prompts: which rendered text is meant by a reference, and by a number within a sentence.

Decides keys only. The texts are in `ivr/prompts/*.yaml`.
"""

NUMBERED_UP_TO = 20  # "you are number 1 … 20 in the line"; above that one sentence says "more than twenty"
SECONDS_IN_MINUTE = 60


def prompt_key(reference: str, language: str) -> str:
    """`greeting` in Korean is `ko/greeting`; `greeting@en` is `en/greeting` for everybody."""
    prompt, separator, fixed = reference.partition("@")
    return f"{fixed if separator else language}/{prompt}"


def numbered_key(reference: str, number: int, language: str) -> str:
    """The sentence of this family that says this number: `ko/position.3`, `ko/position.more`."""
    return f"{language}/{reference}.{number if number <= NUMBERED_UP_TO else 'more'}"


def whole_minutes(seconds: int) -> int:
    """Expected waits are said in minutes, rounded up, and never as none at all."""
    return max(1, -(-seconds // SECONDS_IN_MINUTE))
