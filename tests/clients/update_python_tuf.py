"""Updates from a repository with python-tuf's client, over HTTP on the loopback interface.

    update_python_tuf.py REPOSITORY CLIENT

Trusts 1.root.json of the repository; leaves CLIENT/metadata/root.json and CLIENT/release.bin.
"""

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tuf.ngclient import Updater


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def main():
    repository, client = map(Path, sys.argv[1:])
    (client / "metadata").mkdir(parents=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(repository)))
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"

    updater = Updater(
        metadata_dir=str(client / "metadata"),
        metadata_base_url=f"{url}/metadata/",
        target_dir=str(client),
        target_base_url=f"{url}/targets/",
        bootstrap=(repository / "metadata" / "1.root.json").read_bytes(),
    )
    updater.refresh()
    info = updater.get_targetinfo("release.bin")
    if info is None:
        sys.exit("the repository has no release.bin")
    updater.download_target(info)


try:
    main()
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
