"""Train a classifier of scikit-learn on the embeddings that a crawl was weighed by.

    pip install scikit-learn
    curate demo demo
    python examples/train_sklearn.py demo/crawl.weighted.parquet demo/truth.parquet

Embeddings lie in the run's folder, and nothing is encoded again. The second file is a table of
known labels, key and true_label, as `curate demo` writes it: only the scores are made from it.
"""

import argparse

import numpy as np
import polars as pl
from sklearn.linear_model import LogisticRegression

import curate


def main() -> None:
    """Train with and without the weights, and compare on rows that were held out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("weighted", help="what curate weight wrote")
    parser.add_argument("truth", help="Parquet with columns key and true_label")
    options = parser.parse_args()

    features = curate.embeddings(options.weighted)  # (N, D), in the order of the rows
    rows = pl.read_parquet(options.weighted, columns=["key", "label", "weight", "status"])
    rows = rows.with_row_index().filter(pl.col("status") == "ok")  # the others' features are NaN
    rows = rows.join(pl.read_parquet(options.truth), on="key", how="left", maintain_order="left")
    draw = pl.Series(np.random.default_rng(0).random(len(rows)))
    train = rows.filter(draw >= 0.2)
    test = rows.filter(draw < 0.2).drop_nulls("true_label")

    for name, weights in (("all labels alike", None), ("weighted", train["weight"].to_numpy())):
        model = LogisticRegression(C=10, max_iter=1000)
        model.fit(features[train["index"]].astype(np.float32), train["label"], weights)
        told = model.predict(features[test["index"]].astype(np.float32))
        right = np.mean(told == test["true_label"].to_numpy())
        print(f"{name}: right on {right:.1%} of {len(test)} held-out rows")


if __name__ == "__main__":
    main()
