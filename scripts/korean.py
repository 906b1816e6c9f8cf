"""Korean particles follow the sound before them (KR-20931은, KR-20932는). Decides which of a pair fits a value."""

_FIRST_SYLLABLE, _LAST_SYLLABLE = 0xAC00, 0xD7A3
_FINALS = 28
_FINAL_RIEUL = 8
# How a value's last character is read aloud: 0 영, 1 일, 3 삼, 6 육, 7 칠, 8 팔 end in a consonant; L, M, N, R do.
_CLOSED = frozenset("013678LMNRlmnr")
_CLOSED_BY_RIEUL = frozenset("178LRlr")


def particle(value: str, closed: str, opened: str) -> str:
    """`closed` after a final consonant (은, 이, 을, 과, 으로), else `opened`; 으로 becomes 로 also after ㄹ."""
    last = next((character for character in reversed(value) if character.isalnum()), "")
    is_closed, is_rieul = _final(last)
    if closed.startswith("으로") and is_rieul:
        return opened
    return closed if is_closed else opened


def _final(character: str) -> tuple[bool, bool]:
    """Whether it ends in a consonant, and whether that is ㄹ."""
    if character and _FIRST_SYLLABLE <= ord(character) <= _LAST_SYLLABLE:
        final = (ord(character) - _FIRST_SYLLABLE) % _FINALS
        return final != 0, final == _FINAL_RIEUL
    return character in _CLOSED, character in _CLOSED_BY_RIEUL
