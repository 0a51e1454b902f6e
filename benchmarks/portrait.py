"""How well people keep their colours: ``python -m benchmarks.portrait [--sheets FOLDER] [--side 512]``.

Every photo of eval/portraits and eval/faces_200px is recoloured by turning all hues by 120 degrees in OkLab, with
people protected. Skin is told apart from the rest without Tinct: pixels with Cb in 77..127 and Cr in 133..173
(Chai, Ngan 1999), in faces_200px inside the ellipse of the face crop (semi-axes 0.36 and 0.42 of the sides), in
portraits inside the ellipses of faces that MediaPipe's short-range detector finds (--models FOLDER, the unpacked wheel
``mediapipe==0.10.14``; without it, portraits are skipped). The rule misses some skin and hits some background.

Seam: pixels at which the result steps by more than 6 CIE76 units above the larger step of the source and of the
unprotected recolouring there, per 1,000 pixels of the matte's contour.
"""

from __future__ import annotations

import argparse
import os
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.blazeface import Faces
from tinct.imaging.colormap import ColorMap, grid
from tinct.imaging.people import find_people
from tinct.photo import decode
from tinct.photo.color import delta_e_2000, oklab_to_srgb, srgb_to_lab, srgb_to_oklab
from tinct.photo.photo import Photo

__all__ = ["main"]

Array = NDArray[np.float32]
Ellipse = tuple[float, float, float, float]


def data_folder() -> Path:
    """Folder of the evaluation photos."""
    return Path(os.environ.get("TINCT_DATA_DIR", "../shared/data")) / "eval"


def turned_hues(degrees: float = 120.0) -> ColorMap:
    """A recolouring nobody can miss."""
    lab = srgb_to_oklab(grid())
    sin, cos = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    a, b = lab[..., 1].copy(), lab[..., 2].copy()
    lab[..., 1], lab[..., 2] = cos * a - sin * b, sin * a + cos * b
    return ColorMap(np.clip(oklab_to_srgb(lab), 0, 1).astype(np.float32))


def skin(pixels: NDArray[np.uint8], ellipses: list[Ellipse]) -> NDArray[np.bool_]:
    """Pixels (H, W) that the rule above takes for skin; an ellipse is its centre x, y and semi-axes x, y."""
    luma_chroma = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb)
    cr, cb = luma_chroma[..., 1], luma_chroma[..., 2]
    y, x = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    inside = np.zeros(pixels.shape[:2], bool)
    for cx, cy, rx, ry in ellipses:
        inside |= ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1
    return inside & (cb >= 77) & (cb <= 127) & (cr >= 133) & (cr <= 173)


def seam(source: Array, mapped: Array, result: Array, matte: Array) -> float:
    """Steps that neither picture has, per 1,000 pixels of contour; the pictures are CIELAB (H, W, 3)."""
    inside = (matte > 0.5).astype(np.uint8)
    contour = int((inside - cv2.erode(inside, np.ones((3, 3), np.uint8))).sum())
    if contour == 0:
        return 0.0
    new = np.zeros(matte.shape, bool)
    for axis in (0, 1):
        steps = [np.linalg.norm(np.diff(lab, axis=axis), axis=-1) for lab in (source, mapped, result)]
        excess = steps[2] - np.maximum(steps[0], steps[1]) > 6
        new[: excess.shape[0], : excess.shape[1]] |= excess
    return 1000 * float(new.sum()) / contour


