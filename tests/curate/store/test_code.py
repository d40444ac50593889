"""A result's name holds the code that it is made by."""

import ast
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name

import pytest

from curate.relations.graph import RELATIONS
from curate.store import code
from curate.store.code import code_of, modules_of
from curate.store.step import Step

ROOT = Path(__file__).parents[3]
PACKAGES = ("curate", "graphs", "prototypes")
CACHED = (code.code_of, code._source, code._imports, code._file)
ENCODERS = {
    "onnx": Step("onnx", ("curate.encoders.onnx",)),
    "open_clip": Step(
        "open_clip", ("curate.encoders.openclip_encoder", "curate.encoders.openclip")
    ),
    "timm": Step("timm", ("curate.encoders.timm_encoder", "curate.encoders.timm_model")),
    "hf": Step(
        "hf", ("curate.encoders.transformers_encoder", "curate.encoders.transformers_model")
    ),
}
"""Encoders name their own code; it is one of the facts of what they encode."""
DEPENDS = {
    "curate.manifest.frozen:ROWS": [
        "curate/manifest/tables.py", "curate/manifest/tars.py", "curate/manifest/image_folder.py"],
    "curate.manifest.plan:PLAN": [],
    "curate.crawl.labels:LABELS": [
        "curate/crawl/labels.py", "curate/manifest/classes.py", "curate/manifest/manifest.py",
        "curate/manifest/read.py"],
    "curate.crawl.row_keys:STEP": ["curate/crawl/row_keys.py", "curate/manifest/read.py"],
    "curate.crawl.verified_rows:PARTS": [
        "curate/crawl/verified_rows.py", "curate/manifest/verified_labels.py"],
    "curate.duplicates.copies:COPIES": [
        "curate/duplicates/[bfs]*.py", "curate/duplicates/chance.py",
        "curate/duplicates/copies.py", "curate/images/picture_hash.py",
        "curate/crawl/stored_features.py", "curate/crawl/gathered.py"],
    "curate.duplicates.votes:VOTES": ["curate/duplicates/votes.py", "curate/crawl/gathered.py"],
    "curate.scoring.copies:CONFLICTS": [
        "curate/scoring/copies.py", "curate/scoring/apart.py", "curate/duplicates/conflicts.py",
        "curate/duplicates/picture_labels.py", "prototypes/score/quality.py"],
    "curate.features.take:TAKEN": [
        "curate/features/take.py", "curate/crawl/stored_features.py",
        "curate/manifest/embeddings.py"],
    "curate.features.embed:ENCODED": [
        "curate/images/[!_]*.py", "curate/features/em*.py", "curate/features/encode.py",
        "curate/crawl/stored_features.py", "curate/manifest/pictures.py",
        "curate/manifest/read.py"],
    "curate.features.trained:PICTURES": [
        "curate/images/[!_]*.py", "curate/training/pictures.py", "curate/manifest/pictures.py"],
    "curate.features.native_side:SIDES": [
        "curate/features/native_side.py", "curate/images/decode.py"],
    "curate.features.trained:NETWORK": [
        "curate/training/[!_]*.py", "prototypes/method.py", "prototypes/score/quality.py"],
    "curate.training.train:TRAINED": ["curate/training/train.py", "curate/training/network.py"],
    "curate.relations.captions:CAPTIONS": ["curate/relations/captions.py", "graphs/bert.py"],
    "curate.relations.senses:CLASSES": [
        "curate/relations/senses.py", "graphs/senses.py", "graphs/class_texts.py"],
    "curate.relations.graph:RELATIONS": [
        "curate/relations/graph.py", "curate/relations/relation.py"],
    "curate.relations.graph:SUM": ["curate/relations/graph.py", "graphs/blend.py"],
    "curate.crawl.adapted:ADAPTED": ["curate/crawl/adapted.py", "prototypes/fit/space.py"],
    "curate.scoring.fit:SPACE": [
        "curate/scoring/fit.py", "prototypes/fit/space.py", "prototypes/engine/products.py",
        "prototypes/engine/torch_products.py", "curate/crawl/stored_blocks.py"],
    "curate.scoring.fit:PROTOTYPES": [
        "curate/scoring/fit.py", "prototypes/fit/[!_]*.py", "prototypes/engine/[!_]*.py",
        "prototypes/method.py", "curate/crawl/stored_blocks.py",
        "curate/crawl/adapted.py"],
    "curate.scoring.second_opinions:EVIDENCE": [
        "curate/scoring/second_opinions.py", "prototypes/score/opinions.py",
        "prototypes/score/evidence.py"],
    "curate.scoring.caption_agreement:AGREEMENT": [
        "curate/scoring/caption_agreement.py", "prototypes/score/evidence.py",
        "prototypes/engine/rivals.py"],
    "curate.scoring.zero_shot:CLASS_NAMES": [
        "curate/scoring/zero_shot.py", "curate/encoders/openclip.py"],
    "curate.scoring.score:SCORES": [
        "prototypes/fit/[!_]*.py", "prototypes/engine/[!_]*.py", "prototypes/score/opinions.py",
        "prototypes/score/quality.py", "prototypes/score/missing.py",
        "curate/scoring/score.py", "curate/scoring/fit.py",
        "curate/scoring/second_opinions.py", "curate/crawl/stored_blocks.py",
        "curate/crawl/adapted.py", "curate/crawl/fit.py"],
    "curate.scoring.soft_labels:SOFT_LABELS": [
        "curate/scoring/soft_labels.py", "prototypes/score/soft_labels.py",
        "prototypes/engine/softmax.py"],
    "curate.heads.trained:HEADS": [
        *(f"curate/heads/{name}.py" for name in (
            "bayes", "confusion", "copied_answers", "crawl_noise", "cross_fit", "fine_tune", "fit",
            "folds", "head", "hu",
            "inputs", "learned", "network", "nmn", "noise_types", "noisy_or", "saved", "spec",
            "stack", "stage", "sukhbaatar", "task", "tied", "trained", "training", "unasked",
            "veit", "xiao")),
        "curate/options/heads.py"],
    "curate.heads.judged:REFINED": [],
    "onnx": ["curate/encoders/onnx*.py", "curate/images/preprocess.py"],
    "open_clip": [
        "curate/encoders/openclip*.py", "curate/encoders/torch_encoder.py",
        "curate/encoders/compiled.py", "curate/encoders/overlap.py"],
    "timm": [
        "curate/encoders/timm_*.py", "curate/encoders/weights.py",
        "curate/encoders/torch_encoder.py"],
    "hf": ["curate/encoders/transformers_*.py", "curate/encoders/torch_encoder.py"],
}  # fmt: skip
"""Every step that is declared, and modules that can change what it keeps."""
KINDS_DEPEND = ["curate/relations/caption_means.py", "graphs/wordnet.py", "graphs/text*.py",
                "graphs/hierarchy.py", "curate/relations/kinds/[!_]*.py"]  # fmt: skip
