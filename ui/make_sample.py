"""Build the sample report: `python -m ui.make_sample`.

It is the first of two weeks of synthetic logs of a worn filter that has a complete regeneration and the verdict
`watch`. Both programs run as processes, as a user would run them, so that the sample always matches the analysis.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import orjson

from faplog.contracts.limits import Severity
from faplog.contracts.messages import AnalysisStatus

FOLDER: Final = Path(__file__).parent / "sample"
_SYNTHETIC: Final = ("faplog.synthetic", "--days", "14", "--seed", "7", "--health", "worn")


def main() -> int:
    """Write `log.json`, `series.json` and `log.csv` to the sample's folder."""
    with TemporaryDirectory() as folder:
        _run(*_SYNTHETIC, folder)
        for csv in sorted(Path(folder).glob("*.csv")):
            analysis = orjson.loads(_run("functions.analyse", str(csv)))
            if _is_suitable(analysis):
                _write(csv, analysis, _run("functions.analyse", "--series", str(csv)))
                print(f"sample report: {csv.name}")
                return 0
    print("None of the synthetic logs is suitable as a sample.", file=sys.stderr)
    return 1


def _run(module: str, *arguments: str) -> bytes:
    return subprocess.run([sys.executable, "-m", module, *arguments], check=True, capture_output=True).stdout


def _is_suitable(analysis: dict[str, Any]) -> bool:
    outcomes = {regen["outcome"] for regen in analysis["regens"]}
    return "complete" in outcomes and analysis["health"]["verdict"] == Severity.WATCH


def _write(csv: Path, analysis: dict[str, Any], series: bytes) -> None:
    FOLDER.mkdir(exist_ok=True)
    log = {"id": "sample", "fileName": csv.name, "status": AnalysisStatus.SUCCESS, "analysis": analysis}
    (FOLDER / "log.csv").write_bytes(csv.read_bytes())
    (FOLDER / "series.json").write_bytes(orjson.dumps(orjson.loads(series)))
    (FOLDER / "log.json").write_bytes(orjson.dumps(log))


if __name__ == "__main__":
    sys.exit(main())
