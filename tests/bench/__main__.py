"""How fast it is: `make bench`, or a part of it: `python -m tests.bench numpy page`."""

import sys

from tests.bench import bert, networks, page

PARTS = {
    "build": page.bench_build,
    "numpy": networks.bench_numpy,
    "rnn": networks.bench_rnn,
    "gpt": networks.bench_gpt,
    "bert": bert.bench_bert,
    "page": page.bench_browser,
}

wanted = sys.argv[1:] or list(PARTS)
if unknown := sorted(set(wanted) - set(PARTS)):
    raise SystemExit(f"expected some of {', '.join(PARTS)}, got {', '.join(unknown)}")
for part in wanted:
    PARTS[part]()
