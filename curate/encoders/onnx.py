"""An encoder that is an ONNX file with a JSON beside it."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.encoders.onnx_files import fetch_model, model_files
from curate.encoders.onnx_settings import OnnxSettings, read_settings
from curate.errors import CurateError
from curate.store.code import code_of
from curate.store.fingerprint import fingerprint, sha256_of

_BATCH_SIZE = {"CPUExecutionProvider": 64, "CUDAExecutionProvider": 256}


class OnnxEncoder:
    """Features from an ONNX model whose input is (n, 3, size, size) float32."""

    def __init__(self, path: Path, device: str = "auto") -> None:
        """Open ``path`` and the JSON of the same name beside it, and try two pictures.

        Raises CurateError when either is missing or broken, when they contradict each other,
        or when ``device`` is ``cuda`` and onnxruntime has none.
        """
        if not path.is_file():
            raise CurateError(f"--encoder onnx:{path}: there is no such file; give its path.")
        self._settings = read_settings(path.with_suffix(".json"))
        self._session = _open_session(path, device)
        _check_input(path, self._session, self._settings)
        _check_output(path, self._session, self._settings)
        provider = self._session.get_providers()[0]
        self.preprocess = self._settings.preprocess
        self.dim = self._settings.dim
        self.batch_size = _BATCH_SIZE[provider]
        self.fingerprint = fingerprint(
            code=code_of(__name__),
            weights=[sha256_of(file) for file in model_files(path)],
            settings=asdict(self._settings),
            provider=provider,
        )
        self._try_two_pictures(path)

    def encode(self, batches: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """Turn each (n, size, size, 3) batch of RGB bytes into an (n, D) batch, in order."""
        names, buffer = [self._settings.output], np.empty(0, np.float32)
        for batch in batches:
            if buffer.size < batch.size:
                buffer = np.empty(batch.size, np.float32)
            pixels = buffer[: batch.size].reshape(len(batch), 3, *batch.shape[1:3])
            normalise(batch, self._settings.mean, self._settings.std, out=pixels)
            yield self._session.run(names, {self._settings.input: pixels})[0]

    def _try_two_pictures(self, path: Path) -> None:
        size = self.preprocess.size
        try:
            (features,) = self.encode([np.zeros((2, size, size, 3), np.uint8)])
        # onnxruntime's errors have no class of their own.
        except Exception as error:
            raise CurateError(
                f"{path} cannot compute two pictures of {size} x {size} pixels "
                f"({_first_line(error)}); set the 'size' it was made for in its JSON, "
                "and export it with a free batch axis."
            ) from error
        if features.shape != (2, self.dim):
            raise CurateError(
                f"{path}: output {self._settings.output!r} gives {features.shape} for two "
                f"pictures, but the JSON beside it says 'dim': {self.dim}, so (2, {self.dim}); "
                "set 'dim' or name another 'output'."
            )


def open_encoder(path: str, device: str, _pictures: int) -> OnnxEncoder:
    """Open the model at that path; ~ is the home folder."""
    return OnnxEncoder(fetch_model(path), device)


def normalise(
    batch: NDArray[np.uint8],
    mean: tuple[float, ...],
    std: tuple[float, ...],
    out: NDArray[np.float32],
) -> None:
    """Write (batch / 255 - mean) / std into ``out``, channels first.

    batch: (n, h, w, 3); out: (n, 3, h, w). One multiply-add for each value, picture by picture,
    so that a picture is still in the processor's cache when its second pass comes.
    """
    scale = (1 / (255 * np.array(std))).astype(np.float32)[:, None, None]
    shift = (-np.array(mean) / std).astype(np.float32)[:, None, None]
    for picture, target in zip(batch, out, strict=True):
        np.copyto(target, picture.transpose(2, 0, 1))
        target *= scale
        target += shift


def _open_session(path: Path, device: str) -> Any:
    import onnxruntime

    providers = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    available = [name for name in providers if name in onnxruntime.get_available_providers()]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors: its warnings are about its own optimisations
    # onnxruntime ignores this variable, which torch, NumPy and FAISS follow. 0: every core.
    threads = os.environ.get("OMP_NUM_THREADS", "")
    options.intra_op_num_threads = int(threads) if threads.isdecimal() else 0
    try:
        session = onnxruntime.InferenceSession(
            path, options, providers=providers[1:] if device == "cpu" else available
        )
    # onnxruntime's errors have no class of their own.
    except Exception as error:
        raise CurateError(
            f"{path} is no ONNX model that onnxruntime can open ({_first_line(error)}); "
            "export or copy it again."
        ) from error
    if device == "cuda" and session.get_providers()[0] != "CUDAExecutionProvider":
        raise CurateError(
            "--device cuda: onnxruntime has no working CUDA provider here; "
            "install onnxruntime-gpu instead of onnxruntime, or use --device cpu."
        )
    return session


def _check_input(path: Path, session: Any, settings: OnnxSettings) -> None:
    """Raise CurateError unless the input is (n, 3, size, size) float32; a named axis is free."""
    end = _end(path, "input", settings.input, session.get_inputs())
    expected = (None, 3, settings.preprocess.size, settings.preprocess.size)
    fits = len(end.shape) == 4 and all(
        not isinstance(given, int) or given == wanted
        for given, wanted in zip(end.shape, expected, strict=True)
    )
    if end.type != "tensor(float)" or not fits:
        raise CurateError(
            f"{path}: input {end.name!r} is {end.type} of shape {end.shape}, but an encoder takes "
            f"float32 pictures of shape (n, 3, {expected[2]}, {expected[3]}), n free; "
            "set 'size' in its JSON, or export it so."
        )


def _check_output(path: Path, session: Any, settings: OnnxSettings) -> None:
    end = _end(path, "output", settings.output, session.get_outputs())
    if end.type != "tensor(float)":
        raise CurateError(f"{path}: output {end.name!r} is {end.type}; export it as float32.")


def _end(path: Path, kind: str, name: str, ends: Iterable[Any]) -> Any:
    by_name = {end.name: end for end in ends}
    if name not in by_name:
        raise CurateError(
            f"{path} has no {kind} {name!r}; "
            f"its {kind}s are {', '.join(by_name)}: name one in its JSON."
        )
    return by_name[name]


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]