"""Each changes the relations of a kind."""
WITHOUT_CODE = {
    "curate/manifest/plan.py": "shards, by the content that they hold",
    "curate/manifest/frozen.py": "rows, by the content that they hold",
    "curate/scoring/zero_shot.py": "the class names' own name is in it, and with it the code",
    "curate/weighted/work.py": "names only",
    "curate/heads/trained.py": "rows of one crawl",
    "curate/store/folders.py": "the digest of a receipt",
    "curate/exports/folder_names.py": "two labels that look alike on disk",
}
NAME_CODE = ("curate/store/step.py", "curate/encoders/")


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a copy of the packages, which `code_of` then reads."""
    copy_packages(tmp_path)
    monkeypatch.setattr(code, "ROOT", tmp_path)
    forget()
    yield tmp_path
    forget()


def copy_packages(folder: Path) -> None:
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, folder / package, ignore=ignored)


def forget() -> None:
    for function in CACHED:
        function.cache_clear()


def steps_of(declaration: str) -> list[Step]:
    """Give the step of that name, or those of a table of steps."""
    found = ENCODERS.get(declaration) or resolve_name(declaration)
    return [found] if isinstance(found, Step) else list(found.values())


def names(declaration: str) -> list[str]:
    forget()
    return [step.named({}) for step in steps_of(declaration)]


def test_every_step_that_is_declared_is_looked_at_here() -> None:
    declared = set()
    for file in (ROOT / "curate").rglob("*.py"):
        source = file.read_text()
        if "Step(" in source and file.name != "step.py":
            module = import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
            for value in vars(module).values():
                declared |= {value} if isinstance(value, Step) else set()
                declared |= set(value.values()) if name_is_table(value) else set()
    looked_at = {step for name in DEPENDS if name not in ENCODERS for step in steps_of(name)}
    assert declared == looked_at
    assert declared >= set(RELATIONS.values())


def name_is_table(value: object) -> bool:
    return isinstance(value, dict) and bool(value) and isinstance(next(iter(value.values())), Step)


@pytest.mark.parametrize("declaration", DEPENDS)
def test_a_changed_module_gives_every_result_that_depends_on_it_another_name(
    copied: Path, declaration: str
) -> None:
    before = names(declaration)
    for pattern in DEPENDS[declaration]:
        files = list(copied.glob(pattern))
        assert files, pattern
        for file in files:
            with changed(file):
                after = names(declaration)
                assert all(a != b for a, b in zip(after, before, strict=True)), file
    assert names(declaration) == before


def test_a_changed_graph_gives_its_relations_another_name(copied: Path) -> None:
    before = names("curate.relations.graph:RELATIONS")
    for pattern in KINDS_DEPEND:
        files = list(copied.glob(pattern))
        assert files, pattern
        for file in files:
            with changed(file):
                assert names("curate.relations.graph:RELATIONS") != before, file


@contextmanager
def changed(file: Path) -> Iterator[None]:
    source = file.read_bytes()
    file.write_bytes(source.replace(b"return ", b"return  ", 1) + b"\n")
    yield
    file.write_bytes(source)


SLOW = ("curate.features.embed:ENCODED", "curate.features.trained:PICTURES",
        "curate.relations.captions:CAPTIONS", "onnx", "open_clip")  # fmt: skip


@pytest.mark.parametrize("declaration", SLOW)
def test_what_is_encoded_for_hours_does_not_depend_on_what_judges_labels(
    copied: Path, declaration: str
) -> None:
    before = names(declaration)
    for pattern in ("prototypes/**/*.py", "curate/heads/*.py", "curate/report/*.py",
                    "curate/exports/*.py", "curate/store/*.py", "graphs/senses.py",
                    "curate/scoring/*.py", "curate/errors.py",
                    "curate/commands/weight.py"):  # fmt: skip
        for file in copied.glob(pattern):
            file.write_bytes(file.read_bytes() + b"\n# changed\n")
    assert names(declaration) == before


def test_every_module_that_names_results_names_its_code() -> None:
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            called = {
                getattr(node.func, "id", "")
                for node in ast.walk(ast.parse(file.read_text()))
                if isinstance(node, ast.Call)
            }
            where = str(file.relative_to(ROOT))
            if "fingerprint" in called and where not in WITHOUT_CODE:
                assert "code_of" in called, file
            assert "code_of" not in called or where.startswith(NAME_CODE), file


def test_imports_are_those_that_python_finds() -> None:
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            module = module.removesuffix(".__init__")
            assert set(code._imports(module)) == imported(file), module


def imported(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {node.value.partition(":")[0]} if node.value.count(":") == 1 else set()
    return {name for name in found if name.split(".")[0] in PACKAGES and code._file(name)}


def test_a_module_that_is_not_there_has_no_name() -> None:
    with pytest.raises(FileNotFoundError, match=r"curate\.nowhere"):
        code_of("curate.nowhere")


def test_what_is_left_out_is_not_followed() -> None:
    assert modules_of("prototypes.score.weights", without=("prototypes",)) == set()
    assert "prototypes.engine.blocks" in modules_of("prototypes.fit.space")
    assert not {"curate.errors", "curate.store.folders"} & modules_of("curate.commands.weight")


def test_all_names_together_take_a_moment() -> None:
    steps = [step for declaration in DEPENDS for step in steps_of(declaration)]
    forget()
    before = time.process_time()
    for step in steps:
        step.named({})
    assert time.process_time() - before < 0.5  # .05 on a core of its own
