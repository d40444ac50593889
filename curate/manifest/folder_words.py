"""Names of folders that are hardly ever classes."""

import re

_SPLIT = (
    r"(train(ing)?|val(id(ation)?)?|dev|test(ing)?|eval(uation)?|hold[-_ ]?out|trainval|minival)"
    r"([-_ .]?(set|data|split|images?|imgs?|part|\d+))*"
)
_DATE = r"(19|20)\d\d([-_. ]?\d\d?){0,2}|\d\d?[-_.]\d\d?[-_.](19|20)\d\d"
_CONTAINER = (
    r"(images?|imgs?|pictures?|pics?|photos?|jpe?gs?|pngs?|data(set)?s?|raw|full|originals?|crops?"
    r"|thumb(nail)?s?|downloads?|masks?|labels?|annotations?|class(es)?|categor(y|ies))([-_ ]?\d+)?"
    r"|(fold|part|batch|shard|chunk|split|set|page)s?([-_ ]?\d+)?"
)
_SOURCE = (
    r"(google|bing|baidu|yahoo|yandex|duckduckgo|ddg|flickr|instagram|pinterest|unsplash|pexels"
    r"|wikimedia|commons|imagenet|web)([-_ ]?images?)?"
)
_BUCKET = r"\d+|[0-9a-f]{2,3}"


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


PART = re.compile(r"(.*[-_ .])?(train|val|valid|test)([-_ .].*)?", re.IGNORECASE)
"""Such as seg_train, cats-test: parts of a split if all folders have such names, never classes."""
SPLIT = _words(_SPLIT)
"""Such as train, val2017, test-set."""
CONTAINER = _words(_CONTAINER, _SPLIT)
"""Such as images, fold_1."""
NO_CLASS = _words(_CONTAINER, _SPLIT, _DATE)
"""Also dates, 2024-05-01 and 2024."""
WITHIN_CLASS = _words(_CONTAINER, _SPLIT, _DATE, _SOURCE, _BUCKET)
"""What people put below a class: also where pictures come from, numbers, and first letters."""
