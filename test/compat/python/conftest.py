import pytest

from leat import Server


@pytest.fixture
def serve(tmp_path):
    """Starts servers that are stopped when the test ends."""
    servers = []

    def start(*flags):
        server = Server(tmp_path / f"data-{len(servers)}", *flags)
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def server(serve):
    """A server without rate limits."""
    return serve("--limits", "off")


@pytest.fixture
def client(server):
    """A boto3 client of the server."""
    return server.client()


@pytest.fixture
def connect_securely(tmp_path, monkeypatch):
    """Returns clients over TLS that trust their server's own authority."""

    def connect(server):
        bundle = tmp_path / "ca.pem"
        bundle.write_bytes(server.authority())
        monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
        return server.client(secure=True)

    return connect
