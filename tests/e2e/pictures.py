"""Put pictures of the last run of the browser tests into `docs/pictures`, small: `make pictures`."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from tests.e2e.browser import OUTPUT

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
SHOWN = {
    "home": "home_light_1400",
    "compare": "result_light_1400",
    "predict": "predict_dark_1400",
    "models": "models_light_1400",
    "quality": "data_light_1400",
    "anomalies": "anomalies_light_1400",
    "forecasting": "forecasting_dark_1400",
    "prices": "prices_light_1400",
    "price_board": "price_board_light_1400",
}
"""Name in the documents to the screenshot that `test_every_page` takes."""
WIDTH, HIGHEST, COLOURS = 1000, 720, 256


def main() -> None:
    """Make each picture anew."""
    missing = [name for name in SHOWN.values() if not _screenshot(name).exists()]
    if missing:
        sys.exit(f"Run the browser tests first (make test); there is no picture of {', '.join(missing)}.")
    PICTURES.mkdir(exist_ok=True)
    for name, screenshot in SHOWN.items():
        _shrink(_screenshot(screenshot), PICTURES / f"{name}.png")


def _screenshot(name: str) -> Path:
    return OUTPUT / f"{name}.png"


def _shrink(source: Path, target: Path) -> None:
    with Image.open(source) as picture:
        height = min(round(picture.height * WIDTH / picture.width), HIGHEST)
        part = picture.convert("RGB").crop((0, 0, picture.width, round(height * picture.width / WIDTH)))
        small = part.resize((WIDTH, height), Image.Resampling.LANCZOS)
        small.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(target, optimize=True)


if __name__ == "__main__":
    main()
