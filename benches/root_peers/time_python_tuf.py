"""Prints how many seconds python-tuf takes over a chain: time_python_tuf.py CHAIN VERSIONS"""

import sys
import time
from pathlib import Path

from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from tuf.ngclient.config import EnvelopeType

chain, versions = Path(sys.argv[1]), int(sys.argv[2])


def read(version):
    return (chain / f"{version}.root.json").read_bytes()


begin = time.perf_counter()
trusted = TrustedMetadataSet(read(1), EnvelopeType.METADATA)
for version in range(2, versions + 1):
    trusted.update_root(read(version))
print(time.perf_counter() - begin)
