"""The model: how alike texts are, by TF-IDF and cosine, and which words make them so.

Nothing is trained beforehand: the texts of one request are the corpus, so a word that every one of them uses counts for
little and a rare one that two of them share counts for much. scikit-learn cuts the texts into words.
"""

import functools
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from sklearn.feature_extraction.text import CountVectorizer

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
    words = re.findall(r"\w+", fold(text))
    return max(STOP_WORDS, key=lambda language: sum(map(STOP_WORDS[language].__contains__, words)))


def has_words(text: str, language: str) -> bool:
    """Whether anything of the text can be compared: not when it is all stop words, single letters and punctuation."""
    return bool(_analyzer(language)(text))


def rank(wanted: str, texts: Sequence[str], language: str) -> list[Match]:
    """The texts in the order in which they match the wanted one, the best first; equal scores keep the order given.

    Arguments:
        wanted: the text to compare with; `has_words` must hold for it.
        texts: the texts to rank, one or more.
        language: `en` or `es`: whose stop words to leave out.
    """
    analyze = _analyzer(language)
    uses = [Counter(analyze(text)) for text in (wanted, *texts)]
    users = Counter(chain.from_iterable(uses))
    rarity = {word: 1 + math.log((1 + len(uses)) / (1 + count)) for word, count in users.items()}
    sought, *vectors = [_vector(counts, rarity) for counts in uses]
    matches = [_match(place, sought, vector) for place, vector in enumerate(vectors)]
    return sorted(matches, key=lambda match: -match.score)


@functools.cache
def _analyzer(language: str) -> Callable[[str], list[str]]:
    """What cuts a text into words and pairs, without the language's stop words. Making one is a tenth of a request."""
    vectorizer = CountVectorizer(preprocessor=fold, stop_words=sorted(STOP_WORDS[language]), ngram_range=(1, 2))
    analyze: Callable[[str], list[str]] = vectorizer.build_analyzer()
    return analyze


def _vector(counts: Mapping[str, int], rarity: Mapping[str, float]) -> dict[str, float]:
    """What each word of a text weighs; the vector's length is 1.

    The weights are those of TfidfVectorizer: the tenth use of a word counts less than the first (`sublinear_tf`), a
    word of many texts less than one of few. With so few texts that class takes three times as long, most of it to check
    the matrices that it makes on the way.
    """
    weights = {word: (1 + math.log(count)) * rarity[word] for word, count in counts.items()}
    length = math.hypot(*weights.values())
    return {word: weight / length for word, weight in weights.items()}


def _match(place: int, sought: Mapping[str, float], vector: Mapping[str, float]) -> Match:
    """The cosine of two vectors, and the part that each word has in it."""
    parts = {word: weight * sought[word] for word, weight in vector.items() if word in sought}
    words = [(word, round(part, DECIMALS)) for word, part in parts.items()]
    return Match(place, round(math.fsum(parts.values()), DECIMALS), _heaviest(words))


def _heaviest(words: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """The first few by weight, a pair before a word that weighs the same; no word that a chosen pair shows already."""
    chosen: list[tuple[str, float]] = []
    for word, weight in sorted(words, key=lambda part: (-part[1], -len(part[0].split()), part[0])):
        if not any(word in pair.split() for pair, _ in chosen):
            chosen.append((word, weight))
    return chosen[:WORDS_SHOWN]
