"""Find WordNet on this machine, or set it up: NLTK's data, NLTK's download, Debian's packages."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from curate.errors import NoWordNetError
from graphs.nltk_wordnet import download_wordnet, find_wordnet

Report = Callable[[str], None]

DEBIAN_FOLDER = Path("/usr/share/wordnet")
DEBIAN_PACKAGES = ("wordnet-base", "wordnet-sense-index")
APT_SECONDS = 120
PATIENCE = ("-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10")
# The names in `lexnames`, a file that Debian leaves out: see lexnames(5WN). Numbers start at 00.
_LEXNAMES = """
    adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body
    noun.cognition noun.communication noun.event noun.feeling noun.food noun.group noun.location
    noun.motive noun.object noun.person noun.phenomenon noun.plant noun.possession noun.process
    noun.quantity noun.relation noun.shape noun.state noun.substance noun.time verb.body
    verb.change verb.cognition verb.communication verb.competition verb.consumption verb.contact
    verb.creation verb.emotion verb.motion verb.perception verb.possession verb.social verb.stative
    verb.weather adj.ppl
"""
_SYNTACTIC_CATEGORY = {"noun": 1, "verb": 2, "adj": 3, "adv": 4}


def data_folder() -> Path:
    """Return where curate keeps what it sets up once: $CURATE_DATA, or the user's cache."""
    if chosen := os.environ.get("CURATE_DATA"):
        return Path(chosen).expanduser().absolute()
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache).absolute() / "curate"


def ensure_wordnet(report: Report = lambda _: None) -> Path:
    """Return a data folder with a complete WordNet (``corpora/wordnet``); set it up if necessary.

    Tried in this order: NLTK's data, curate's own folder, NLTK's download, Debian's packages.
    Raises NoWordNetError, with the reason for each, if none of them works.
    """
    ours = data_folder() / "nltk_data"
    found = find_wordnet() or find_wordnet([ours])
    if found is not None:
        return found
    try:
        return _set_up(ours, report)
    except OSError as error:
        raise NoWordNetError(
            f"WordNet cannot be set up in {ours}: {error}; set CURATE_DATA to a folder that can "
            "be written to, or choose --graph none."
        ) from error


def _set_up(ours: Path, report: Report) -> Path:
    """Build the data folder under a temporary name beside its place, then rename it."""
    ours.parent.mkdir(parents=True, exist_ok=True)
    reasons = []
    for source, fetch in (("NLTK's server", download_wordnet), ("Debian's packages", from_debian)):
        report(f"Setting up WordNet in {ours} from {source}")
        with tempfile.TemporaryDirectory(dir=ours.parent, prefix=".wordnet-") as temporary:
            built = Path(temporary) / "nltk_data"
            built.mkdir(mode=0o700)
            try:
                fetch(built)
            except LookupError as reason:
                reasons.append(str(reason))
                continue
            return _put_in_place(built, ours)
    raise NoWordNetError(
        f"WordNet is not on this machine and cannot be set up: {'; '.join(reasons)}. Copy a folder "
        f"corpora/wordnet from another machine's nltk_data into {ours}, or set NLTK_DATA to an "
        "nltk_data that has it, or choose --graph none."
    )


def _put_in_place(built: Path, ours: Path) -> Path:
    """Rename the complete folder; if another process was faster, use the one that it made.

    NLTK reads nothing that other accounts can write to: permissions are set, whatever the umask.
    """
    for path in (built, *built.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    try:
        built.rename(ours)
    except OSError:
        if find_wordnet([ours]) is None:
            raise
    return ours


def from_debian(folder: Path) -> None:
    """Put Debian's WordNet, with ``lexnames``, into a data folder.

    An installed one is copied. Otherwise the packages are downloaded and unpacked here, which
    needs neither root nor an installation. Raises LookupError if neither works.
    """
    corpus = folder / "corpora" / "wordnet"
    if all((DEBIAN_FOLDER / file).is_file() for file in ("data.noun", "index.sense")):
        shutil.copytree(DEBIAN_FOLDER, corpus)
    else:
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            _unpack_debian_packages(Path(temporary))
            unpacked = Path(temporary) / DEBIAN_FOLDER.relative_to("/")
            shutil.copytree(unpacked, corpus)
    (corpus / "lexnames").write_text(lexnames())


def lexnames() -> str:
    """Return the 45 lines of the file ``lexnames``: number, name, syntactic category."""
    return "".join(
        f"{number:02d}\t{name}\t{_SYNTACTIC_CATEGORY[name.split('.')[0]]}\n"
        for number, name in enumerate(_LEXNAMES.split())
    )


def _unpack_debian_packages(folder: Path) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise LookupError("Debian's packages need apt-get and dpkg, which this machine lacks")
    try:
        _download_debian_packages(folder)
    except LookupError:
        if os.geteuid() != 0:
            raise
        _command(["apt-get", "update", *PATIENCE], folder)  # a fresh container has no package lists
        _download_debian_packages(folder)
    for package in sorted(folder.glob("*.deb")):
        _command(["dpkg", "-x", package.name, "."], folder)


def _download_debian_packages(folder: Path) -> None:
    _command(["apt-get", "download", *PATIENCE, *DEBIAN_PACKAGES], folder)


def _command(command: list[str], folder: Path) -> None:
    """Run a command in a folder; raises LookupError with its last line of output if it fails."""
    try:
        subprocess.run(
            command, cwd=folder, check=True, capture_output=True, text=True, timeout=APT_SECONDS
        )
    except subprocess.CalledProcessError as error:
        said = (error.stderr.strip() or "no reason given").splitlines()[-1]
        raise LookupError(f"`{' '.join(command[:2])}` failed ({said})") from error
    except subprocess.TimeoutExpired as error:
        raise LookupError(f"`{' '.join(command[:2])}` took over {APT_SECONDS} s") from error
