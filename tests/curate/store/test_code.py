"""A result's name holds the code that it is made by."""

import ast
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from curate.features.find import BESIDE_PICTURES
from curate.options.graph import KINDS
from curate.relations.captions import BESIDE_CAPTIONS
from curate.store import code
from curate.store.code import code_of, modules_of

ROOT = Path(__file__).parents[3]
PACKAGES = ("curate", "graphs", "prototypes")
CACHED = (code.code_of, code._source, code._imports, code._file)
NETWORK = ("curate.training.train", "curate.training.models", "curate.training.plan")
STEPS = {
    "rows": (("curate.manifest.open",), ()),
    "labels": (("curate.crawl.labels",), ()),
    "verified": (("curate.crawl.verified_rows",), ()),
    "taken": (("curate.features.take",), ()),
    "encoded": (("curate.features.embed",), BESIDE_PICTURES),
    "pictures": (("curate.training.pictures",), BESIDE_PICTURES),
    "network": (NETWORK, ("curate.images", "curate.manifest")),
    "onnx": (("curate.encoders.onnx",), ()),
    "open_clip": (("curate.encoders.openclip_encoder", "curate.encoders.openclip"), ()),
    "captions": (("curate.relations.captions", "graphs.bert"), BESIDE_CAPTIONS),
    "agreement": (("curate.scoring.caption_agreement",), ()),
    "classes": (("curate.relations.senses",), ()),
    "zero_shot": (("curate.scoring.zero_shot",), ()),
    "graph": (("curate.relations.graph",), ()),
    "relations": (tuple(f"curate.relations.kinds.{kind}" for kind in KINDS), ()),
    "scores": (("curate.commands.weight",), ()),
    "heads": (("curate.commands.refine",), ()),
}
DEPENDS = {
    "rows": ["curate/manifest/tables.py", "curate/manifest/tars.py",
             "curate/manifest/image_folder.py"],
    "labels": ["curate/crawl/labels.py", "curate/manifest/classes.py",
               "curate/manifest/manifest.py"],
    "verified": ["curate/crawl/verified_rows.py", "curate/manifest/verified_labels.py"],
    "taken": ["curate/features/take.py", "curate/crawl/stored_features.py",
              "curate/manifest/embeddings.py"],
    "encoded": ["curate/images/[!_]*.py", "curate/features/em*.py", "curate/features/encode.py",
                "curate/crawl/stored_features.py", "curate/manifest/pictures.py",
                "curate/manifest/read.py"],
    "pictures": ["curate/images/[!_]*.py", "curate/training/pictures.py"],
    "network": ["curate/training/[!_]*.py", "prototypes/method.py", "prototypes/score/quality.py"],
    "onnx": ["curate/encoders/onnx*.py", "curate/images/preprocess.py"],
    "open_clip": ["curate/encoders/openclip*.py", "curate/encoders/compiled.py",
                  "curate/encoders/overlap.py"],
    "captions": ["curate/relations/captions.py", "graphs/bert.py"],
    "agreement": ["curate/scoring/caption_agreement.py", "prototypes/score/evidence.py",
                  "prototypes/engine/rivals.py"],
    "classes": ["curate/relations/senses.py", "graphs/senses.py", "graphs/class_texts.py"],
    "zero_shot": ["curate/scoring/zero_shot.py", "curate/encoders/openclip.py"],
    "graph": ["curate/relations/graph.py", "curate/relations/relation.py",
              "graphs/blend.py"],
    "relations": ["curate/relations/kinds/[!_]*.py", "curate/relations/caption_means.py",
                  "graphs/*wordnet.py", "graphs/text*.py", "graphs/hierarchy.py"],
    "scores": ["prototypes/**/[!_]*.py", "curate/scoring/score.py", "curate/crawl/stored_blocks.py",
               "curate/crawl/adapted.py", "curate/scoring/soft_labels.py",
               "curate/scoring/second_opinions.py", "curate/commands/weight.py"],
    "heads": ["curate/heads/[!_]*.py", "curate/heads/learned.py", "curate/commands/refine.py"],
}  # fmt: skip
WITHOUT_CODE = {
    "curate/manifest/plan.py": "a plan is kept for the life of a run; any covers every row once",
    "curate/scoring/second_opinions.py": "the prototypes' name is in it, and with it the code",
    "curate/weighted/work.py": "names only",
    "curate/store/folders.py": "the digest of a receipt",
    "curate/exports/folder_names.py": "two labels that look alike on disk",
}


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


def names() -> dict[str, str]:
    forget()
    return {step: code_of(*roots, without=without) for step, (roots, without) in STEPS.items()}


def test_a_changed_module_gives_every_result_that_depends_on_it_another_name(copied: Path) -> None:
    before = names()
    for step, patterns in DEPENDS.items():
        files = [file for pattern in patterns for file in copied.glob(pattern)]
        assert len(files) >= len(patterns), step
        for file in files:
            source = file.read_bytes()
            file.write_bytes(source.replace(b"return ", b"return  ", 1) + b"\n")
            forget()
            roots, without = STEPS[step]
            assert code_of(*roots, without=without) != before[step], (step, file)
            file.write_bytes(source)
    assert names() == before


def test_what_is_encoded_for_hours_does_not_depend_on_what_judges_labels(copied: Path) -> None:
    before = names()
    for pattern in ("prototypes/**/*.py", "curate/heads/*.py", "curate/report/*.py",
                    "curate/exports/*.py", "curate/store/*.py", "graphs/senses.py",
                    "curate/scoring/summary.py", "curate/errors.py",
                    "curate/commands/weight.py"):  # fmt: skip
        for file in copied.glob(pattern):
            file.write_bytes(file.read_bytes() + b"\n# changed\n")
    after = names()
    for step in ("encoded", "pictures", "onnx", "open_clip", "captions"):
        assert after[step] == before[step], step


def test_every_module_that_names_results_names_its_code() -> None:
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            called = {
                getattr(node.func, "id", "")
                for node in ast.walk(ast.parse(file.read_text()))
                if isinstance(node, ast.Call)
            }
            if "fingerprint" in called and str(file.relative_to(ROOT)) not in WITHOUT_CODE:
                assert "code_of" in called, file


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
    forget()
    before = time.process_time()
    names()
    assert time.process_time() - before < 0.5  # .04 on a core of its own
