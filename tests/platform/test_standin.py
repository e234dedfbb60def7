"""The stand-in answers as documented."""

import hashlib
import json
import os
import platform as standard_platform
import signal
import socket
import subprocess
import sys
import urllib.request
import xml.etree.ElementTree
from concurrent.futures import ThreadPoolExecutor

import pytest

import official_requests as official
from official_requests import OfficialClient
from standin_client import HERE, StandIn, StandInError, wait_until

CYCLONEDX = b'{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": []}'


@pytest.fixture
def standin():
    with StandIn.start(analysis_seconds=0.0) as running:
        yield running


@pytest.fixture
def client(standin):
    return OfficialClient(standin.url, standin.token)


@pytest.fixture(scope="module")
def common():
    """For tests that leave nothing behind: spares a start each."""
    with StandIn.start(analysis_seconds=0.0) as running:
        yield running


@pytest.fixture
def common_client(common):
    return OfficialClient(common.url, common.token)


def analysis(client, firmware_id):
    return client.query(official.LATEST_ANALYSIS_STATE, {"id": firmware_id})["firmware"]


# -- the package -----------------------------------------------------------------------------------


def test_standard_platform_module_is_not_hidden():
    assert standard_platform.__file__.endswith("/platform.py")
    assert str(HERE.parent) not in sys.path


