"""The model: how alike texts are, by TF-IDF and cosine, and which words make them so.

Nothing is trained beforehand: the texts of one request are the corpus, so a word that every one of them uses counts for
little and a rare one that two of them share counts for much.
"""

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer

# The vectorizer's parameters are constants, and what it counts is finite: to check both anew is an eighth of a request.
sklearn.set_config(assume_finite=True, skip_parameter_validation=True)

WORDS_SHOWN = 5  # the words reported for each match
DECIMALS = 3  # of scores and weights

ENGLISH = """
    a about above after again against all also am an and any are as at be because been before being below between both
    but by can cannot could did do does doing don down during each either else etc every few for from further get gets
    had has have having he her here hers him his how however if in into is it its itself just let like lot make makes
    many may me might more most much must my need needed needs neither no nor not of off on once one only onto or other
    others our ours out over own per rather same shall she should since so some such than that the their theirs them
    then there these they this those through thus to too under until up upon us use used uses using very via want
    wanted wants was we well were what when where whether which while who whom whose why will with within without would
    yet you your yours
"""
SPANISH = """
    a además al algo alguna algunas alguno algunos algún ante antes aquel aquella aquellas aquellos aquí así aun aunque
    aún bajo bien busca buscamos cada casi como con contra cual cuales cualquier cuando cuál cómo cuándo de debe deben
    del desde donde dos durante dónde e el ella ellas ello ellos en entonces entre era eran es esa esas ese eso esos
    está están esta estas este esto estos etc fue fueron ha hace hacen hacer hacia han has hasta hay he incluso la las
    le les lo los luego me mediante menos mi mientras mis mucha muchas mucho muchos muy más mí nada necesita necesitamos
    necesito ni no nos nosotros nuestra nuestras nuestro nuestros o os otra otras otro otros para pero poco por porque
    pueda puede pueden pues que quien quienes quiere quiero qué se sea sean según ser si sido sin sino sobre son su sus
    sí también tan tanto te tiene tienen toda todas todo todos tras tu tus u un una unas uno unos usa usan usar usted
    varias varios y ya yo él
"""


@dataclass(frozen=True)
class Match:
    """How well one text matches.

    Arguments:
        place: where the text stood among those given, from 0.
        score: the cosine, from 0 (no word in common) to 1 (the same words as often).
        words: what carried the score, heaviest first: words and pairs of words, folded, each with its part of it.
    """

    place: int
    score: float
    words: list[tuple[str, float]]


def fold(text: str) -> str:
    """The text in lower case without accents. `ñ` stays: it is a letter of its own."""
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", re.sub("(?<!n)\u0303|[\u0300-\u0302\u0304-\u036f]", "", letters))


STOP_WORDS = {"en": frozenset(fold(ENGLISH).split()), "es": frozenset(fold(SPANISH).split())}


def detect(text: str) -> str:
    """The language, `en` or `es`, whose stop words the text uses more; `en` when it is even."""
    words = Counter(re.findall(r"\w+", fold(text)))
    return max(STOP_WORDS, key=lambda language: sum(words[word] for word in STOP_WORDS[language] & words.keys()))


def has_words(text: str, language: str) -> bool:
    """Whether anything of the text can be compared: not when it is all stop words, single letters and punctuation."""
    return bool(_vectorizer(language).build_analyzer()(text))


def rank(wanted: str, texts: Sequence[str], language: str) -> list[Match]:
    """The texts in the order in which they match the wanted one, the best first; equal scores keep the order given.

    Arguments:
        wanted: the text to compare with; `has_words` must hold for it.
        texts: the texts to rank, one or more.
        language: `en` or `es`: whose stop words to leave out.
    """
    vectorizer = _vectorizer(language)
    vectors = vectorizer.fit_transform([wanted, *texts])
    sought = vectors[0].toarray()[0]
    parts = vectors.data * sought[vectors.indices]  # vectors have length 1: the sum of a row's parts is its cosine
    rows = [slice(*ends) for ends in pairwise(vectors.indptr[1:].tolist())]
    names = vectorizer.get_feature_names_out()
    matches = [_match(place, parts[row], names[vectors.indices[row]]) for place, row in enumerate(rows)]
    return sorted(matches, key=lambda match: -match.score)


@functools.cache
def _vectorizer(language: str) -> Any:
    """Words and pairs of words; the tenth use of a word in a text counts less than the first (`sublinear_tf`).

    Kept from one request to the next, which Lambda sends one at a time: a new one would check its stop words anew.
    """
    stop_words = sorted(STOP_WORDS[language])
    return TfidfVectorizer(preprocessor=fold, stop_words=stop_words, ngram_range=(1, 2), sublinear_tf=True)


def _match(place: int, parts: Any, names: Any) -> Match:
    words = [(name, round(part, DECIMALS)) for name, part in zip(names, parts.tolist(), strict=True) if part]
    return Match(place, round(float(parts.sum()), DECIMALS), _heaviest(words))


def _heaviest(words: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """The first few by weight, a pair before a word that weighs the same; no word that a chosen pair shows already."""
    chosen: list[tuple[str, float]] = []
    for word, weight in sorted(words, key=lambda part: (-part[1], -len(part[0].split()), part[0])):
        if not any(word in pair.split() for pair, _ in chosen):
            chosen.append((word, weight))
    return chosen[:WORDS_SHOWN]
