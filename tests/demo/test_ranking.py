"""The ranking: the order, the scores and the words that carry them, in two languages."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lambda_function import lambda_handler
from similarity import detect_language, fold, has_words, rank

from .events import asking, example

TEXTS = st.text(alphabet="abc ñé.,", max_size=30)


def scores(result: dict[str, Any]) -> dict[str, float]:
    return {line["offer"]: line["score"] for line in result["ranking"]}


def words(line: dict[str, Any]) -> list[str]:
    return [word["word"] for word in line["words"]]


@pytest.mark.parametrize(
    ("file", "language", "best", "word", "last"),
    [
        ("request.json", "en", ["pandas", "sqlalchemy"], "missing values", "pillow"),
        ("solicitud.json", "es", ["scrapy", "beautifulsoup4"], "paginas web", "pillow"),
    ],
)
def test_examples_rank_as_a_reader_would(file: str, language: str, best: list[str], word: str, last: str) -> None:
    result = lambda_handler(example(file), None)
    ranking = result["ranking"]
    assert result["language"] == language
    assert [line["offer"] for line in ranking[:2]] == best
    assert ranking[0]["score"] > 2 * ranking[1]["score"]
    assert word in words(ranking[0])
    assert ranking[-1]["offer"] == last
    assert ranking[-1]["score"] == 0
    assert ranking[-1]["words"] == []


def test_result_has_the_documented_shape() -> None:
    result = lambda_handler(asking("red bricks", "red bricks and mortar", "blue paint"), None)
    assert list(result) == ["requirement", "language", "ranking", "took_ms"]
    assert result["requirement"] == "needed"
    assert result["took_ms"] > 0
    assert [list(line) for line in result["ranking"]] == [["offer", "title", "score", "words"]] * 2
    assert [list(word) for word in result["ranking"][0]["words"]] == [["word", "weight"]]
    assert (result["ranking"][0]["offer"], result["ranking"][0]["title"]) == ("0", "offer0")


def test_a_rare_word_counts_for_more_than_a_common_one() -> None:
    result = lambda_handler(asking("steel pipe", "copper pipe", "plastic pipe", "clay pipe", "steel rail"), None)
    assert result["ranking"][0]["offer"] == "3"


def test_all_fields_are_compared() -> None:
    request = asking("bricks", "mortar", "paint", "glass")
    request["requirement"] |= {"title": "Glass", "keywords": "paint"}
    request["offers"][0]["title"] = "Bricks"
    assert all(score > 0 for score in scores(lambda_handler(request, None)).values())


def test_equal_scores_keep_the_order_given() -> None:
    offers = ["nothing shared", "red bricks", "other things", "red bricks"]
    assert [match.index for match in rank("red bricks", offers, "en")] == [1, 3, 0, 2]


def test_the_same_text_scores_one_and_an_unrelated_text_zero() -> None:
    scores = [match.score for match in rank("red bricks", ["blue paint", "red bricks"], "en")]
    assert repr(scores) == "[1.0, 0.0]"  # numbers of one kind, in JSON too


def test_a_word_is_not_repeated_beside_a_pair_that_weighs_as_much() -> None:
    [match] = rank("time series", ["a time series of sales"], "en")
    assert [word for word, _ in match.words] == ["time series"]


def test_at_most_five_words_the_heaviest_first() -> None:
    [match, _] = rank("one1 two2 six6 ten7 red8 sky9", ["sky9 red8 ten7 six6 two2 one1", "red8"], "en")
    weights = [weight for _, weight in match.words]
    assert len(weights) == 5
    assert weights == sorted(weights, reverse=True)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We need a tool for the web", "en"),
        ("Necesitamos una herramienta para la web", "es"),
        ("¿QUÉ ES ESTO? ¡Según él, así está aún más allá!", "es"),
        ("pandas", "en"),
    ],
)
def test_the_language_is_detected_by_its_stop_words(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_the_language_given_wins() -> None:
    request = asking("una casa para la playa", "una casa", language="en")
    assert lambda_handler(request, None)["language"] == "en"
    assert "una casa" in words(lambda_handler(request, None)["ranking"][0])


def test_stop_words_carry_nothing() -> None:
    assert scores(lambda_handler(asking("the bricks of the wall", "the paint of the door"), None)) == {"0": 0}
    assert scores(lambda_handler(asking("los ladrillos de la pared", "la pintura de las puertas"), None)) == {"0": 0}


@pytest.mark.parametrize(
    ("text", "folded"),
    [("EXTRACCIÓN", "extraccion"), ("Año", "año"), ("AN\u0303O", "año"), ("pingüino", "pinguino"), ("x²", "x2")],
)
def test_accents_are_folded_but_enye_stays(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_accents_and_case_make_no_difference() -> None:
    assert rank("Extracción", ["EXTRACCION"], "es")[0].score == 1


@settings(deadline=None)
@given(query=TEXTS.filter(lambda text: has_words(text, "es")), offers=st.lists(TEXTS, min_size=1, max_size=6))
def test_scores_of_any_texts_are_in_range_and_in_order(query: str, offers: list[str]) -> None:
    matches = rank(query, offers, "es")
    assert sorted(match.index for match in matches) == list(range(len(offers)))
    assert [(-m.score, m.index) for m in matches] == sorted((-m.score, m.index) for m in matches)
    for match in matches:
        assert 0 <= match.score <= 1
        assert sum(weight for _, weight in match.words) <= match.score + 0.005
        assert bool(match.words) == (match.score > 0)
