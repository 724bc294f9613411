"""How fast it is: `make bench`, or a part of it: `python -m tests.bench numpy page`."""

import sys

from tests.bench import bert, lighthouse, networks, page

PARTS = {
    "build": page.bench_build,
    "numpy": networks.bench_numpy,
    "rnn": networks.bench_rnn,
    "gpt": networks.bench_gpt,
    "bert": bert.bench_bert,
    "page": page.bench_browser,
    "lighthouse": lighthouse.bench_lighthouse,
}

# Lighthouse is fetched from a network, so it runs only when it is named.
wanted = sys.argv[1:] or [part for part in PARTS if part != "lighthouse"]
if unknown := sorted(set(wanted) - set(PARTS)):
    raise SystemExit(f"expected some of {', '.join(PARTS)}, got {', '.join(unknown)}")
for part in wanted:
    PARTS[part]()
