"""All formats by their names."""

from curate.exports.cleanlab import CLEANLAB
from curate.exports.csv import CSV
from curate.exports.datacomp import DATACOMP
from curate.exports.fiftyone import FIFTYONE
from curate.exports.format import Format
from curate.exports.huggingface import HUGGINGFACE
from curate.exports.imagefolder import IMAGEFOLDER
from curate.exports.jsonl import JSONL
from curate.exports.parquet import PARQUET
from curate.exports.webdataset import WEBDATASET

FORMATS: dict[str, Format] = {
    "parquet": PARQUET,
    "csv": CSV,
    "jsonl": JSONL,
    "webdataset": WEBDATASET,
    "imagefolder": IMAGEFOLDER,
    "huggingface": HUGGINGFACE,
    "fiftyone": FIFTYONE,
    "cleanlab": CLEANLAB,
    "datacomp": DATACOMP,
}
