"""Every benchmark, one after another: `python -m benchmarks`, or some of them by name.

Each prints ratios against a peer or a physical limit measured in the same run. Absolute numbers are this machine's.
"""

import subprocess
import sys
import time

BENCHMARKS = {
    "render": "Liquid: our compiler against python-liquid's own render",
    "rendering": "Messages through the render processes against rendering in this process",
    "smtp": "Our SMTP client against smtplib, aiosmtplib and smtp-source",
    "broadcast": "A whole broadcast over SMTP against a plain loop and smtp-source",
    "sends": "Transactional mails, accepted and sent, against a plain loop",
    "clicks": "Clicks on tracked links against a redirect that writes nothing",
    "webhooks": "Reporting webhooks told against a plain loop of posts",
    "ingest": "Events through the Track API against bare SQLite inserts",
    "segments": "Segments of three conditions over 1M people against the bare SQL",
    "mcp": "MCP: start to the first tools/list, and calls, against the SDK's hello world",
    "million": "A trigger for 1M people: time to the answer, and memory of the whole broadcast",
}


def main(names: list[str]) -> int:
    """Run the benchmarks called `names`, or all; how many failed."""
    failed = 0
    for name in names or BENCHMARKS:
        print(f"\n== {name}: {BENCHMARKS[name]}", flush=True)
        began = time.perf_counter()
        failed += subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode != 0
        print(f"   ({time.perf_counter() - began:.0f} s)", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
