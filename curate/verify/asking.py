"""What a sitting asks about: which samples, in which order, and whether it can."""

from collections.abc import Sequence

from curate.errors import CurateError
from curate.options.verify import VerifyOptions
from curate.verify.asked_sample import Sample, label_by_label, samples
from curate.verify.queue import QueueOptions, make_queue
from curate.weighted.weighted import Weighted


def queue_options(options: VerifyOptions) -> QueueOptions:
    """Give the options that say which samples are asked about."""
    return QueueOptions(
        options.strategy, options.limit, options.given, options.seed, options.noise_type
    )


def asked_samples(weighted: Weighted, options: VerifyOptions) -> Sequence[Sample]:
    """Choose the samples, in the order in which they are asked about."""
    lists = weighted.manifest.has_label_lists
    asked = list(samples(make_queue(weighted, queue_options(options)), lists))
    return list(label_by_label(asked)) if options.each_label else asked


def check_each_label(options: VerifyOptions, lists: bool) -> None:
    """Refuse --each-label where no image has several labels."""
    if options.each_label and not lists:
        raise CurateError(
            f"--each-label asks about each label of a list, and {options.files[0]} has one label"
            " for each image; leave it out."
        )


def check_asked(weighted: Weighted) -> None:
    """Refuse a manifest whose rows cannot be named, or that has no pictures."""
    columns, name = weighted.manifest.columns, weighted.manifest.path
    if columns.key is None:
        weighted.work()  # row numbers name rows as long as they are those of the run
    if columns.image is None:
        raise CurateError(
            f"{name} has no image column, and there is nothing to look at; name it with --image."
        )
