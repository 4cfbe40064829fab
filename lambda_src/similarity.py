"""The model: how similar texts are, by TF-IDF and cosine similarity, and which words carry each score.

Nothing is trained in advance. The texts of one request are the corpus: a word that all of them use has little weight,
and a rare word that two of them share has much.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

MAX_WORDS = 5  # the words reported for each match
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
    """The similarity of one text to the query.

    Arguments:
        index: the position of the text in the list given to `rank`, from 0.
        score: the cosine similarity, from 0 (no word in common) to 1 (the same words, equally often).
        words: the words and pairs of words that carried the score, the heaviest first, each with its share of it.
            They are in lower case, without accents.
    """

    index: int
    score: float
    words: list[tuple[str, float]]


def fold(text: str) -> str:
    """Return the text in lower case, without accents. The letter `ñ` is kept."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", re.sub("(?<!n)\u0303|[\u0300-\u0302\u0304-\u036f]", "", decomposed))


STOP_WORDS = {"en": frozenset(fold(ENGLISH).split()), "es": frozenset(fold(SPANISH).split())}


def detect_language(text: str) -> str:
    """Return the language, `en` or `es`, of which the text uses more stop words; `en` if both are equal."""
    words = re.findall(r"\w+", fold(text))
    return max(STOP_WORDS, key=lambda language: sum(word in STOP_WORDS[language] for word in words))


def has_words(text: str, language: str) -> bool:
    """Return whether the text has words to compare: more than stop words, single letters and punctuation."""
    return bool(new_vectorizer(language).build_analyzer()(text))


def new_vectorizer(language: str) -> TfidfVectorizer:
    """Return a vectorizer for words and pairs of words, without the stop words of the language.

    With `sublinear_tf`, the tenth use of a word in a text counts less than the first.
    """
    stop_words = sorted(STOP_WORDS[language])
    return TfidfVectorizer(preprocessor=fold, stop_words=stop_words, ngram_range=(1, 2), sublinear_tf=True)


def rank(query: str, texts: Sequence[str], language: str) -> list[Match]:
    """Rank texts by their similarity to a query, the best first. Texts with equal scores keep their order.

    Arguments:
        query: the text to compare with; `has_words` must be true for it.
        texts: the texts to rank, one or more.
        language: `en` or `es`: the language of the stop words.
    """
    vectorizer = new_vectorizer(language)
    vectors = vectorizer.fit_transform([query, *texts])
    scores = cosine_similarity(vectors[:1], vectors[1:])[0].round(DECIMALS)
    # The vectors have length 1, so the products of a text's weights and the query's add up to its score.
    products = vectors[1:].multiply(vectors[:1]).tocsr()
    vocabulary = vectorizer.get_feature_names_out()
    matches = []
    for index in np.argsort(-scores, kind="stable").tolist():
        row = products[[index]]
        words = zip(vocabulary[row.indices], row.data.round(DECIMALS).tolist(), strict=True)
        matches.append(Match(index, scores[index].item(), heaviest(words)))
    return matches


def heaviest(words: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """Return the heaviest words, leaving out each word of a pair that is already in the list.

    A pair comes before a word of the same weight.
    """
    chosen: list[tuple[str, float]] = []
    for word, weight in sorted(words, key=lambda pair: (-pair[1], -len(pair[0].split()), pair[0])):
        if not any(word in other.split() for other, _ in chosen):
            chosen.append((word, weight))
    return chosen[:MAX_WORDS]
