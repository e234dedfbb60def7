"""Every kind of fault does what it says."""

import http.client
import socket
import ssl
import threading
import time

import pytest

import official_requests as official
from official_requests import OfficialClient
from standin_client import StandIn

MULTIPART = "multipart/form-data; boundary=b"
HEAD = b'--b\r\nContent-Disposition: form-data; name="firmware"; filename="f"\r\n\r\n'
TAIL = b"\r\n--b--\r\n"


@pytest.fixture(scope="module")
def common():
    with StandIn.start(analysis_seconds=0.0) as running:
        yield running


@pytest.fixture
def standin(common):
    yield common
    common.clear_faults()
    common.configure(foreign_origin="http://foreign.invalid")


@pytest.fixture
def client(standin):
    return OfficialClient(standin.url, standin.token)


class RawUpload:
    """An upload over a bare socket, to see exactly what happens on the connection."""

    def __init__(self, standin, client, size, expect=False):
        self.socket = socket.create_connection(("127.0.0.1", standin.port), timeout=10)
        self.body = HEAD + b"x" * size + TAIL
        self.socket.sendall((
            f"POST /api{client.register()['uploadUrl']} HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {standin.token}\r\nContent-Type: {MULTIPART}\r\n"
            f"Content-Length: {len(self.body)}\r\n"
            + ("Expect: 100-continue\r\n" if expect else "") + "\r\n").encode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def end(self):
        """How the connection ends when nothing more is sent: "rst" or "fin", and what came."""
        received = b""
        try:
            while True:
                data = self.socket.recv(65536)
                if not data:
                    return "fin", received
                received += data
        except ConnectionResetError:
            return "rst", received


def uploads(standin):
    return len(standin.state()["uploads"])


# -- matching ------------------------------------------------------------------------------------


def test_nth_count_and_after(standin, client):
    def statuses(number):
        return [client.graphql(official.SELF).status for _ in range(number)]

    standin.fault("status", nth=2)
    assert statuses(3) == [200, 503, 200]
    standin.fault("status", status=500, count=2, after=1)
    assert statuses(4) == [200, 500, 500, 200]
    standin.fault("status", status=429, count=None)
    assert statuses(2) == [429, 429]
    standin.clear_faults()
    assert statuses(1) == [200]


def test_match_by_method_path_operation_field_token_and_firmware(standin, client):
    standin.fault("status", method="GET", path_prefix="/api/vers")
    standin.fault("status", operation="CreateFirmwareUpload", firmware="odd-*")
    standin.fault("status", operation="allProductGroups", token="another", count=None)
    assert client.request("GET", "/version").status == 503
    assert client.ids(official.PRODUCT_GROUPS)
    another = OfficialClient(standin.url, standin.add_token("another"))
    assert another.graphql(official.PRODUCT_GROUPS).status == 503
    assert "id" in client.register(name="even-2")
    with pytest.raises(AssertionError):
        client.register(name="odd-3")
    firmware_id = client.upload(b"image", name="mine")
    standin.fault("status", firmware="mine", count=None)
    assert client.request("GET", f"/firmwares/{firmware_id}/sbom").status == 503
    reply = client.graphql(official.LATEST_ANALYSIS_STATE, {"id": firmware_id})
    assert reply.status == 503
    with pytest.raises(AssertionError):
        client.upload(b"image", name="mine")


def test_faults_are_listed_counted_and_logged(standin, client):
    number = standin.fault("delay", seconds=0.0, operation="tenant", after=1)
    client.query(official.SELF)
    client.query(official.SELF)
    (fault,) = standin.faults()
    assert (fault["id"], fault["seen"], fault["hits"]) == (number, 2, 1)
    assert standin.requests(fault="delay")[-1]["status"] == 200
    standin.clear_faults(number)
    assert standin.faults() == []


# -- answers in place of the true one ------------------------------------------------------------


def test_status_with_headers_and_body(standin, client):
    standin.fault("status", status=429, headers={"Retry-After": "7"}, body="slow down",
                  content_type="text/plain")
    reply = client.graphql(official.SELF)
    assert (reply.status, reply.body) == (429, b"slow down")
    assert reply.headers["Retry-After"] == "7"


def test_status_on_an_upload_executes_nothing(standin, client):
    url = client.register()["uploadUrl"]
    before = uploads(standin)
    standin.fault("status", path_prefix="/api/upload-firmware/")
    reply = client.send(url, b"x" * 300_000)
    assert reply.status == 503 and reply.json()["errors"]
    assert uploads(standin) == before
    assert standin.requests(operation="upload-firmware")[-1]["received"] > 300_000
    assert client.send(url, b"x").status == 200


@pytest.mark.parametrize("kind, check", [
    ("html_signin", lambda r: r.status == 200 and b"<html>" in r.body),
    ("graphql_errors", lambda r: r.json()["errors"][0]["message"] == "Unauthorized"),
    ("wrong_json", lambda r: r.json() == ["not", "what", "was", "asked", "for"]),
    ("deep_json", lambda r: r.body.startswith(b"[[[[") and len(r.body) == 200_000),
    ("redirect", lambda r: r.status == 307
     and r.headers["Location"] == "http://foreign.invalid/api/graphql"),
])
def test_answers_of_another_kind(standin, client, kind, check):
    standin.fault(kind)
    assert check(client.graphql(official.SELF))
    assert client.query(official.SELF)


def test_redirect_goes_where_it_is_told(standin, client):
    standin.fault("redirect", location="https://elsewhere.invalid/x", status=302)
    reply = client.graphql(official.SELF)
    assert (reply.status, reply.headers["Location"]) == (302, "https://elsewhere.invalid/x")


def test_foreign_upload_url(standin, client):
    standin.fault("foreign_upload_url", operation="createFirmwareUpload",
                  origin="https://thief.invalid:8443")
    created = client.register()
    assert created["uploadUrl"] == f"https://thief.invalid:8443/upload-firmware/{created['id']}"
    assert client.send(f"/upload-firmware/{created['id']}", b"x").status == 200


def test_truncate(standin, client):
    firmware_id = standin.add_firmwares(1)[0]
    path = f"/firmwares/{firmware_id}/sbom"
    whole = len(client.request("GET", path).body)
    standin.fault("truncate", operation="sbom")
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.request("GET", path)
    assert len(caught.value.partial) == whole // 2
    standin.fault("truncate", operation="sbom", after_bytes=100, honest=True)
    assert len(client.request("GET", path).body) == 100


@pytest.mark.parametrize("announce", [True, False])
def test_oversize(standin, client, announce):
    standin.fault("oversize", size=3_000_001, announce=announce)
    reply = client.graphql(official.SELF)
    assert len(reply.body) == 3_000_001
    assert ("Content-Length" in reply.headers) == announce
    assert reply.json()["data"]


# -- broken connections --------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["rst", "fin"])
def test_reset_before_body(standin, client, how):
    standin.fault("reset_before_body", operation="upload-firmware", how=how)
    with RawUpload(standin, client, 1_000_000) as upload:
        assert upload.end() == (how, b"")
    entry = standin.requests(operation="upload-firmware")[-1]
    assert (entry["outcome"], entry["received"]) == (f"cut ({how})", 0)


@pytest.mark.parametrize("how", ["rst", "fin"])
def test_reset_in_the_middle_of_an_upload(standin, client, how):
    before = uploads(standin)
    standin.fault("reset_mid_body", operation="upload-firmware", after_bytes=100_000, how=how)
    with RawUpload(standin, client, 1_000_000) as upload:
        upload.socket.sendall(upload.body[:150_000])
        assert upload.end() == (how, b"")
    entry = standin.requests(operation="upload-firmware")[-1]
    assert 100_000 <= entry["received"] <= 150_000
    assert uploads(standin) == before


def test_reset_in_the_middle_of_a_download(standin, client):
    firmware_id = standin.add_firmwares(1)[0]
    standin.fault("reset_mid_body", operation="sbom", after_bytes=50, how="fin")
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.request("GET", f"/firmwares/{firmware_id}/sbom")
    assert len(caught.value.partial) == 50


@pytest.mark.parametrize("how", ["rst", "fin"])
def test_lost_answer_leaves_the_firmware_behind(standin, client, how):
    before = uploads(standin)
    standin.fault("lost_answer", operation="upload-firmware", how=how)
    with RawUpload(standin, client, 1000) as upload:
        upload.socket.sendall(upload.body)
        assert upload.end() == (how, b"")
    assert uploads(standin) == before + 1
    entry = standin.requests(operation="upload-firmware")[-1]
    assert (entry["status"], entry["outcome"]) == (None, f"cut ({how})")
    standin.fault("lost_answer", operation="createFirmwareUpload")
    registered = len(standin.state()["mutations"])
    with pytest.raises(http.client.RemoteDisconnected):
        client.register()
    assert len(standin.state()["mutations"]) == registered + 1


def test_reset_over_tls():
    with StandIn.start(tls=True) as standin:
        context = ssl.create_default_context(cafile=str(standin.ca_file))
        standin.fault("reset_before_body", path_prefix="/api/version")
        connection = http.client.HTTPSConnection("127.0.0.1", standin.port, context=context,
                                                 timeout=10)
        with pytest.raises(ConnectionResetError):
            connection.request("GET", "/api/version")
            connection.getresponse()
        connection.close()


def test_client_that_leaves_is_logged(standin, client):
    with RawUpload(standin, client, 1_000_000) as upload:
        upload.socket.sendall(upload.body[:200_000])
    standin.wait_for(lambda _: standin.requests(outcome="client gone"))
    entry = standin.requests(outcome="client gone")[-1]
    assert entry["status"] is None and 0 < entry["received"] <= 200_000


# -- before the body -----------------------------------------------------------------------------


def test_early_status_spares_the_body(standin, client):
    standin.fault("early_status", operation="upload-firmware", status=413)
    with RawUpload(standin, client, 1_000_000, expect=True) as upload:
        assert upload.socket.recv(1000).startswith(b"HTTP/1.1 413 ")
    standin.wait_for(lambda _: standin.requests(status=413))
    entry = standin.requests(status=413)[-1]
    assert (entry["received"], entry["expect_continue"]) == (0, True)


def test_early_status_in_the_middle(standin, client):
    standin.fault("early_status", operation="upload-firmware", after_bytes=100_000)
    with RawUpload(standin, client, 1_000_000) as upload:
        upload.socket.sendall(upload.body[:200_000])
        assert upload.socket.recv(1000).startswith(b"HTTP/1.1 401 ")
        upload.socket.sendall(upload.body[200_000:])


def test_early_status_with_a_hard_end(standin, client):
    standin.fault("early_status", operation="upload-firmware", after_bytes=1000, close="rst")
    with RawUpload(standin, client, 1_000_000) as upload:
        upload.socket.sendall(upload.body[:5000])
        how, _received = upload.end()
    assert how == "rst"


def test_no_100_continue(standin, client):
    standin.fault("no_100_continue", operation="upload-firmware")
    with RawUpload(standin, client, 1000, expect=True) as upload:
        upload.socket.settimeout(0.3)
        with pytest.raises(socket.timeout):
            upload.socket.recv(1000)
        upload.socket.settimeout(10)
        upload.socket.sendall(upload.body)
        assert upload.socket.recv(1000).startswith(b"HTTP/1.1 200 ")


# -- time ----------------------------------------------------------------------------------------


def seconds_for(action):
    started = time.monotonic()
    action()
    return time.monotonic() - started


def test_delay(standin, client):
    standin.fault("delay", seconds=0.4)
    assert 0.4 <= seconds_for(lambda: client.query(official.SELF)) < 5


def test_stalled_upload_stops_reading_and_goes_on_when_cleared(standin, client):
    standin.fault("stall", operation="upload-firmware", after_bytes=100_000)
    with RawUpload(standin, client, 40_000_000) as upload:
        upload.socket.settimeout(0.5)
        sent = 0
        with pytest.raises(socket.timeout):
            while sent < len(upload.body):
                sent += upload.socket.send(upload.body[sent:sent + 65536])
        assert 100_000 <= sent < len(upload.body)
        upload.socket.settimeout(20)
        standin.clear_faults()
        upload.socket.sendall(upload.body[sent:])
        assert upload.socket.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_stalled_answer_has_executed_the_request(standin, client):
    before = uploads(standin)
    url = client.register()["uploadUrl"]
    standin.fault("stall", operation="upload-firmware", where="answer")
    with pytest.raises(socket.timeout):
        OfficialClient(standin.url, standin.token, timeout=0.5).send(url, b"x")
    assert uploads(standin) == before + 1


def test_answer_that_stops_half_way(standin, client):
    impatient = OfficialClient(standin.url, standin.token, timeout=0.5)
    standin.fault("stall", where="body", after_bytes=10)
    with pytest.raises(socket.timeout):
        impatient.graphql(official.SELF)
    standin.fault("stall", where="body", after_bytes=10, seconds=0.1)
    assert client.query(official.SELF)


def test_slow_bodies(standin, client):
    firmware_id = standin.add_firmwares(1, components=10)[0]
    size = len(client.request("GET", f"/firmwares/{firmware_id}/sbom").body)
    standin.fault("slow_body", operation="sbom", rate=size * 2)
    taken = seconds_for(lambda: client.request("GET", f"/firmwares/{firmware_id}/sbom"))
    assert 0.4 <= taken < 5
    standin.fault("slow_body", operation="upload-firmware", rate=200_000)
    assert 0.4 <= seconds_for(lambda: client.upload(b"x" * 100_000)) < 5


def test_stall_ends_when_the_client_leaves(standin):
    standin.fault("stall", path_prefix="/api/version")
    with socket.create_connection(("127.0.0.1", standin.port), timeout=10) as connection:
        connection.sendall(b"GET /api/version HTTP/1.1\r\nHost: x\r\n\r\n")
        standin.wait_for(lambda state: state["faults"][0]["hits"])
    standin.wait_for(lambda _: standin.requests(path="/api/version", fault="stall"), seconds=5)


def test_other_requests_go_on_while_one_stalls(standin, client):
    standin.fault("stall", operation="tenant")
    stalled = threading.Thread(target=client.graphql, args=(official.SELF,))
    stalled.start()
    standin.wait_for(lambda state: state["faults"][0]["hits"])
    assert client.ids(official.PRODUCT_GROUPS)
    standin.clear_faults()
    stalled.join(10)
    assert not stalled.is_alive()
