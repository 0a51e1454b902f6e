"""What prompts may ask for, and the disguises in which it is found all the same."""

import asyncio
import sys
from pathlib import Path

import pytest

from tinct.errors import ParameterError, PromptHookError, UnsafePromptError
from tinct.jobs.prompts import Prompts, Words
from tinct.settings import Settings

WORDS = Words()


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        ("a nude woman on a beach", "nudity"),
        ("A NUDE woman", "nudity"),
        ("n\u00fad\u00e9", "nudity"),  # accents
        ("nu\u200bde portrait", "nudity"),  # a character without width
        ("n\u00adude", "nudity"),  # a soft hyphen
        ("n u d e", "nudity"),
        ("a n u d e woman", "nudity"),
        ("paint a n.u.d.e", "nudity"),
        ("n.u.d.e art", "nudity"),
        ("n-u_d-e", "nudity"),
        ("nuuuuude", "nudity"),
        ("nud3", "nudity"),
        ("p0rn0gr4phy", "sex"),
        ("$ex", "sex"),
        ("n*de", "nudity"),
        ("f**k", "sex"),
        ("\uff4e\uff55\uff44\uff45", "nudity"),  # full width
        ("\U0001d427\U0001d42e\U0001d41d\U0001d41e", "nudity"),  # mathematical letters
        ("nud\u0435", "nudity"),  # a Cyrillic letter
        ("p\u03bfrn", "sex"),  # a Greek one
        ("nUdE", "nudity"),
        ("n\u200du\u200dd\u200de", "nudity"),  # joiners
        ("n\u0336u\u0336d\u0336e\u0336", "nudity"),  # struck through
        ("n\tu\nd\u3000e", "nudity"),  # other kinds of space
        ("nu-de", "nudity"),
        ("nu_de art", "nudity"),
        ("por.nography", "sex"),
        ("n ude", "nudity"),
        ("a nud e figure", "nudity"),
        ("\u0274\u1d1c\u1d05\u1d07", "nudity"),  # small capitals
        ("\u24dd\u24e4\u24d3\u24d4", "nudity"),  # in circles
        ("\U0001f17d\U0001f184\U0001f173\U0001f174", "nudity"),  # white on black squares
        ("\U0001f1f3\U0001f1fa\U0001f1e9\U0001f1ea", "nudity"),  # letters of flags
        ("\u0578\u057d\u0501\u0435", "nudity"),  # Armenian and Cyrillic
        ("\u0438ude", "nudity"),  # a Cyrillic letter that is an N the wrong way round
        ("\u0440or\u014b", "sex"),  # some letters of phonetics
        ("\u202en\u202cude", "nudity"),  # marks of direction
        ("se\u00d7ual", "sex"),  # a sign of multiplication
        ("голая женщина", "nudity"),
        ("海边的裸女", "nudity"),
        ("entblößt am Strand", "nudity"),
        ("beheaded knight", "violence"),
        ("a severed head on a spike", "violence"),
        ("white power rally", "hate"),
        ("a sexy schoolgirl", "minors"),
        ("child, 8 years old, in lingerie", "minors"),
    ],
)
def test_what_is_on_the_list_is_found_in_any_disguise(prompt, kind):
    found = WORDS.find(prompt)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "a harbour at dawn",
        "Jupiter as the naked eye sees it",
        "a woman with nude lipstick and red nails",
        "a peacock in Essex, painted with a sextant",
        "grapes, a therapist, and an analysis of Scunthorpe",
        "two great tits on a branch",
        "a child with a balloon at the zoo",
        "a sexy sports car",
        "rapeseed under a blue sky",
        "Middlesex county hall, 3 * 4 metres, 100% wool",
        "a b c d e f g",
        "классический портрет пожилой женщины",
        "海边的日出",
        "!!! $$$ @@@ *** ###",
        "the skyscraper at number 5318008",
        "the pen is on the table, and as sets go it is fine",
        "a state-of-the-art well-known twenty-one-gun salute",
        "vitamin c on plan b, i am at gate e 5",
        "plan a: nu metal, art nouveau, de luxe",
    ],
)
def test_what_only_sounds_alike_passes(prompt):
    assert WORDS.find(prompt) is None