def test_runs_as_module_and_says_where_it_listens():
    process = subprocess.Popen([sys.executable, "-m", "onekey_standin", "--exit-after", "20"],
                               cwd=HERE, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    process.stdout.close()
    assert line.startswith("listening on http://127.0.0.1:") and line.endswith("/api\n")


def test_exit_after_bounds_its_life():
    assert subprocess.run([HERE / "standin", "--exit-after", "0.1"], timeout=20,
                          stdout=subprocess.DEVNULL).returncode == 0


@pytest.mark.parametrize("options", [
    ["--token", "a=no-uuid/secret"], ["--token", "nothing"], ["--set", "denied_style=maybe"],
    ["--set", "no_such=1"], ["--tls-cert", "x"],
])
def test_bad_options_are_usage_errors(options):
    run = subprocess.run([HERE / "standin", *options], stderr=subprocess.PIPE, timeout=20)
    assert run.returncode == 2 and b"error:" in run.stderr


def test_sigterm_ends_it_while_a_request_stalls(standin, client):
    standin.fault("stall")
    with ThreadPoolExecutor(1) as pool:
        stalled = pool.submit(client.graphql, official.SELF)
        standin.wait_for(lambda state: state["faults"][0]["hits"])
        assert standin.stop() == 0
        with pytest.raises((OSError, ValueError)):
            stalled.result()


def test_serves_tls_with_its_own_authority():
    with StandIn.start(tls=True) as standin:
        assert standin.url.startswith("https://")
        assert standin.state()["firmwares"] == []


# -- what the official client does -----------------------------------------------------------------


def test_whoami(standin, client):
    data = client.query(official.SELF)
    assert data == {"tenant": {"name": "Stand-in"}, "user": {"email": "default@standin.example"}}
    assert client.ids(official.PRODUCT_GROUPS).keys() == {"Default", "Routers"}
    assert client.ids(official.ANALYSIS_CONFIGURATIONS).keys() == {"Default", "Fast"}


def test_upload_as_the_official_client(standin, client):
    created = client.register(name="ACME-Router-1.0", version="1.0", notes="n")
    assert created["uploadUrl"] == "/upload-firmware/" + created["id"]
    reply = client.send(created["uploadUrl"], b"image" * 1000, "image.bin")
    assert reply.status == 200 and reply.headers["Content-Type"] == "application/json"
    firmware_id = reply.json()["id"]
    assert firmware_id != created["id"]
    (upload,) = standin.state()["uploads"]
    assert upload["sha256"] == hashlib.sha256(b"image" * 1000).hexdigest()
    expected = {"size": 5000, "filename": "image.bin", "name": "ACME-Router-1.0", "version": "1.0",
                "vendor": "ACME", "product": "Router", "product_group": "Default",
                "analysis_configuration": "Default", "sbom": None, "notes": "n",
                "monitoring": False, "firmware_id": firmware_id, "metadata_id": created["id"]}
    assert expected.items() <= upload.items()
    assert analysis(client, firmware_id) == {
        "name": "ACME-Router-1.0", "latestAnalysis": {"state": "DONE", "result": "COMPLETE"}}
    assert [m["metadata_id"] for m in standin.state()["mutations"]] == [created["id"]]


def test_sbom_only_upload_has_an_empty_firmware_part(standin, client):
    firmware_id = client.upload(b"", sbom=CYCLONEDX)
    (upload,) = standin.state()["uploads"]
    assert upload["size"] == 0 and upload["sbom"]["size"] == len(CYCLONEDX)
    assert analysis(client, firmware_id)["latestAnalysis"]["result"] == "COMPLETE"


def test_bad_sbom_fails_the_analysis_not_the_upload(client):
    firmware_id = client.upload(b"image", sbom=b'{"spdxVersion": "SPDX-2.3"}')
    assert analysis(client, firmware_id)["latestAnalysis"] == {"state": "DONE", "result": "FAILED"}


def test_unknown_group_and_configuration_are_validation_errors(standin, client):
    answer = client.register(group="no-such-group", analysisConfigurationId="nor-this")
    assert answer["count"] == 2
    assert [error["fieldPath"] for error in answer["errors"]] == [
        ["productGroup", "id"], ["firmware", "analysisConfigurationId"]]
    assert standin.state()["mutations"] == []


def test_metadata_are_good_for_one_upload(standin, client):
    url = client.register()["uploadUrl"]
    assert client.send(url, b"one").status == 200
    assert client.send(url, b"two").status == 409
    assert client.send("/upload-firmware/unknown", b"x").status == 404
    assert len(standin.state()["uploads"]) == 1


@pytest.mark.parametrize("body, content_type", [
    (b"image", "application/octet-stream"),
    (b"--b\r\nContent-Disposition: form-data; name=\"firmware\"\r\n\r\nhalf",
     "multipart/form-data; boundary=b"),
    (official.multipart([("file", "a", b"x")])[1], None),
    (official.multipart([("firmware", "a", b"")])[1], None),
])
def test_malformed_uploads_are_422(common, common_client, body, content_type):
    if content_type is None:
        content_type = "multipart/form-data; boundary=" + body[2:34].decode()
    url = common_client.register()["uploadUrl"]
    reply = common_client.request("POST", url, body, {"Content-Type": content_type})
    assert reply.status == 422
    assert set(reply.json()["errors"][0]) == {"type", "detail", "location"}
    assert common.state()["uploads"] == []


def test_chunked_upload_and_expect_continue(standin, client):
    content_type, body = official.multipart([("firmware", "a.bin", b"x" * 100)])
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:50], body[50:]))
    with socket.create_connection(("127.0.0.1", standin.port), timeout=10) as connection:
        connection.sendall((
            f"POST /api{client.register()['uploadUrl']} HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {standin.token}\r\nContent-Type: {content_type}\r\n"
            "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n").encode())
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(chunks + b"0\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK")
    assert standin.state()["uploads"][0]["size"] == 100


def test_timeline_results_and_comparison(client):
    first, second = client.upload(b"one"), client.upload(b"two")
    data = client.query(official.SAME_PRODUCT_FIRMWARES, {"id": second, "firmwareCount": 2})
    timeline = data["firmware"]["product"]["firmwareTimeline"]
    assert [entry["firmware"]["id"] for entry in timeline] == [second, first]
    results = client.query(official.LATEST_RESULTS, {"id": second})["firmware"]
    assert {issue["__typename"] for issue in results["latestIssues"]} == {"FileIssue"}
    assert results["cveMatches"][0]["component"]["name"]
    data = client.query(official.COMPARE_FIRMWARE, {"base": first, "other": second})
    compared = data["compareFirmwareAnalyses"]
    assert compared["issues"]["new"] and compared["cveEntries"]["dropped"]
    same = client.query(official.COMPARE_FIRMWARE, {"base": first, "other": first})
    assert same["compareFirmwareAnalyses"]["issues"] == {"new": [], "dropped": []}


