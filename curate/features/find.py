"""Where the features of a run come from, and that they are there for every shard."""

import os
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console

from curate.crawl.crawl import Crawl
from curate.crawl.labels import label_pairs
from curate.crawl.picture_states import picture_states
from curate.crawl.pictures import tell_deaths
from curate.crawl.stored_features import StoredFeatures
from curate.encoders.spec import DEFAULT_ENCODER, open_encoder
from curate.errors import CurateError
from curate.features.embed import ENCODED, Encoding, Wanted
from curate.features.from_pictures import pictures_facts, rows_again
from curate.features.machines import say_machines
from curate.features.take import TAKEN, take_embeddings
from curate.images.status import Status
from curate.manifest.classes import require_repeated_labels
from curate.manifest.embeddings import (
    EmbeddingFiles,
    check_embeddings,
    open_embeddings,
    require_width,
)
from curate.manifest.manifest import Manifest
from curate.manifest.pictures import check_paths, picture_finder
from curate.manifest.tried_path import tried_path
from curate.options.weight import WeightOptions
from curate.store.engine import uncounted
from curate.store.fingerprint import file_identity
from curate.store.folders import Folders
from curate.training.spec import NetworkSpec, is_self, parse_network


def find_features(options: WeightOptions, crawl: Crawl, console: Console) -> StoredFeatures:
    """Make sure that every shard has features, and return where they are kept.

    In this order: --embeddings (or those of a clip-retrieval folder), --encoder, the manifest's
    column embedding, the default encoder.
    """
    specs, folder = chosen_encoders(options, crawl.manifest), _embeddings_folder(options)
    if not specs:
        embeddings = None if folder is None else open_embeddings(folder)
        if embeddings is not None:
            check_embeddings(embeddings, crawl.manifest)
        return StoredFeatures((_take(crawl, embeddings),))
    picture_finder(crawl.manifest)
    check_paths(crawl.manifest)
    networks = {spec: parse_network(spec) for spec in specs if is_self(spec)}
    stores = {
        spec: _encode(spec, options, crawl, console) for spec in specs if spec not in networks
    }
    others = tuple(stores.values())
    for spec, network in networks.items():
        stores[spec] = _train(network, options, crawl, others, console)
    return StoredFeatures(tuple(stores[spec] for spec in specs))


def chosen_encoders(options: WeightOptions, manifest: Manifest) -> tuple[str, ...]:
    """Say which encoders make the features; none where they are there already."""
    if options.encoders:
        return options.encoders
    if _embeddings_folder(options) is not None or manifest.columns.embedding is not None:
        return ()
    return (DEFAULT_ENCODER,)


def _embeddings_folder(options: WeightOptions) -> Path | None:
    if options.embeddings is not None:
        return options.embeddings
    inside = options.encoder is None and (options.manifest / "img_emb").is_dir()
    return options.manifest if inside else None


def _take(crawl: Crawl, embeddings: EmbeddingFiles | None) -> Folders:
    facts: dict[str, object] = {"column": crawl.manifest.columns.embedding}
    if embeddings is not None:
        where = os.path.relpath(embeddings.folder.resolve(), crawl.run.folder.resolve())
        facts = {"files": [file_identity(file) for file in embeddings.files], "where": where}
    kept = TAKEN.by_shard(crawl.run, facts)
    return take_embeddings(crawl.manifest, crawl.shards, kept, embeddings)


def _train(
    network: NetworkSpec,
    options: WeightOptions,
    crawl: Crawl,
    others: tuple[Folders, ...],
    console: Console,
) -> Folders:
    """Train a network on the crawl; the features of ``others`` tell its first weights."""
    from curate.features.trained import SelfFeatures  # here, for it imports torch

    features = SelfFeatures(network, options, crawl, console)
    pictures = features.store_pictures()
    check_features(crawl, StoredFeatures((pictures,)))
    return features.train(pictures, others)


def _encode(spec: str, options: WeightOptions, crawl: Crawl, console: Console) -> Folders:
    engine, gpu = crawl.run.engine, options.device != "cpu"
    decoders = options.workers or engine.cores(gpu)
    tell = partial(tell_deaths, console=console)
    open_ = partial(open_encoder, spec, options.device, crawl.rows)
    encoding = Encoding(crawl.manifest, open_, decoders, tell)
    (fingerprint,) = engine.run(encoding.described, [None], uncounted, gpu=gpu)
    facts = {"encoder": fingerprint, **pictures_facts(crawl.manifest, crawl.run.folder)}
    kept = ENCODED.by_shard(crawl.run, facts)
    files = picture_states(crawl.manifest, crawl.shards)
    again = rows_again(crawl.shards, kept.store, files, options.retry_failed, console)
    new = [
        Wanted(shard, np.ones(shard.rows, bool), files.get(shard.name))
        for shard in kept.missing(crawl.shards)
    ]
    kept.spread(new, encoding.opened, sum(each.shard.rows for each in new), gpu=gpu)
    other = [Wanted(shard, mask, files.get(shard.name)) for shard, mask in again]
    retry = partial(encoding.opened, kept.store)
    rows = sum(int(each.rows.sum()) for each in other)
    store = kept.spread(other, retry, rows, title="Retrying", gpu=gpu)
    say_machines(store, crawl.shards, console)
    return store


def check_width(crawl: Crawl, features: StoredFeatures) -> None:
    """Raise CurateError for features of too many dimensions."""
    _, width = features.columns(len(features.parts) - 1, crawl.shards[0].name)
    require_width(width, str(crawl.manifest.path))


def check_features(crawl: Crawl, features: StoredFeatures, encoded: bool = True) -> None:
    """Raise CurateError unless two classes have two samples with features each.

    ``encoded`` says whether the features were made from pictures, and not given.
    """
    manifest = crawl.manifest
    judged = np.zeros(len(crawl.classes.names), np.int64)
    reasons: Counter[str] = Counter()
    for shard in crawl.shards:
        status = features.statuses(shard.name)
        reasons.update(status.filter(status != Status.OK).to_list())
        sets = crawl.sets(shard)[(status == Status.OK).to_numpy()]
        positions = sets[label_pairs(sets)]
        judged += np.bincount(positions[positions >= 0], minlength=len(judged))
    if (judged > 1).sum() >= 2:
        return
    require_repeated_labels(manifest, crawl.classes)
    mend = (
        f"{tried_path(manifest)}mend the images (is --root right?) and run the same command with"
        " --retry-failed, or crawl more"
        if encoded
        else "give embeddings of more rows: one of zeros or with NaN or infinity in it counts for"
        " none"
    )
    failures = ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common())
    raise CurateError(
        f"{manifest.path}: fewer than two classes have two or more images with features, and labels"
        f" are judged against each other; of {manifest.rows:,} rows {sum(reasons.values()):,} have"
        f" no features ({failures or 'none'}); {mend}."
    )
