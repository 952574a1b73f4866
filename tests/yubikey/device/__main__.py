"""Virtual YubiKeys behind a PC/SC daemon of their own.

    unshare -Urmn python tests/yubikey/device DIRECTORY SERIAL:FIRMWARE…
    unshare -Urmn python tests/yubikey/device DIRECTORY --rehearsal

Nobody else on the machine finds these cards: the daemon's socket lies in a mount namespace, and its
drivers listen in a network namespace. It prints one line of JSON when the cards are in, with the path of
the socket for PCSCLITE_CSOCK_NAME, and ends when its input does.

DIRECTORY/control takes one command per connection and answers with JSON:
    pull N · insert N · touch N · deny N · touch-by-hand N · touch-at-once N · overwrite-f9 N
    lie N other-key|other-card|policy|weak|nothing · show N

In a rehearsal there are no cards at first. They are made when they are first brought, each by its name, and
kept in DIRECTORY, so that a rehearsal can go on another day; one at a time is in:
    bring NAME SERIAL FIRMWARE · away · touch-after SECONDS
"""

import fcntl
import json
import os
import shutil
import signal
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

from smartcard import scard

import attestation
import memory
from card import ATR, Card

DRIVERS = [
    "/usr/lib/pcsc/drivers/serial/libifdvpcd.so",
    "/usr/lib64/pcsc/drivers/serial/libifdvpcd.so",
]
# Each reader that is configured makes two slots, the second on the port after the first.
FIRST_PORT = 35963


class Plug:
    """The connection of a card to its reader."""

    def __init__(self, card, port):
        self.card, self.port = card, port
        self.connection = None

    def insert(self):
        if self.connection is not None:
            return
        self.card.insert()
        for _ in range(500):
            try:
                self.connection = socket.create_connection(("127.0.0.1", self.port))
                break
            except OSError:
                time.sleep(0.01)
        else:
            raise OSError("the driver does not listen")
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self._serve, args=(self.connection,), daemon=True).start()

    def pull(self):
        # The line goes first: a card that is pulled gives no answer any more.
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.shutdown(socket.SHUT_RDWR)
        self.card.pull()

    def _serve(self, connection):
        try:
            while True:
                length = int.from_bytes(self._read(connection, 2), "big")
                message = self._read(connection, length)
                if length == 1:
                    if message[0] == 4:
                        self._write(connection, ATR)
                    else:
                        self.card.power(message[0] != 0)
                else:
                    self._write(connection, self.card.transmit(message))
        except (OSError, EOFError):
            connection.close()

    @staticmethod
    def _read(connection, length):
        received = b""
        while len(received) < length:
            # Without it the kernel holds its acknowledgment back, and the driver its next bytes.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            part = connection.recv(length - len(received))
            if not part:
                raise EOFError
            received += part
        return received

    @staticmethod
    def _write(connection, message):
        connection.sendall(len(message).to_bytes(2, "big") + message)


class Daemon:
    """What the daemon tells programs: it looks at its readers only now and then."""

    def __init__(self):
        for _ in range(500):
            status, self.context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
            if status == scard.SCARD_S_SUCCESS:
                return
            time.sleep(0.01)
        raise OSError("the daemon does not answer")

    def wait(self, index, there):
        """Until it says that a card is there, or not."""
        for _ in range(1000):
            _, readers = scard.SCardListReaders(self.context, [])
            mine = [name for name in readers or [] if f" v{index} " in name]
            asked = [(name, scard.SCARD_STATE_UNAWARE) for name in mine]
            _, states = scard.SCardGetStatusChange(self.context, 0, asked) if asked else (0, [])
            present = any(state & scard.SCARD_STATE_PRESENT for _, state, _ in states)
            mute = any(state & scard.SCARD_STATE_MUTE for _, state, _ in states)
            if mine and present == there and not mute:
                return
            time.sleep(0.01)
        raise OSError(f"the daemon does not see that card {index} {'came' if there else 'went'}")


def control(daemon, plugs, line):
    name, number, *rest = line.split()
    plug = plugs[int(number)]
    card = plug.card
    if name == "pull":
        plug.pull()
        daemon.wait(int(number), False)
        # A command that failed tells programs at once; the daemon's own look at the reader comes every 0.4 s,
        # and a card that is back before that is lost to it. No hand is so quick.
        time.sleep(0.9)
    elif name == "insert":
        plug.insert()
        daemon.wait(int(number), True)
    elif name == "touch":
        card.touch(True)
    elif name == "deny":
        card.touch(False)
    elif name == "touch-by-hand":
        card.touch_at_once = False
    elif name == "touch-at-once":
        card.touch_at_once = True
    elif name == "overwrite-f9":
        card.overwrite_device()
    elif name == "lie":
        card.lie = None if rest == ["nothing"] else rest[0]
    elif name != "show":
        raise ValueError(f"unknown command {name}")
    return card.report()