def test_documented_filter_and_list(client):
    firmware_id = client.upload(b"image")
    listed = client.query(
        "{ allFirmwares { id name version latestIssues { severity summary file { path } } } }")
    assert [item["id"] for item in listed["allFirmwares"]] == [firmware_id]
    filtered = client.query(
        "query ($id: ID!) { firmware(id: $id) { latestIssues(filter: {severity: CRITICAL, "
        "confidence: HIGH, status: {exclude: [FALSE_POSITIVE, ACCEPTED_RISK]}}) { severity } } }",
        {"id": firmware_id})
    assert {i["severity"] for i in filtered["firmware"]["latestIssues"]} <= {"CRITICAL"}


def test_analysis_passes_through_the_documented_stages():
    with StandIn.start(analysis_seconds=2.0) as standin:
        client = OfficialClient(standin.url, standin.token)
        firmware_id = client.upload(b"image")
        seen = []

        def done():
            firmware = analysis(client, firmware_id)
            stage = firmware and firmware["latestAnalysis"] and firmware["latestAnalysis"]["state"]
            stage = "no firmware" if firmware is None else stage or "no analysis"
            if stage not in seen:
                seen.append(stage)
                assert (sbom(client, firmware_id).status == 200) == (stage == "DONE")
            return stage == "DONE"

        wait_until(done, 20, "not done")
    assert seen == ["no firmware", "no analysis", "QUEUED", "RUNNING", "DONE"]


def test_analysis_fails_by_product_and_by_control():
    with StandIn.start(analysis_seconds=0.0, fail_products=["Broken"]) as standin:
        client = OfficialClient(standin.url, standin.token)
        firmware_id = client.upload(b"image", product="Broken")
        assert analysis(client, firmware_id)["latestAnalysis"]["result"] == "FAILED"
        assert sbom(client, firmware_id).status == 404
        standin.change_firmware(firmware_id, result="COMPLETE")
        assert analysis(client, firmware_id)["latestAnalysis"]["result"] == "COMPLETE"
        standin.change_firmware(firmware_id, stuck=True)
        assert analysis(client, firmware_id)["latestAnalysis"]["state"] == "RUNNING"
        standin.change_firmware(firmware_id, vanished=True)
        assert analysis(client, firmware_id) is None


# -- GraphQL is real -------------------------------------------------------------------------------


@pytest.mark.parametrize("query, variables, words", [
    ("{ tenant { nme } }", None, ["nme", "Tenant"]),
    ("{ firmware(id: 1.5) { id } }", None, ["1.5"]),
    ("query ($id: Int!) { firmware(id: $id) { id } }", {"id": 1}, ["position expecting"]),
    ("{ tenant { name }", None, ["Syntax Error"]),
    (official.LATEST_ANALYSIS_STATE, {}, ["$id", "required type", "ID!"]),
    (official.CREATE_FIRMWARE_UPLOAD,
     {"firmware": {"name": "a", "sha256": "b"}, "vendorName": "v", "productName": "p",
      "productGroupID": "g"}, ["sha256", "field"]),
])
def test_wrong_documents_fail(common_client, query, variables, words):
    reply = common_client.graphql(query, variables)
    assert reply.status == 200
    assert set(reply.json()) == {"errors"}
    message = reply.json()["errors"][0]["message"].lower()
    assert all(word.lower() in message for word in words)


def test_status_of_invalid_documents_can_be_400(standin, client):
    standin.configure(graphql_error_status=400)
    assert client.graphql("{ nothing }").status == 400
    assert client.graphql(official.SELF).status == 200


def test_introspection_and_plain_requests(standin, client):
    data = client.query('{ __type(name: "Firmware") { fields { name } } }')
    names = {field["name"] for field in data["__type"]["fields"]}
    assert names == {"id", "name", "version", "product", "productGroup", "latestAnalysis",
                     "latestIssues", "cveMatches"}
    json_type = {"Content-Type": "application/json"}
    assert client.request("POST", "/graphql", b"{", json_type).status == 400
    assert client.request("POST", "/graphql", b'{"query": 1}', json_type).status == 400
    assert client.request("POST", "/graphql", b'{"query": "{x}"}').status == 415
    assert client.request("GET", "/graphql").status == 405
    assert client.request("GET", "/nothing").status == 404
    assert client.request("GET", "/version").status == 200


