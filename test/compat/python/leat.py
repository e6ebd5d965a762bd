"""Servers and clients for the tests."""

import os
import queue
import signal
import subprocess
import threading
import time

import boto3
from botocore.config import Config

READY = "leat is ready on "

# How long a test waits for an event that is certain to come.
EVENT_SECONDS = 30

CREDENTIALS = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}


class Server:
    """A leat process, ready to be used, with a data directory of its own."""

    def __init__(self, data_dir, *flags):
        self.data_dir = data_dir
        self.flags = flags
        self._start()

    def _start(self):
        self.process = subprocess.Popen(
            [os.environ["LEAT_BIN"], "serve", "--listen", "127.0.0.1:0",
             "--data-dir", str(self.data_dir), "--log-level", "warn", *self.flags],
            stdout=subprocess.PIPE, text=True)
        lines = queue.Queue()
        # Ends with the process's output.
        threading.Thread(target=self._read, args=(lines,), daemon=True).start()
        line = lines.get(timeout=EVENT_SECONDS)
        if not line.startswith(READY):
            raise RuntimeError(f"leat said {line!r} instead of being ready")
        self.endpoint = line.removeprefix(READY).strip()

    def _read(self, lines):
        for line in self.process.stdout:
            lines.put(line)
        lines.put("")

    def kill(self):
        """Ends the process as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(EVENT_SECONDS)

    def restart(self):
        """Starts the server again on what is in its data directory."""
        self._start()

    def stop(self):
        """Ends the process in an orderly way, if it still runs."""
        if self.process.poll() is None:
            self.process.terminate()
        assert self.process.wait(EVENT_SECONDS) in (0, -signal.SIGKILL)

    @property
    def secure_endpoint(self):
        """The URL of the server, at the same port, for TLS."""
        return self.endpoint.replace("http:", "https:")

    def authority(self):
        """Returns the certificate of the server's own authority, as PEM."""
        return subprocess.check_output(
            [os.environ["LEAT_BIN"], "tls", "ca", "--data-dir", str(self.data_dir)],
            timeout=EVENT_SECONDS)

    def client(self, region="us-east-1", key_id="any", secret="any", token=None, validate=True,
               secure=False, service="kinesis"):
        """Returns a client that reports errors instead of retrying them."""
        return boto3.client(
            service, endpoint_url=self.secure_endpoint if secure else self.endpoint,
            region_name=region,
            aws_access_key_id=key_id, aws_secret_access_key=secret, aws_session_token=token,
            config=Config(retries={"mode": "standard", "total_max_attempts": 1},
                          parameter_validation=validate))


def eventually(attempt):
    """Returns the first true answer of attempt, or fails after EVENT_SECONDS."""
    deadline = time.monotonic() + EVENT_SECONDS
    while time.monotonic() < deadline:
        answer = attempt()
        if answer:
            return answer
    raise TimeoutError(f"{attempt} gave no answer within {EVENT_SECONDS} s")


def create(client, name, shards=1):
    """Makes a stream and returns its name once it is active."""
    client.create_stream(StreamName=name, ShardCount=shards)
    client.get_waiter("stream_exists").wait(
        StreamName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300})
    return name


def iterator(client, stream, shard, kind="TRIM_HORIZON", **position):
    """Returns a shard iterator."""
    return client.get_shard_iterator(
        StreamName=stream, ShardId=shard, ShardIteratorType=kind, **position)["ShardIterator"]


def read_until(client, start, count):
    """Reads on from an iterator until it has the number of records."""
    records = []
    position = start

    def page():
        nonlocal position
        answer = client.get_records(ShardIterator=position)
        position = answer["NextShardIterator"]
        records.extend(answer["Records"])
        return len(records) >= count

    eventually(page)
    return records


def read_to_end(client, start):
    """Reads a closed shard to its end: its records and the last answer."""
    records = []
    position = start

    def page():
        nonlocal position
        answer = client.get_records(ShardIterator=position)
        records.extend(answer["Records"])
        position = answer.get("NextShardIterator")
        return None if position else answer

    return records, eventually(page)


def data(records):
    """Returns the payloads."""
    return [r["Data"] for r in records]
