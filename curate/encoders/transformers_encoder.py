"""An encoder that is a vision model of transformers, such as DINOv2 or SigLIP: hf:ORG/MODEL."""

from curate.encoders.torch_encoder import FrozenNetwork, TorchEncoder
from curate.encoders.transformers_model import model_folder, open_transformers
from curate.encoders.transformers_pictures import mean_and_std, preprocess_of
from curate.encoders.weights import weights_digest
from curate.errors import CurateError


def open_encoder(model: str, device: str, pictures: int) -> TorchEncoder:
    """Open the model that ORG/MODEL, or a folder, names.

    Raises CurateError for one that is missing, broken, not of pictures, or cannot be downloaded.
    """
    folder = model_folder(model)
    network, features, settings = open_transformers(folder)
    preprocess = preprocess_of(settings, f"hf:{model}")
    mean, std = mean_and_std(settings)
    frozen = FrozenNetwork(
        network,
        features,
        preprocess,
        mean,
        std,
        architecture=(folder / "config.json").read_text(encoding="utf-8"),
        weights=weights_digest(network),
        opened_by=(__name__,),
    )
    try:
        return TorchEncoder(frozen, device, pictures)
    # Models of text or sound fail differently at a picture.
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise CurateError(
            f"--encoder hf:{model} cannot compute a picture ({type(error).__name__}:"
            f" {' '.join(str(error).split())[:200]}); give a vision model such as DINOv2 or SigLIP."
        ) from error