def test_ten_thousand_characters_are_looked_through_at_little_cost():
    assert WORDS.find("a quiet harbour at dawn, " * 400) is None
    assert WORDS.find("a quiet harbour at dawn, " * 400 + "n u d e") is not None


def test_an_operators_list_adds_to_the_packages_or_takes_its_place(tmp_path: Path):
    own = tmp_path / "words.toml"
    own.write_text('innocent = ["acme free"]\n[kinds.brand]\nwords = ["acme*"]\n')
    words = Words(own)
    assert words.find("an Acmé poster").kind == "brand"
    assert words.find("an acme free poster") is None
    assert words.find("a nude").kind == "nudity"
    own.write_text('replace = true\n[kinds.brand]\nwords = ["acme*"]\n')
    words = Words(own)
    assert words.find("a nude") is None
    assert words.find("acmeville") is not None


@pytest.mark.parametrize("text", ["kinds = 3", "[kinds.x]\nword = ['a']", "not toml", None])
def test_a_list_that_is_none_is_refused_at_the_start(tmp_path: Path, text):
    own = tmp_path / "words.toml"
    if text is not None:
        own.write_text(text)
    with pytest.raises(ParameterError, match="TINCT_PROMPT_WORDS"):
        Prompts(Settings(prompt_words=own))


def asked(prompt: str, **settings) -> None:
    asyncio.run(Prompts(Settings(**settings)).check(prompt, "acct_1", "generate"))


def test_the_list_is_left_out_where_the_operator_says_so():
    with pytest.raises(UnsafePromptError, match=r"'nude' \(nudity\)"):
        asked("a nude")
    asked("a nude", generation_check=False)


def judge(prompt: str, account: str, effect: str) -> str | None:
    assert (account, effect) == ("acct_1", "generate")
    return "no dragons here" if "dragon" in prompt else None


async def slow_judge(prompt: str, account: str, effect: str) -> None:
    await asyncio.sleep(30)


def broken_judge(prompt: str, account: str, effect: str) -> None:
    raise RuntimeError("of the operator's own")


def test_a_function_of_the_operator_judges_too():
    asked("a harbour", prompt_hook=f"{__name__}:judge")
    with pytest.raises(UnsafePromptError, match="no dragons here"):
        asked("a dragon", prompt_hook=f"{__name__}:judge", generation_check=False)


def test_a_command_of_the_operator_judges_too(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("TINCT_SECRET", "x" * 32)
    script = tmp_path / "judge.py"
    script.write_text(
        "import json, os, sys\nasked = json.load(sys.stdin)\n"
        "assert 'TINCT_SECRET' not in os.environ\n"
        "print('no dragons here' if 'dragon' in asked['prompt'] else '')\nsys.exit('dragon' in asked['prompt'])\n"
    )
    hook = f"{sys.executable} {script}"
    asked("a harbour", prompt_hook=hook, prompt_hook_s=60)
    with pytest.raises(UnsafePromptError, match="no dragons here"):
        asked("a dragon", prompt_hook=hook, prompt_hook_s=60)


@pytest.mark.parametrize(
    "hook",
    [f"{__name__}:slow_judge", f"{__name__}:broken_judge", "/bin/false-is-missing", "/bin/sh -c 'exit 3'"],
)
def test_nothing_passes_where_the_hook_fails(hook):
    with pytest.raises(PromptHookError):
        asked("a harbour", prompt_hook=hook, prompt_hook_s=0.5)


def test_a_hook_that_is_not_there_is_refused_at_the_start():
    with pytest.raises(ParameterError, match="TINCT_PROMPT_HOOK"):
        Prompts(Settings(prompt_hook="nowhere.at.all:judge"))
