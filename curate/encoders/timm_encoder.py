"""An encoder that is a model of timm, such as DINOv2: timm:NAME."""

from curate.encoders.timm_model import PUBLISHED, open_timm
from curate.encoders.torch_encoder import FrozenNetwork, TorchEncoder
from curate.encoders.weights import weights_digest
from curate.images.preprocess import Preprocess, ResizeMode


def open_encoder(model: str, device: str, pictures: int) -> TorchEncoder:
    """Open the model that NAME or NAME@FILE names: its features before the classifier.

    With NAME alone its published weights are downloaded, unless they are in the cache. Pictures
    are resized as timm's own settings for the model say, but for the crop: the shorter side is
    scaled to the model's size, whatever ``crop_pct`` is, as CLIP does. Raises CurateError for an
    unknown name, and for weights that are missing, broken or cannot be downloaded.
    """
    name, at, file = model.partition("@")
    init = file if at else PUBLISHED
    network, settings = open_timm(name, init, f"timm:{name}")
    resize: ResizeMode = "squash" if settings["crop_mode"] == "squash" else "shortest"
    frozen = FrozenNetwork(
        network.eval(),
        network,
        Preprocess(settings["size"], settings["interpolation"], resize),
        settings["mean"],
        settings["std"],
        architecture=name,
        weights=weights_digest(network),
        opened_by=(__name__,),
    )
    return TorchEncoder(frozen, device, pictures)
