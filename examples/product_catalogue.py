"""Clean the pictures of a product catalogue, whose classes are numbers that WordNet does not know.

    curate demo demo
    python examples/product_catalogue.py demo/crawl.parquet demo/shop

The catalogue says of each product where it stands in the shop: "Flat > Round > P-101". From that
comes a table of edges, child and parent, and with --graph hierarchy:FILE products of one shelf are
near each other, as words are in WordNet. The demo's twelve figures are the products here.
"""

import argparse
from itertools import pairwise
from pathlib import Path

import polars as pl

import curate

CATALOGUE = {
    "circle": "Shapes > Round > P-101",
    "ellipse": "Shapes > Round > P-102",
    "crescent": "Shapes > Round > P-103",
    "heart": "Shapes > Round > P-104",
    "square": "Shapes > Four corners > P-201",
    "rectangle": "Shapes > Four corners > P-202",
    "rhombus": "Shapes > Four corners > P-203",
    "trapezoid": "Shapes > Four corners > P-204",
    "triangle": "Shapes > Other corners > P-301",
    "pentagon": "Shapes > Other corners > P-302",
    "hexagon": "Shapes > Other corners > P-303",
    "star": "Shapes > Other corners > P-304",
}
"""A column of the shop's own table."""


def main() -> None:
    """Write the manifest and the hierarchy, weigh, and show which shelves are mixed up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("crawl", help="Parquet with columns key, image, label")
    parser.add_argument("folder", type=Path, help="where to write")
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)

    places = {name: place.split(" > ") for name, place in CATALOGUE.items()}
    product = {name: place[-1] for name, place in places.items()}
    crawl = pl.read_parquet(options.crawl).with_columns(pl.col("label").replace_strict(product))
    crawl.write_parquet(options.folder / "catalogue.parquet")

    edges = {(below, above) for place in places.values() for above, below in pairwise(place)}
    table = pl.DataFrame(sorted(edges), schema=["child", "parent"], orient="row")
    table.write_csv(options.folder / "hierarchy.csv")

    rows = curate.weight(
        options.folder / "catalogue.parquet",
        encoder="embedded",
        graph=f"hierarchy:{options.folder / 'hierarchy.csv'}",
        overwrite=True,
    ).collect()
    shelf = {place[-1]: place[-2] for place in places.values()}
    given, fits = (pl.col(name).replace_strict(shelf) for name in ("label", "suggested_label"))
    relabel = rows.filter(pl.col("issue_kind") == "relabel")
    mixed = relabel.group_by(given=given, fits=fits).len("pictures").sort("pictures", "given")
    print(f"{len(relabel)} of {len(rows)} pictures seem to show another product:")
    for given_shelf, fitting, pictures in reversed(mixed.rows()):
        print(f"{pictures:5}  {given_shelf} -> {fitting}")


if __name__ == "__main__":
    main()
