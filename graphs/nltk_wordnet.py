"""WordNet 3.0, which comes with this package: opened by NLTK, and read in a fraction of its time.

The only module of the project that imports nltk. `wordnet.zip` has the files of Debian's package
wordnet-base as they are, and `lexnames` (lexnames(5WN)); without those that no lookup needs.
Princeton's licence is in WORDNET-LICENSE.
"""

import io
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from nltk.corpus.reader.wordnet import WordNetCorpusReader, WordNetError
from nltk.data import PathPointer, SeekableUnicodeStreamReader

ARCHIVE = Path(__file__).with_name("wordnet.zip")
SHA256 = "c6b129f140d0e74786492ee43de56097adaebbc8005e272ee848ad5154482b98"
"""Of the archive: other data are other code, and what was made from them is made again."""


class _Packed(PathPointer):  # type: ignore[misc]
    """A file of the archive; NLTK's own class reads only below NLTK's data path."""

    def __init__(self, archive: ZipFile, name: str = "") -> None:
        self._archive, self._name = archive, name

    def open(self, encoding: str = "utf8") -> SeekableUnicodeStreamReader:
        return SeekableUnicodeStreamReader(io.BytesIO(self._archive.read(self._name)), encoding)

    def file_size(self) -> int:
        return self._archive.getinfo(self._name).file_size

    def join(self, fileid: str) -> "_Packed":
        return _Packed(self._archive, fileid)


class PackedReader(WordNetCorpusReader):  # type: ignore[misc]
    """NLTK's reader for English, of the WordNet that comes with this package."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about missing languages other than English
            super().__init__(_Packed(ZipFile(ARCHIVE)), None)

    def map_wn(self, version: str = "wordnet") -> None:
        """Map nothing: NLTK's constructor calls this for the other languages."""

    def open(self, file: str) -> Any:
        """Open a file of the archive."""
        return self._root.join(file).open()


class EnglishReader(PackedReader):
    """A reader that parses only the index lines of words that are looked up.

    NLTK parses all 155,000 lines of the index when it opens, and maps WordNet's versions for other
    languages: this takes seconds.
    """

    _index_lines = ""
    """The lines that NLTK's parser gets when it opens an index next."""

    def entry_of_id(self, pos: str, offset: int) -> Any | None:
        """Return NLTK's synset at an offset of a part of speech; None if there is none."""
        with warnings.catch_warnings():  # NLTK warns about an unknown offset
            warnings.simplefilter("ignore")
            return self.synset_from_pos_and_offset(pos, offset)

    def entry_of_name(self, name: str) -> Any | None:
        """Return NLTK's synset of this name (tabby.n.01); None if there is none."""
        try:
            return self.synset(name)
        except WordNetError:
            return None

    def open(self, file: str) -> Any:
        """Open a file: data as Python's stream, NLTK's is slow; an index as the chosen lines."""
        if file.startswith("index."):
            lines, self._index_lines = self._index_lines, ""
            return io.StringIO(lines)
        return self._in_memory(file) if file.startswith("data.") else super().open(file)

    def _in_memory(self, file: str) -> io.TextIOWrapper:
        with super().open(file) as stream:
            return io.TextIOWrapper(io.BytesIO(stream.stream.read()), self._ENCODING)

    def _load_lemma_pos_offset_map(self) -> None:
        self._lemma_pos_offset_map = _Index(self._lines_of_words(), self._parse)

    def _lines_of_words(self) -> dict[str, str]:
        lines: dict[str, str] = {}
        for part in self._FILEMAP.values():
            for line in self._in_memory(f"index.{part}"):
                word = line[: line.index(" ")]
                lines[word] = lines.get(word, "") + line
        return lines

    def _parse(self, index_lines: str) -> None:
        self._index_lines = index_lines
        super()._load_lemma_pos_offset_map()


class _Index(dict[str, dict[str, list[int]]]):
    """NLTK's index (word -> part of speech -> offsets), parsed word by word when first needed."""

    def __init__(self, lines: Mapping[str, str], parse: Callable[[str], None]) -> None:
        self._lines, self._parse = lines, parse

    def __contains__(self, word: object) -> bool:
        return word in self._lines

    def __missing__(self, word: str) -> dict[str, list[int]]:
        self[word] = {}
        self._parse(self._lines.get(word, ""))
        return self[word]