# -- tokens ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "unknown", "11111111-2222-4333-8444-555555555555/x"])
def test_401_without_a_known_token(common, token):
    client = OfficialClient(common.url, token)
    before = common.state()["tokens"]["(unknown)"]["refused"]
    for reply in (client.graphql(official.SELF), client.request("GET", "/version"),
                  sbom(client, "x"), client.send("/upload-firmware/x", b"x")):
        assert reply.status == 401
        assert reply.json()["errors"][0]["type"] == "auth.failed"
    assert common.state()["tokens"]["(unknown)"]["refused"] == before + 4


def test_token_expiry_and_replacement(standin, client):
    standin.expire_token(after_requests=2)
    assert [client.graphql(official.SELF).status for _ in range(3)] == [200, 200, 401]
    standin.revive_token()
    assert client.graphql(official.SELF).status == 200
    standin.expire_token(at=1.0)
    assert client.graphql(official.SELF).status == 401
    standin.revive_token()
    standin.expire_token()
    assert client.graphql(official.SELF).status == 401
    again = OfficialClient(standin.url, standin.add_token("second"))
    assert again.query(official.SELF)["user"]["email"] == "second@standin.example"
    state = standin.state()["tokens"]["default"]
    assert (state["requests"], state["refused"], len(state["refused_at"])) == (3, 3, 3)


def test_body_of_a_401_can_be_chosen(standin):
    client = OfficialClient(standin.url, "x")
    standin.configure(unauthorized_body="html")
    assert b"Sign in" in client.graphql(official.SELF).body
    standin.configure(unauthorized_body="empty")
    assert client.graphql(official.SELF).body == b""


def test_tenants_are_apart(standin, client):
    firmware_id = client.upload(b"image")
    other = OfficialClient(standin.url, standin.add_token(
        "other", "99999999-2222-4333-8444-555555555555/secret"))
    assert other.query(official.SELF)["tenant"]["name"] == "Stand-in 2"
    assert analysis(other, firmware_id) is None
    assert other.query("{ allFirmwares { id } }") == {"allFirmwares": []}
    assert sbom(other, firmware_id).status == 404
    assert other.send(client.register()["uploadUrl"], b"x").status == 404


def test_missing_rights_show_in_the_chosen_way(standin, client):
    firmware_id = client.upload(b"image")
    url = client.register()["uploadUrl"]
    standin.set_token("default", rights={"upload": ["Routers"], "view": False})
    variables = {"id": firmware_id}
    reply = client.graphql(official.LATEST_ANALYSIS_STATE, variables)
    assert reply.status == 403 and "view firmware" in reply.json()["errors"][0]["detail"]
    standin.configure(denied_style="errors")
    reply = client.graphql(official.LATEST_ANALYSIS_STATE, variables)
    assert reply.status == 200 and reply.json()["data"] == {"firmware": None}
    assert "missing permission" in reply.json()["errors"][0]["message"]
    standin.configure(denied_style="null")
    assert analysis(client, firmware_id) is None
    assert client.query("{ allFirmwares { id } }") == {"allFirmwares": []}
    assert sbom(client, firmware_id).status == 403
    assert client.send(url, b"x").status == 403
    with pytest.raises(TypeError):
        client.register()
    assert client.register(group=client.ids(official.PRODUCT_GROUPS)["Routers"])["uploadUrl"]


def test_secrets_stay_out_of_log_and_state(standin, client):
    client.graphql(official.SELF)
    OfficialClient(standin.url, "wrong/secret").graphql(official.SELF)
    OfficialClient(standin.url, None).graphql(official.SELF)
    assert [entry["token"] for entry in standin.requests()] == ["default", "(unknown)", None]
    secret = standin.token.partition("/")[2]
    assert secret not in standin.log_path.read_text() + json.dumps(standin.state())


# -- undocumented variants -------------------------------------------------------------------------


