"""Croissant 1.0: what a folder of Parquet files holds, as metadata that search engines read."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from pyarrow import types

CONTEXT = {
    "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs",
    "column": "cr:column", "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/", "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"}, "extract": "cr:extract",
    "field": "cr:field", "fileProperty": "cr:fileProperty", "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet", "format": "cr:format", "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath", "key": "cr:key",
    "equivalentProperty": "cr:equivalentProperty", "md5": "cr:md5",
    "parentField": "cr:parentField", "path": "cr:path",
    "recordSet": "cr:recordSet", "references": "cr:references", "regex": "cr:regex",
    "repeated": "cr:repeated", "replace": "cr:replace", "sc": "https://schema.org/",
    "samplingRate": "cr:samplingRate", "separator": "cr:separator", "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}  # fmt: skip
"""The context that every description has (mlcommons.org/croissant/1.0)."""
KINDS = (
    (types.is_boolean, "sc:Boolean"), (types.is_integer, "sc:Integer"),
    (types.is_floating, "sc:Float"), (types.is_string, "sc:Text"),
    (types.is_large_string, "sc:Text"), (types.is_string_view, "sc:Text"),
    (types.is_date, "sc:Date"),
)  # fmt: skip
LISTS = (types.is_list, types.is_large_list, types.is_fixed_size_list)


def describe(
    name: str, parts: Sequence[str], schema: pa.Schema, image: str, label: str,
    classes: Sequence[str], made: str,
) -> dict[str, Any]:  # fmt: skip
    """Describe PART/*.parquet files of one schema.

    ``label`` is a column of numbers, or lists of them, of which the n-th is named ``classes[n]``;
    ``image`` one of structs of bytes and path. Only a column of numbers refers to the names, since
    readers cannot join lists. Columns of types that Croissant does not have are in the Parquet
    schema only. ``made`` is the day, as YYYY-MM-DD.
    """
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": name,
        "description": "Images with labels from a web crawl, each with the probability that its"
        " label is right and a weight for training, by curate.",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "version": "1.0.0",
        "datePublished": made,
        "distribution": [_files(part) for part in parts],
        "recordSet": [
            _classes(classes),
            *(_records(part, schema, image, label) for part in parts),
        ],
    }


def _files(part: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{part}-files",
        "name": f"{part}-files",
        "encodingFormat": "application/x-parquet",
        "includes": f"{part}/*.parquet",
    }


def _classes(classes: Sequence[str]) -> dict[str, Any]:
    """Name the numbers of the classes."""
    fields = {"number": "sc:Integer", "name": "sc:Text"}
    return {
        "@type": "cr:RecordSet",
        "@id": "classes",
        "name": "classes",
        "dataType": "sc:Enumeration",
        "key": {"@id": "classes/number"},
        "field": [
            {"@type": "cr:Field", "@id": f"classes/{name}", "name": name, "dataType": kind}
            for name, kind in fields.items()
        ],
        "data": [
            {"classes/number": number, "classes/name": name} for number, name in enumerate(classes)
        ],
    }


def _records(part: str, schema: pa.Schema, image: str, label: str) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": part,
        "name": part,
        "field": list(_fields(part, schema, image, label)),
    }


def _fields(part: str, schema: pa.Schema, image: str, label: str) -> Iterator[dict[str, Any]]:
    for column in schema:
        is_list = any(test(column.type) for test in LISTS)
        kind = _kind(column.type.value_type if is_list else column.type)
        source: dict[str, Any] = {
            "fileSet": {"@id": f"{part}-files"},
            "extract": {"column": column.name},
        }
        if column.name == image:
            kind, source["transform"] = "sc:ImageObject", {"jsonPath": "bytes"}
        if kind is None:
            continue
        field = {
            "@type": "cr:Field",
            "@id": f"{part}/{column.name}",
            "name": column.name,
            "dataType": kind,
            "source": source,
        }
        if is_list:
            field["repeated"] = True
        if column.name == label and not is_list:
            field["references"] = {"field": {"@id": "classes/number"}}
        yield field


def _kind(kind: pa.DataType) -> str | None:
    """Name a type as Croissant does; None for one that it does not have."""
    if types.is_dictionary(kind):
        return _kind(kind.value_type)
    return next((name for test, name in KINDS if test(kind)), None)
