"""Find the frames of videos that show what the video was found for.

    curate demo demo
    python examples/video_folder.py demo/frames --draw demo/crawl.parquet

Videos were searched for by class, and not every frame of one shows it. Frames lie in
CLASS/VIDEO/NUMBER.jpg, as for each video ffmpeg -i VIDEO.mp4 -vf fps=1 CLASS/VIDEO/%05d.jpg writes
them. The Noise Modeling Network (Jiang et al. 2020) takes the frames of a video for a bag: one of
them at least shows the class. --draw makes videos of six pictures each from the demo's crawl.
"""

import argparse
from pathlib import Path

import polars as pl

import curate


def draw(crawl: str, folder: Path) -> None:
    """Write the crawl's pictures as frames: six of a class are a video."""
    for (label,), rows in pl.read_parquet(crawl).group_by("label", maintain_order=True):
        for number, image in enumerate(rows["image"]):
            video = folder / str(label) / f"video-{number // 6:02d}"
            video.mkdir(parents=True, exist_ok=True)
            (video / f"{number % 6:05d}.jpg").write_bytes(image)


def main() -> None:
    """List the frames, weigh and refine them, and choose the surest frame of each video."""
    parser = argparse.ArgumentParser()
    parser.add_argument("frames", type=Path, help="a folder of CLASS/VIDEO/NUMBER.jpg")
    parser.add_argument("--draw", metavar="CRAWL", help="make the frames from curate demo's crawl")
    options = parser.parse_args()
    if options.draw:
        draw(options.draw, options.frames)

    paths = [file.relative_to(options.frames) for file in sorted(options.frames.glob("*/*/*.jpg"))]
    table = {
        "path": [path.as_posix() for path in paths],
        "label": [path.parts[0] for path in paths],
        "video": [path.parent.as_posix() for path in paths],
    }
    manifest = options.frames / "frames.parquet"
    pl.DataFrame(table).write_parquet(manifest)
    curate.weight(manifest, encoder="embedded", overwrite=True)
    rows = curate.refine(
        options.frames / "frames.weighted.parquet",
        head="nmn",
        bag="video",
        overwrite=True,
    ).collect()

    shown = rows.filter(pl.col("refined_label") == pl.col("label"))
    best = shown.sort("refined_probability", descending=True).unique("video", keep="first")
    best = best.select("video", "path", "refined_probability").sort("video")
    best.write_csv(options.frames / "best.csv")
    print(f"{len(shown)} of {len(rows)} frames are held to show their video's class")
    print(f"the surest frame of each of {len(best)} videos: {options.frames / 'best.csv'}")


if __name__ == "__main__":
    main()