def test_upload_url_variants(standin, client):
    standin.configure(upload_url="absolute")
    assert client.register()["uploadUrl"].startswith(standin.url + "/upload-firmware/")
    standin.configure(upload_url="foreign", foreign_origin="https://other.invalid")
    assert client.register()["uploadUrl"].startswith("https://other.invalid/upload-firmware/")


def test_firmware_id_can_equal_the_metadata_id(standin, client):
    standin.configure(firmware_id="same")
    created = client.register()
    assert client.send(created["uploadUrl"], b"x").json()["id"] == created["id"]


# -- SBOMs -----------------------------------------------------------------------------------------


def sbom(client, firmware_id, kind=None):
    query = f"?format={kind}" if kind else ""
    return client.request("GET", f"/firmwares/{firmware_id}/sbom{query}")


def component_set(document):
    return {(c["name"], c["version"], c["purl"]) for c in document["components"]}


def test_sbom_differs_in_serial_but_not_in_components(standin, client):
    firmware_id = client.upload(b"image")
    one, two = (sbom(client, firmware_id).json() for _ in range(2))
    assert one["bomFormat"] == "CycloneDX" and len(one["components"]) == 40
    assert one["serialNumber"] != two["serialNumber"]
    assert one["components"] != two["components"]
    assert component_set(one) == component_set(two)
    twin = client.upload(b"image", name="twin")
    assert component_set(sbom(client, twin).json()) == component_set(one)
    assert len(standin.state()["sbom_downloads"]) == 3


def test_sbom_content_changes_on_request(standin, client):
    firmware_id = client.upload(b"image")
    first = component_set(sbom(client, firmware_id).json())
    standin.change_firmware(firmware_id, revision=1)
    second = component_set(sbom(client, firmware_id).json())
    assert len(first & second) == 32
    standin.change_firmware(firmware_id, components=20, revision=0)
    assert len(component_set(sbom(client, firmware_id).json()) & first) == 20
    standin.change_firmware(firmware_id, vex=3)
    assert len(sbom(client, firmware_id).json()["vulnerabilities"]) == 3


def test_sbom_formats_tell_the_same(client):
    firmware_id = client.upload(b"image")
    wanted = {(name, version) for name, version, _ in
              component_set(sbom(client, firmware_id).json())}
    spdx = sbom(client, firmware_id, "spdx").json()
    assert spdx["spdxVersion"] == "SPDX-2.3"
    assert {(p["name"], p["versionInfo"]) for p in spdx["packages"]} == wanted
    assert len({p["SPDXID"] for p in spdx["packages"]}) == len(wanted)
    graph = sbom(client, firmware_id, "spdx3").json()["@graph"]
    assert {(e["name"], e["software_packageVersion"]) for e in graph
            if e["type"] == "software_Package"} == wanted
    tags = sbom(client, firmware_id, "spdx-tv").body.decode().splitlines()
    values = {key: [line.split(": ", 1)[1] for line in tags if line.startswith(key + ": ")]
              for key in ("SPDXVersion", "PackageName", "PackageVersion")}
    assert values["SPDXVersion"] == ["SPDX-2.3"]
    assert set(zip(values["PackageName"], values["PackageVersion"])) == wanted
    tree = xml.etree.ElementTree.fromstring(sbom(client, firmware_id, "cyclonedx-xml").body)
    space = "{http://cyclonedx.org/schema/bom/1.6}"
    assert {(c.findtext(space + "name"), c.findtext(space + "version"))
            for c in tree.find(space + "components")} == wanted
    assert sbom(client, firmware_id, "pdf").status == 422


# -- control ---------------------------------------------------------------------------------------


def test_control_creates_firmwares(standin, client):
    ids = standin.add_firmwares(3, name="old-{n}", version="{n}.0", product="Legacy", components=7)
    listed = client.query("{ allFirmwares { id name version product { name vendor } } }")
    assert listed["allFirmwares"][2] == {"id": ids[2], "name": "old-3", "version": "3.0",
                                         "product": {"name": "Legacy", "vendor": "Imported"}}
    assert len(sbom(client, ids[0]).json()["components"]) == 7
    assert standin.state()["uploads"] == []


