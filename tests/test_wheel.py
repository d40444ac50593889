import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_wheel_installs_and_runs_from_another_folder(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    files = zipfile.ZipFile(wheel).namelist()
    parts = ("page.html", "page.css", "histogram.svg", "script/page.js", "script/start.js")
    assert {f"curate/report/{part}" for part in parts} <= set(files)
    assert {"graphs/wordnet.zip", "graphs/WORDNET-LICENSE"} <= set(files)
    names = {Path(name).parts[0] for name in files}
    assert names == {"cli.py", "curate", "graphs", "prototypes", "curate_labels-0.1.0.dist-info"}

    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    pip = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run(pip, check=True)
    # The libraries are those of this environment: installing torch again would take minutes.
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    curate = environment / "bin" / "curate"
    done = subprocess.run(
        [curate, "--version"], cwd=elsewhere, capture_output=True, text=True, check=True
    )
    assert done.stdout == "curate 0.1.0\n"
    where = subprocess.run(
        [python, "-c", "import cli, curate; print(cli.__file__, curate.__file__)"],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(Path(file).is_relative_to(environment) for file in where.stdout.split())