class Report:
    """Differences on skin by group, and seams."""

    def __init__(self) -> None:
        self.by_group: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
        self.seams: dict[str, list[float]] = defaultdict(list)
        self.missed: dict[str, int] = defaultdict(int)

    def add(
        self, photo: Photo, groups: list[str], ellipses: list[Ellipse], recolor: ColorMap, side: int
    ) -> Photo:
        """Recolour `photo`, count it in `groups`, give the result."""
        people = find_people(photo, side=side)
        result = recolor.apply(photo, protect=people)
        before, after = (srgb_to_lab(p.pixels.astype(np.float32) / 255) for p in (photo, result))
        difference = delta_e_2000(before, after)[skin(photo.pixels, ellipses)]
        for group in groups:
            self.missed[group] += people is None
            self.by_group[group].append(difference)
        if people is not None:
            mapped = srgb_to_lab(recolor.apply(photo).pixels.astype(np.float32) / 255)
            matte = people.full(photo).astype(np.float32) / 255
            self.seams[groups[0]].append(seam(before, mapped, after, matte))
        return result

    def print(self) -> None:
        """A table; groups beyond the goal (mean 1.0, p95 2.5) are marked."""
        print("| group | photos | nobody found | skin ΔE2000 mean | p95 | worst photo's mean |")
        print("|---|---|---|---|---|---|")
        for group, found in sorted(self.by_group.items()):
            pixels = np.concatenate(found)
            if not pixels.size:
                continue
            mean, p95 = float(pixels.mean()), float(np.percentile(pixels, 95))
            worst = max(float(one.mean()) for one in found if one.size)
            mark = "" if mean <= 1.0 and p95 <= 2.5 else " (beyond the goal)"
            print(
                f"| {group}{mark} | {len(found)} | {self.missed[group]} | {mean:.2f} | {p95:.2f} | {worst:.2f} |"
            )
        for group, values in self.seams.items():
            print(
                f"seam, {group}: median {np.median(values):.1f}, worst {max(values):.1f} per 1,000 contour pixels"
            )


def face_groups(name: str) -> list[str]:
    """Groups of a photo called race_gender_age_n."""
    race, gender, age, _ = name.split("_")
    old = next(label for label, below in (("0-12", 13), ("13-59", 60), ("60+", 200)) if int(age) < below)
    return ["faces", f"race {race}", f"gender {gender}", f"age {old}"]


def sheet(pairs: list[tuple[Photo, Photo]], columns: int = 4, height: int = 300) -> NDArray[np.uint8]:
    """Source and result side by side, many on a page."""
    cells = []
    for pair in pairs:
        both = np.hstack([p.pixels for p in pair])
        scale = min(height / both.shape[0], 2 * height / both.shape[1])
        both = cv2.resize(both, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        low, right = height + 4 - both.shape[0], 2 * height + 4 - both.shape[1]
        cells.append(cv2.copyMakeBorder(both, 0, low, 0, right, cv2.BORDER_CONSTANT))
    cells += [np.zeros_like(cells[0])] * (-len(cells) % columns)
    return np.vstack([np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)])


def main() -> None:
    """Run both sets and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--sheets", type=Path)
    parser.add_argument("--side", type=int, default=512)
    options = parser.parse_args()
    report, recolor = Report(), turned_hues()
    sets: dict[str, list[tuple[Photo, Photo]]] = {"faces": [], "portraits": []}
    for path in sorted((data_folder() / "faces_200px").glob("*.jpg")):
        photo = decode.open(path)
        ellipse = (photo.width / 2, photo.height / 2, 0.36 * photo.width, 0.42 * photo.height)
        sets["faces"].append(
            (photo, report.add(photo, face_groups(path.stem), [ellipse], recolor, options.side))
        )
    faces = Faces(options.models) if options.models else None
    for path in sorted((data_folder() / "portraits").glob("*.jpg")) if faces else []:
        photo = decode.open(path)
        assert faces is not None
        result = report.add(photo, ["portraits"], faces.ellipses(photo.pixels), recolor, options.side)
        sets["portraits"].append((photo, result))
    report.print()
    if options.sheets:
        options.sheets.mkdir(parents=True, exist_ok=True)
        for name, pairs in sets.items():
            for page in range(0, len(pairs), 16):
                picture = sheet(pairs[page : page + 16])
                cv2.imwrite(str(options.sheets / f"{name}_{page // 16}.png"), picture[..., ::-1])


if __name__ == "__main__":
    main()