def test_control_sets_what_an_analysis_found(standin, client):
    first, second = standin.add_firmwares(2)
    standin.change_firmware(first, issues=[{"id": "old"}], cves=[])
    standin.change_firmware(second, cves=[{"id": "CVE-1", "severity": "SEVERE"}], issues=[
        {"id": "new", "severity": "LOW", "type": "T\x01<", "file": "/a\nb"},
        {"id": "elf", "elf": True}])
    own = client.query(official.LATEST_RESULTS, {"id": second})["firmware"]
    assert own["latestIssues"] == [{"__typename": "FileIssue", "id": "new", "severity": "LOW",
                                    "type": "T\x01<", "file": {"path": "/a\nb"}}]
    assert [match["cve"] for match in own["cveMatches"]] == [
        {"id": "CVE-1", "description": "A flaw", "severity": "SEVERE"}]
    compared = client.query(official.COMPARE_FIRMWARE,
                            {"base": first, "other": second})["compareFirmwareAnalyses"]
    assert [issue["id"] for issue in compared["issues"]["new"]] == ["new", "elf"]
    assert [issue["id"] for issue in compared["issues"]["dropped"]] == ["old"]
    assert compared["cveEntries"]["dropped"] == []


@pytest.mark.parametrize("path, body", [
    ("/firmwares", {"issues": [{"severity": "LOW"}]}),
    ("/firmwares", {"cves": [{"id": "CVE-1", "severity": "GRAVE"}]}),
    ("/firmwares", {"cves": [{"id": "CVE-1", "file": "/etc"}]}),
    ("/faults", {"kind": "nonsense"}),
    ("/faults", {"kind": "delay", "match": {"nht": 1}}),
    ("/faults", {"kind": "delay", "second": 1}),
    ("/settings", {"denied_style": "maybe"}),
    ("/settings", {"analysis_seconds": -1}),
    ("/tokens", {"label": "nobody", "expired": True}),
    ("/tokens", {"label": "default", "expire": True}),
    ("/firmwares", {"product_group": "None"}),
    ("/firmwares/none", {"result": "FAILED"}),
])
def test_control_refuses_what_makes_no_sense(common, path, body):
    with pytest.raises(StandInError, match="error"):
        common._control("POST", path, body)


# -- load ------------------------------------------------------------------------------------------


def test_memory_does_not_grow_with_the_upload(standin, client):
    def peak_kib():
        with open(f"/proc/{standin.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

    client.upload(b"warm up")
    before = peak_kib()
    block = os.urandom(1 << 20)
    boundary, blocks = "b", 256
    head = (f'--{boundary}\r\nContent-Disposition: form-data; name="firmware"; filename="big"'
            "\r\n\r\n").encode()
    tail = f"\r\n--{boundary}--\r\n".encode()
    size = len(head) + blocks * len(block) + len(tail)
    with socket.create_connection(("127.0.0.1", standin.port), timeout=30) as connection:
        connection.sendall((
            f"POST /api{client.register()['uploadUrl']} HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {standin.token}\r\nContent-Length: {size}\r\n"
            f"Content-Type: multipart/form-data; boundary={boundary}\r\n\r\n").encode() + head)
        for _ in range(blocks):
            connection.sendall(block)
        connection.sendall(tail)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    assert standin.state()["uploads"][-1]["sha256"] == hashlib.sha256(block * blocks).hexdigest()
    assert peak_kib() - before < 32 * 1024


def test_many_uploads_at_once(standin, client):
    groups = client.ids(official.PRODUCT_GROUPS)
    content = os.urandom(20_000)

    def one(number):
        mine = OfficialClient(standin.url, standin.token)
        return mine.upload(content + b"%d" % number, name=f"f{number}", group=groups["Default"])

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(one, range(100)))
    uploads = standin.state()["uploads"]
    assert len(set(ids)) == len({upload["sha256"] for upload in uploads}) == 100


@pytest.mark.parametrize("name", ["id", "tenant"])
def test_everybody_gets_the_public_keys_that_the_official_client_asks_for_first(standin, name):
    with urllib.request.urlopen(f"{standin.url}/{name}-token-public-key.pem") as answer:
        assert answer.status == 200
        assert answer.read().startswith(b"-----BEGIN PUBLIC KEY-----")
