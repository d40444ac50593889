"""Embeddings of the texts about the classes, by a frozen text model."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curate.encoders.device import torch_device
from curate.errors import CurateError
from curate.options.graph import GraphOptions
from curate.relations.senses import ClassTable
from curate.relations.text_model import WEIGHTS, find_text_model
from curate.store.fingerprint import file_identity

if TYPE_CHECKING:
    from graphs.bert import FrozenBert
    from graphs.class_texts import ClassTexts
    from graphs.text_lstm import TextLSTM
    from graphs.wordnet import WordNet

Embeddings = NDArray[np.float32]


@dataclass(frozen=True)
class TextSource:
    """The texts of the classes and the model that reads them, each loaded when first needed."""

    options: GraphOptions
    table: ClassTable
    wordnet: Callable[[], "WordNet"]

    @cached_property
    def model_facts(self) -> dict[str, object]:
        """The files that identify the text model."""
        files = sorted(file for pattern in WEIGHTS for file in self._folder.glob(pattern))
        return {"text_model": [file_identity(file) for file in files]}

    @property
    def made_from(self) -> dict[str, object]:
        """What the classes' embeddings depend on."""
        read = [name for name in ("name", "description", "synset") if name in self.table.columns]
        texts = self.table.select(read).to_dict(as_series=False)
        return {"pooling": self.options.text_pooling, "texts": texts} | self.model_facts

    @cached_property
    def bert(self) -> "FrozenBert":
        """The text model; raises CurateError if the folder holds none."""
        from graphs.bert import FrozenBert

        try:
            return FrozenBert(self._folder, torch_device(self.options.device))
        except ValueError as error:
            raise CurateError(f"--text-model {self.options.text_model}: {error}") from error

    def embed_classes(self, which: str) -> Embeddings:
        """Embed the texts of the classes: (C, E).

        ``which`` is name, description, gloss ("name: gloss"), or '' for the description if any,
        else the name.
        NaN for a class without such a text; raises CurateError if no class has one.
        """
        from graphs.text import spread_over_classes

        texts = [own.text(which) for own in self._texts]
        known = [text for text in texts if text]
        if not known:
            raise CurateError(
                f"--graph text{which and ':'}{which}: no class has a text to read; give names or"
                " descriptions in a table with columns label, name, description (--classes FILE)."
            )
        return spread_over_classes(self._embed(known), [text is not None for text in texts])

    @property
    def names_facts(self) -> dict[str, object]:
        """What the embeddings of the classes' names depend on."""
        return {"names": self.table["name"].to_list()} | self.model_facts

    def embed_names(self) -> Embeddings:
        """Embed each class's name, pooled by mean as captions are: (C, E); NaN without a name.

        Raises CurateError unless two classes have one.
        """
        from graphs.text import spread_over_classes

        names = self.table["name"].to_list()
        known = [name for name in names if name]
        if len(known) < 2:
            raise CurateError(
                "--caption-agreement: fewer than two classes have a name to compare captions with;"
                " give names in a table with columns label, name (--classes FILE)."
            )
        return spread_over_classes(self.bert.means(known), [bool(name) for name in names])

    def _embed(self, texts: list[str]) -> Embeddings:
        if self.options.text_pooling == "mean":
            return self.bert.means(texts)
        return self._lstm.embed(self.bert.tokens(texts))

    @cached_property
    def _folder(self) -> Path:
        return find_text_model(self.options.text_model)

    @cached_property
    def _texts(self) -> list["ClassTexts"]:
        from graphs.class_texts import class_texts

        senses = "synset" in self.table.columns
        wordnet = self.wordnet() if senses else None
        synsets = self.table["synset"] if senses else [None] * len(self.table)
        rows = zip(self.table["name"], self.table["description"], synsets, strict=True)
        return [class_texts(*row, wordnet) for row in rows]

    @cached_property
    def _lstm(self) -> "TextLSTM":
        from graphs.text_lstm import fit_text_lstm

        distinct = list(dict.fromkeys(text for own in self._texts for text in own.all))
        index = {text: i for i, text in enumerate(distinct)}
        of_class = [[index[text] for text in own.all] for own in self._texts]
        return fit_text_lstm(self.bert.tokens(distinct), of_class)
