"""Secrets that stand in texts of others, made unreadable."""

import re
from typing import Final

MASK: Final = "***"

_NAMES: Final = (
    r"(?:token|secret|passw(?:or)?d|passwd|passphrase|pwd|credentials|signature|sig"
    r"|(?:api|access|account|auth|encryption|license|private|secret|shared|signing|storage)[_ -]?key(?:[_-]?id)?)"
)
"""How the name of a secret ends, as in `HF_TOKEN` and `client_secret`."""
_VALUE: Final = (
    r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\[[^\]\n]*\]|\((?=['"])[^)\n]*\)"""
    r"""|(?:Bearer\s+|Basic\s+|token\s+)?[^\s"',;&)}\]]+)"""
)
_HARMLESS: Final = re.compile(
    r"(?:eos|bos|pad|unk|sep|cls|mask|stop|special|image|unexpected)[_ ]token[\"']?\s*(?:[:=]|=>)"
    r"|(?:[:=]|=>)\s*(?:not|no|is|missing|invalid|unable|cannot|exit|null|None|true|false)\b",
    re.IGNORECASE,
)
"""Tokens of a tokenizer, and the words that an error goes on with."""

_PATTERNS: Final = (
    # Where a name of any length may begin, it begins where the run of its characters does: if every character could
    # begin one, a long run would take a time that grows with the square of its length.
    # Names of keys as they stand in JSON, YAML, environments, query strings and command lines, with their value.
    re.compile(rf"""(?P<keep>["']?(?<![\w.-])[\w.-]*{_NAMES}["']?\s*(?:[:=]|=>)\s*){_VALUE}""", re.IGNORECASE),
    re.compile(rf"(?P<keep>\b(?:api|access|secret) key\s*[:=]\s*){_VALUE}", re.IGNORECASE),
    re.compile(r"(?P<keep>\bauthorization[\"']?\s*[:=]\s*[\"']?(?:Bearer|Basic|token)?\s*)[^\s\"',;]+", re.IGNORECASE),
    # Flags and their values, on a command line or in a list of arguments.
    re.compile(rf"""(?P<keep>(?<![\w-])--?[\w-]*{_NAMES}(?:["'],\s*|\s+)["']?)(?!-)[^\s"',\]]+""", re.IGNORECASE),
    re.compile(r"""(?P<keep>["']auth["']\s*:\s*)["'][^"'\n]+["']""", re.IGNORECASE),
    re.compile(r"(?P<keep>\b(?:set-)?cookie:\s*)[^\s;]+", re.IGNORECASE),
    re.compile(r"(?P<keep>(?<!\S)-u\s+[^\s:]+:)\S+"),
    re.compile(r"(?P<keep>\b(?:key|token|password) provided:\s*)\S+", re.IGNORECASE),
    re.compile(r"(?P<keep>\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE),
    # user:password@ in an address.
    re.compile(
        r"""(?P<keep>(?<![a-z0-9+.-])[0-9+.-]*[a-z][a-z0-9+.-]*://[^\s/:@]*:)(?!\d+/)[^\s"'<>]{1,128}(?=@[^\s@/])""",
        re.IGNORECASE,
    ),
    # Hugging Face, AWS (long-lived and temporary keys), GitHub, GitLab, NVIDIA NGC, OpenAI, Slack, Google.
    re.compile(r"(?P<keep>)\b(?:hf_|api_org_)[A-Za-z0-9]{8,}"),
    re.compile(r"(?P<keep>)\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}"),
    re.compile(r"(?P<keep>)\b(?:gh[pousr]_|github_pat_|glpat-|nvapi-|sk-|xox[abprs]-)[A-Za-z0-9_-]{8,}"),
    re.compile(r"(?P<keep>)\bAIza[A-Za-z0-9_-]{30,}"),
    # A JSON Web Token.
    re.compile(r"(?P<keep>)\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"),
    re.compile(r"(?P<keep>-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?=-----END|\Z)", re.DOTALL),
)


def masked(text: str) -> str:
    """The text with `***` in the place of tokens, keys and passwords.

    What gives a secret away is its own form (`hf_…`, `AKIA…`, a JSON Web Token, `user:password@`) or the name beside
    it (`*token`, `*secret`, `*password`, …), so that a name in a sentence, such as "secret nope", stays readable.
    """
    for pattern in _PATTERNS:
        text = pattern.sub(_mask, text)
    return text


def _mask(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - len("unexpected ")) : match.start()]
    return match[0] if _HARMLESS.search(before + match[0]) else f"{match['keep']}{MASK}"
