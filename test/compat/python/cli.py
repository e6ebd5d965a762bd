"""The AWS CLI, v1 and v2."""

import base64
import json
import os
import subprocess

CLIS = {"v1": "LEAT_AWS_V1", "v2": "LEAT_AWS_V2"}


class Cli:
    """One version of the AWS CLI in front of one server."""

    def __init__(self, version, endpoint, directory):
        self.version = version
        self.path = os.environ[CLIS[version]]
        self.endpoint = endpoint
        self.directory = directory
        # What the README exports, and nothing of the machine's own settings.
        self.environment = {
            "PATH": f"{directory}:{os.environ['PATH']}",
            "HOME": str(directory),
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_MAX_ATTEMPTS": "1",
        }
        said = self.run([self.path, "--version"])
        assert said.startswith(f"aws-cli/{version[1]}."), said

    def secure(self, server):
        """Goes on over TLS, and trusts the server's own authority."""
        bundle = self.directory / "ca.pem"
        bundle.write_bytes(server.authority())
        self.environment["AWS_CA_BUNDLE"] = str(bundle)
        self.environment["AWS_ENDPOINT_URL"] = self.endpoint = server.secure_endpoint

    def execute(self, command):
        return subprocess.run(command, cwd=self.directory, env=self.environment,
                              capture_output=True, text=True, timeout=60)

    def run(self, command):
        done = self.execute(command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def refusal(self, *arguments):
        """Runs one operation that the server refuses, and returns what is said about that."""
        # 255 from v1, 254 from v2.
        done = self.execute([self.path, "--endpoint-url", self.endpoint, "kinesis", *arguments])
        assert done.returncode in (254, 255), f"{arguments}: {done.returncode} {done.stdout}{done.stderr}"
        return done.stderr.strip()

    def ask(self, *arguments):
        """Runs one operation of a service and returns what it printed, parsed."""
        out = self.run([self.path, "--endpoint-url", self.endpoint, "--output", "json", *arguments])
        return json.loads(out) if out.strip() else None

    def kinesis(self, *arguments):
        """Runs one operation of Kinesis."""
        return self.ask("kinesis", *arguments)

    def iterator(self, stream, shard, kind, *more):
        return self.kinesis("get-shard-iterator", "--stream-name", stream, "--shard-id", shard,
                            "--shard-iterator-type", kind, *more)["ShardIterator"]

    def data(self, iterator):
        answer = self.kinesis("get-records", "--shard-iterator", iterator)
        return [base64.b64decode(r["Data"]) for r in answer["Records"]]