class Desk:
    """Where a rehearsal's cards are brought to, one at a time, and where they are kept."""

    def __init__(self, directory, daemon, maker, ports):
        self.directory, self.daemon, self.maker = directory, daemon, maker
        self.ports, self.next = ports, 0
        self.cards, self.within = {}, None
        self.touch_after = 0.0

    def _card(self, name, serial, firmware):
        if name not in self.cards:
            path = self.directory / f"{name}.json"
            numbers = tuple(int(part) for part in firmware.split("."))
            card = Card(int(serial), numbers, self.maker)
            if path.exists():
                memory.load(card, path)
            else:
                memory.save(card, path)
            card.keep = lambda changed: memory.save(changed, path)
            self.cards[name] = card
        return self.cards[name]

    def away(self):
        if self.within is not None:
            name, index, plug = self.within
            plug.pull()
            self.within = None
            self.daemon.wait(index, False)

    def bring(self, name, serial, firmware):
        if self.within is not None and self.within[0] == name:
            return
        self.away()
        # Not into the reader that was just emptied: the daemon looks at each only now and then.
        index = self.next
        self.next = (index + 1) % len(self.ports)
        card = self._card(name, serial, firmware)
        card.touch_after = self.touch_after
        plug = Plug(card, self.ports[index])
        plug.insert()
        self.within = (name, index, plug)
        self.daemon.wait(index, True)

    def obey(self, line):
        name, *rest = line.split()
        if name == "bring":
            self.bring(*rest)
        elif name == "away":
            self.away()
        elif name == "touch-after":
            self.touch_after = float(rest[0])
        elif self.within is None:
            raise ValueError("no card is in")
        else:
            _, index, plug = self.within
            return control(self.daemon, {index: plug}, f"{name} {index} {' '.join(rest)}")
        return {"in": self.within[0] if self.within else None}


def serve_control(path, obey):
    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            line = self.rfile.readline().decode()
            try:
                answer = obey(line)
            except (ValueError, IndexError, KeyError, TypeError, OSError) as error:
                answer = {"error": str(error)}
            self.wfile.write(json.dumps(answer).encode() + b"\n")

    server = socketserver.ThreadingUnixStreamServer(str(path), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        name = b"lo".ljust(16, b"\0")
        flags = struct.unpack("16sH", fcntl.ioctl(s, 0x8913, name + b"\0" * 16)[:18])[1]
        fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", name, flags | 1))


def start_daemon(directory, ports):
    driver = next((path for path in DRIVERS if Path(path).exists()), None)
    daemon = shutil.which("pcscd") or "/usr/sbin/pcscd"
    if driver is None or not Path(daemon).exists():
        sys.exit("pcscd and vsmartcard-vpcd are needed: ./softhsm-setup.sh --test-tools")
    entries = []
    for index, port in enumerate(ports):
        # The driver keeps its slots in static variables: one copy for each reader.
        copy = directory / f"vpcd{index}.so"
        shutil.copy(driver, copy)
        entries.append(
            f'FRIENDLYNAME "Yubico YubiKey OTP+FIDO+CCID v{index}"\n'
            f"DEVICENAME /dev/null:{port}\nLIBPATH {copy}\nCHANNELID {port}\n"
        )
    configuration = directory / "reader.conf"
    configuration.write_text("\n".join(entries))
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    os.mkdir("/run/pcscd")
    arguments = [daemon, "-f", "-c", str(configuration)]
    usage = subprocess.run([daemon, "--help"], capture_output=True, text=True, check=False)
    if "disable-polkit" in usage.stdout + usage.stderr:
        arguments.append("--disable-polkit")
    with open(directory / "pcscd.log", "w") as log:
        return subprocess.Popen(arguments, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


def main():
    directory = Path(sys.argv[1]).resolve()
    is_rehearsal = sys.argv[2:] == ["--rehearsal"]
    maker = memory.maker(directory) if is_rehearsal else attestation.Maker()
    (directory / "root.pem").write_bytes(attestation.pem(maker.root))
    plugs = []
    cards = [] if is_rehearsal else sys.argv[2:]
    ports = [FIRST_PORT + 2 * index for index in range(3 if is_rehearsal else len(cards))]
    for port, text in zip(ports, cards):
        serial, _, firmware = text.partition(":")
        numbers = tuple(int(part) for part in firmware.split("."))
        plugs.append(Plug(Card(int(serial), numbers, maker), port))

    loopback_up()
    daemon = start_daemon(directory, ports)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while not Path("/run/pcscd/pcscd.comm").exists():
            if daemon.poll() is not None:
                sys.exit((directory / "pcscd.log").read_text() or "pcscd ended")
            time.sleep(0.01)
        seen = Daemon()
        for plug in plugs:
            plug.insert()
        for index in range(len(plugs)):
            seen.wait(index, True)
        desk = Desk(directory, seen, maker, ports)
        (directory / "control").unlink(missing_ok=True)
        obey = desk.obey if is_rehearsal else lambda line: control(seen, plugs, line)
        serve_control(directory / "control", obey)
        pcsc = f"/proc/{os.getpid()}/root/run/pcscd/pcscd.comm"
        print(json.dumps({"socket": pcsc, "root": str(directory / "root.pem")}), flush=True)
        sys.stdin.read()
    finally:
        daemon.terminate()
        daemon.wait()


main()
