"""The options of `curate embed`: those of `curate weight` that features depend on."""

from dataclasses import KW_ONLY, dataclass, fields

from curate.options import shared
from curate.options.engine import LOCAL
from curate.options.paths import OptionalPath, RequiredPath
from curate.options.weight import WeightOptions


@dataclass(frozen=True)
class EmbedOptions:
    """The options of `curate embed`; `weigh_options` checks them."""

    manifest: shared.CrawlPath = RequiredPath()
    _: KW_ONLY
    encoder: shared.Encoder = None
    run_dir: shared.RunDir = OptionalPath()
    image: shared.Image = None
    label: shared.Label = None
    key: shared.Key = None
    root: shared.Root = OptionalPath()
    device: shared.Device = "auto"
    workers: shared.Workers = None
    engine: shared.Engine = LOCAL
    cpus_per_task: shared.CpusPerTask = None
    gpus_per_task: shared.GpusPerTask = None
    retry_failed: shared.RetryFailed = False

    @property
    def weigh_options(self) -> WeightOptions:
        """The options of the `curate weight` that this is the first stage of."""
        return WeightOptions(**{each.name: getattr(self, each.name) for each in fields(self)})
