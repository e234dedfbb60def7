"""What an export of a whole tenant meets: size, lacking fields, bad and changing SBOMs, counts."""

import json
import xml.etree.ElementTree

import pytest

import official_requests as official
from official_requests import OfficialClient
from standin_client import StandIn, StandInError

#: What an export may want to know of each firmware.
EVERYTHING = """{ allFirmwares { id name version product { name vendor category }
productGroup { id name } latestAnalysis { state result } } }"""

FORMATS = ("cyclonedx", "cyclonedx-xml", "spdx", "spdx-tv", "spdx3")

LACKING = ["Firmware.productGroup", "Product.vendor", "Product.name"]


@pytest.fixture
def standin():
    with StandIn.start(analysis_seconds=0.0) as running:
        yield running


@pytest.fixture(scope="module")
def common():
    """For tests that only add firmwares of their own."""
    with StandIn.start(analysis_seconds=0.0) as running:
        yield running


@pytest.fixture
def client(standin):
    return OfficialClient(standin.url, standin.token)


@pytest.fixture
def common_client(common):
    return OfficialClient(common.url, common.token)


def sbom(client, firmware_id, kind="cyclonedx"):
    return client.request("GET", f"/firmwares/{firmware_id}/sbom?format={kind}")


def components(client, firmware_id):
    """(name, version, purl, licence) of each component."""
    return sorted(
        (c["name"], c.get("version"), c.get("purl"),
         c["licenses"][0]["license"]["id"] if "licenses" in c else None)
        for c in sbom(client, firmware_id).json()["components"])


# -- many ------------------------------------------------------------------------------------------


def test_a_tenant_of_twenty_thousand_is_made_and_listed(standin, client):
    ids = standin.add_firmwares(20_000, name="fw-{n}", version="{n}.0", product="Product-{n}",
                                vendor="Vendor-{n}", product_group="Routers")
    listed = client.query(EVERYTHING)["allFirmwares"]
    assert [firmware["id"] for firmware in listed] == ids
    group = client.ids(official.PRODUCT_GROUPS)["Routers"]
    assert listed[19_999] == {
        "id": ids[-1], "name": "fw-20000", "version": "20000.0",
        "product": {"name": "Product-20000", "vendor": "Vendor-20000", "category": None},
        "productGroup": {"id": group, "name": "Routers"},
        "latestAnalysis": {"state": "DONE", "result": "COMPLETE"}}
    more = standin.add_firmwares(2, first=20_001, name="fw-{n}", product="Product-{n}")
    assert [f["name"] for f in standin.state()["firmwares"][-2:]] == ["fw-20001", "fw-20002"]
    assert len({*ids, *more}) == 20_002


def test_twenty_thousand_components_in_every_format(common, common_client):
    (firmware_id,) = common.add_firmwares(1, components=20_000)
    found = components(common_client, firmware_id)
    assert len({(name, version) for name, version, _, _ in found}) == 20_000
    for kind, mark in (("cyclonedx-xml", b"<component type=\"library\""), ("spdx", b"versionInfo"),
                       ("spdx-tv", b"PackageName: "), ("spdx3", b"software_packageVersion")):
        assert sbom(common_client, firmware_id, kind).body.count(mark) == 20_000


# -- fields that a platform has or has not ---------------------------------------------------------


@pytest.mark.parametrize("status", [200, 400])
def test_a_lacking_field_does_not_validate(standin, client, status):
    standin.add_firmwares(1)
    standin.configure(schema_lacks=LACKING, graphql_error_status=status)
    reply = client.graphql("{ allFirmwares { name product { vendor } } }")
    assert reply.status == status and set(reply.json()) == {"errors"}
    assert [error["message"] for error in reply.json()["errors"]] == [
        'Cannot query field "vendor" on type "Product".']
    (error,) = client.graphql("{ allFirmwares { productGroup { id } } }").json()["errors"]
    assert error["message"].startswith('Cannot query field "productGroup" on type "Firmware".')
    assert len(client.graphql(EVERYTHING).json()["errors"]) == 3
    rest = client.query("{ allFirmwares { name product { category } } allProductGroups { id } }")
    assert rest["allFirmwares"] == [{"name": "imported-1", "product": {"category": None}}]
    standin.configure(schema_lacks=[])
    assert client.query(EVERYTHING)["allFirmwares"][0]["product"]["vendor"] == "Imported"


def test_fields_can_lack_from_the_start():
    with StandIn.start(settings={"schema_lacks": LACKING}) as standin:
        assert standin.state()["settings"]["schema_lacks"] == sorted(LACKING)
        client = OfficialClient(standin.url, standin.token)
        kinds = client.query('{ a: __type(name: "Product") { fields { name } } '
                             'b: __type(name: "Firmware") { fields { name } } }')
        names = {f["name"] for kind in kinds.values() for f in kind["fields"]}
    assert names == {"category", "firmwareTimeline", "id", "name", "version", "product",
                     "latestAnalysis", "latestIssues", "cveMatches"}


@pytest.mark.parametrize("why, lacks", [
    ("no such field", ["Firmware.sha256"]),
    ("no field at all", ["Product"]),
    ("no list", 7),
    ("an interface demands it", ["ElfIssue.file"]),
    ("nothing would be left of the type", ["User.email"]),
])
def test_only_what_a_schema_can_do_without_may_lack(common, why, lacks):
    with pytest.raises(StandInError, match="schema_lacks"):
        common.configure(schema_lacks=lacks)
    assert common.state()["settings"]["schema_lacks"] == [], why


# -- SBOMs that are none ---------------------------------------------------------------------------


def no_document(reply):
    with pytest.raises(ValueError):
        reply.json()
    return True


@pytest.mark.parametrize("kind, status, check", [
    ("html", 200, lambda r: r.body.startswith(b"<!DOCTYPE html>") and "html" in
     r.headers["Content-Type"]),
    ("json", 200, lambda r: "bomFormat" not in r.json() and "components" not in r.json()),
    ("truncated", 200, lambda r: r.body.startswith(b'{"bomFormat"') and no_document(r)
     and int(r.headers["Content-Length"]) == len(r.body) > 1000),
    ("empty", 200, lambda r: r.body == b"" and r.headers["Content-Length"] == "0"),
    ("no_components", 200, lambda r: r.json()["components"] == []),
    ("half_components", 200, lambda r: len(r.json()["components"]) == 20),
    ("404", 404, lambda r: r.json()["errors"][0]["type"] == "not_found"),
    ("403", 403, lambda r: r.json()["errors"][0]["type"] == "auth.forbidden"),
    ("500", 500, lambda r: r.json()["errors"][0]["type"] == "internal"),
])
def test_an_sbom_stays_broken_until_it_is_mended(common, common_client, kind, status, check):
    broken, sound = common.add_firmwares(2)
    good = components(common_client, broken)
    common.break_sbom(broken, kind)
    for _ in range(3):
        reply = sbom(common_client, broken)
        assert reply.status == status and check(reply), reply
    assert components(common_client, sound)
    assert [e["fault"] for e in common.requests(path=f"/api/firmwares/{broken}/sbom")] == [
        None, *[f"sbom {kind}"] * 3]
    common.break_sbom(broken, None)
    assert components(common_client, broken) == good


def test_the_half_that_is_left_is_always_the_same(common, common_client):
    (firmware_id,) = common.add_firmwares(1)
    good = components(common_client, firmware_id)
    common.break_sbom(firmware_id, "half_components")
    half = components(common_client, firmware_id)
    assert half == components(common_client, firmware_id) and set(half) < set(good)


def test_downloads_tell_which_document_was_broken(standin, client):
    (firmware_id,) = standin.add_firmwares(1)
    for kind in (None, "truncated", "html", "404"):
        standin.break_sbom(firmware_id, kind)
        sbom(client, firmware_id)
    state = standin.state()
    assert [d["fault"] for d in state["sbom_downloads"]] == [None, "truncated"]
    assert state["firmwares"][0]["sbom_fault"] == "404"


def test_many_are_changed_in_one_request(standin, client):
    ids = standin.add_firmwares(12, name="fw-{n}", product="Product-{n}")
    assert standin.change_firmwares({"sbom_fault": "500"}, name="fw-1*") == [
        ids[0], *ids[9:]]
    assert [sbom(client, one).status for one in ids] == [500, *[200] * 8, *[500] * 3]
    standin.change_firmwares({"sbom_fault": None, "revision": 2}, ids=ids[:10], product="*-1*")
    assert [f["revision"] for f in standin.state()["firmwares"]] == [2, *[0] * 8, 2, 0, 0]
    assert len(standin.change_firmwares({"vanished": True})) == 12
    assert client.query(EVERYTHING)["allFirmwares"] == []


@pytest.mark.parametrize("why, request_", [
    ("unknown fault", {"change": {"sbom_fault": "teapot"}}),
    ("unknown change", {"change": {"colour": "red"}}),
    ("unknown pattern", {"match": {"colour": "r*"}, "change": {}}),
    ("unknown key", {"which": [], "change": {}}),
    ("unknown firmware", {"ids": ["nobody"], "change": {"vanished": True}}),
    ("a component without a name", {"change": {"components_list": [{"version": "1"}]}}),
    ("a component with more", {"change": {"components_list": [{"name": "a", "colour": "red"}]}}),
    ("unknown product group", {"change": {"name": "new", "product_group": "None"}}),
])
def test_a_change_that_makes_no_sense_changes_nothing(common, why, request_):
    common.add_firmwares(1)
    before = common.state()["firmwares"]
    with pytest.raises(StandInError, match="error"):
        common._control("PATCH", "/firmwares", request_)
    assert common.state()["firmwares"] == before, why


# -- firmwares that change -------------------------------------------------------------------------


@pytest.mark.parametrize("name", [
    "a/b", "../../etc/passwd", "..", "", "nul\0inside", "n" * 300, "\U0001f4a9 router", "a\nb",
    "ünï‮code", "half \ud83d pair",
])
def test_names_are_whatever_somebody_chose(common, common_client, name):
    (firmware_id,) = common.add_firmwares(1)
    common.change_firmware(firmware_id, name=name, version=name, product=name, vendor=name)
    listed = {f["id"]: f for f in common_client.query(EVERYTHING)["allFirmwares"]}[firmware_id]
    assert (listed["name"], listed["version"]) == (name, name)
    assert (listed["product"]["name"], listed["product"]["vendor"]) == (name, name)
    assert sbom(common_client, firmware_id).json()["metadata"]["component"]["name"] == name
    xml.etree.ElementTree.fromstring(sbom(common_client, firmware_id, "cyclonedx-xml").body)
    tags = sbom(common_client, firmware_id, "spdx-tv").body.decode().splitlines()
    assert all(": " in line for line in tags if line)
    common.change_firmware(firmware_id, version=None, name="gone")
    assert common_client.query("query ($id: ID!) { firmware(id: $id) { version } }",
                               {"id": firmware_id}) == {"firmware": {"version": None}}


def test_a_product_has_one_vendor_and_one_group(standin, client):
    first, second, third = standin.add_firmwares(3, product="Old", vendor="Acme")
    standin.change_firmware(first, product="New", vendor="Umbrella", product_group="Routers")
    standin.change_firmware(second, product="New")
    told = {f["id"]: (f["product"]["name"], f["product"]["vendor"], f["productGroup"]["name"])
            for f in client.query(EVERYTHING)["allFirmwares"]}
    assert told == {first: ("New", "Umbrella", "Routers"), second: ("New", "Umbrella", "Routers"),
                    third: ("Old", "Acme", "Default")}
    data = client.query(official.SAME_PRODUCT_FIRMWARES, {"id": first, "firmwareCount": 5})
    assert [entry["firmware"]["id"]
            for entry in data["firmware"]["product"]["firmwareTimeline"]] == [second, first]


def test_a_firmware_vanishes_and_comes_back(standin, client):
    ids = standin.add_firmwares(3)
    document = components(client, ids[1])

    def listed():
        return [f["id"] for f in client.query("{ allFirmwares { id } }")["allFirmwares"]]

    standin.vanish(ids[1])
    assert listed() == [ids[0], ids[2]]
    assert sbom(client, ids[1]).status == 404
    standin.vanish(ids[1], again=True)
    assert listed() == ids
    assert components(client, ids[1]) == document


def test_an_exact_list_of_components(standin, client):
    (firmware_id,) = standin.add_firmwares(1)
    made_up = components(client, firmware_id)
    standin.set_components(firmware_id, [
        {"name": "zlib", "version": "1.3", "purl": "pkg:deb/debian/zlib@1.3?arch=arm&x=<y>",
         "licence": "Zlib"},
        {"name": "zlib", "version": "1.2"},
        {"name": "no-purl", "version": "2", "purl": None, "licence": "MIT"},
        {"name": "<bare> ü & \U0001f4a9", "purl": None},
    ])
    assert components(client, firmware_id) == [
        ("<bare> ü & \U0001f4a9", None, None, None), ("no-purl", "2", None, "MIT"),
        ("zlib", "1.2", "pkg:generic/zlib@1.2", None),
        ("zlib", "1.3", "pkg:deb/debian/zlib@1.3?arch=arm&x=<y>", "Zlib")]
    assert standin.state()["firmwares"][0]["components"] == 4
    standin.set_components(firmware_id, [])
    assert components(client, firmware_id) == []
    standin.set_components(firmware_id, None)
    assert components(client, firmware_id) == made_up


def test_an_exact_list_is_the_same_in_every_format(common, common_client):
    (firmware_id,) = common.add_firmwares(1, components_list=[
        {"name": "a&b", "version": "1", "purl": "pkg:x/a@1", "licence": "MIT"},
        {"name": "bare", "purl": None}])
    named = {"a&b": ("1", "pkg:x/a@1"), "bare": (None, None)}
    space = "{http://cyclonedx.org/schema/bom/1.6}"
    tree = xml.etree.ElementTree.fromstring(
        sbom(common_client, firmware_id, "cyclonedx-xml").body)
    assert {c.findtext(space + "name"): (c.findtext(space + "version"), c.findtext(space + "purl"))
            for c in tree.find(space + "components")} == named
    packages = sbom(common_client, firmware_id, "spdx").json()["packages"]
    assert {p["name"]: (p.get("versionInfo"), p.get("externalRefs", [{}])[0].get(
        "referenceLocator")) for p in packages} == named
    graph = sbom(common_client, firmware_id, "spdx3").json()["@graph"]
    assert {e["name"]: (e.get("software_packageVersion"), e.get("software_packageUrl"))
            for e in graph if e["type"] == "software_Package"} == named
    packages = sbom(common_client, firmware_id, "spdx-tv").body.decode().split("\n\n")[1:]
    tags = [dict(line.split(": ", 1) for line in package.splitlines()) for package in packages]
    assert {t["PackageName"]: (t.get("PackageVersion"),
                               t.get("ExternalRef", "").removeprefix("PACKAGE-MANAGER purl ")
                               or None) for t in tags} == named


@pytest.mark.parametrize("change, expected", [
    ({"licence": "MIT"}, "licenses"), ({"sha256": "ab" * 32}, "hashes"),
    ({"version": "2", "purl": "pkg:x/a@1"}, "version"),
])
def test_one_thing_of_a_component_can_change_alone(common, common_client, change, expected):
    component = {"name": "a", "version": "1", "purl": "pkg:x/a@1", "licence": "Zlib",
                 "sha256": "cd" * 32}
    (firmware_id,) = common.add_firmwares(1, components_list=[component])
    (before,) = sbom(common_client, firmware_id).json()["components"]
    common.set_components(firmware_id, [{**component, **change}])
    (after,) = sbom(common_client, firmware_id).json()["components"]
    assert {key for key in before if before[key] != after[key]} == {expected}


def test_a_specification_that_nobody_knows_yet(common, common_client):
    (firmware_id,) = common.add_firmwares(1, spec_version="1.99")
    texts = {kind: sbom(common_client, firmware_id, kind).body.decode() for kind in FORMATS}
    document = json.loads(texts["cyclonedx"])
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.99")
    assert 'xmlns="http://cyclonedx.org/schema/bom/1.99"' in texts["cyclonedx-xml"]
    assert json.loads(texts["spdx"])["spdxVersion"] == "SPDX-1.99"
    assert "SPDXVersion: SPDX-1.99\n" in texts["spdx-tv"]
    assert json.loads(texts["spdx3"])["@graph"][0]["specVersion"] == "1.99"
    common.change_firmware(firmware_id, spec_version=None)
    assert sbom(common_client, firmware_id).json()["specVersion"] == "1.6"


# -- analyses that start again ---------------------------------------------------------------------


def test_a_new_analysis_takes_the_sbom_away_or_leaves_the_last_one(standin, client):
    first, never = standin.add_firmwares(2)
    standin.change_firmware(never, result="FAILED")
    document = components(client, first)

    def states():
        return [f["latestAnalysis"]["state"] for f in client.query(EVERYTHING)["allFirmwares"]]

    standin.analyse_again(first)
    assert states() == ["QUEUED", "DONE"]
    assert sbom(client, first).status == 404
    standin.configure(sbom_while_analysing="last")
    assert components(client, first) == document
    standin.change_firmware(first, result="FAILED", analysis_seconds=0)
    assert states() == ["DONE", "DONE"]
    assert components(client, first) == document
    standin.change_firmware(first, result="COMPLETE", revision=1)
    standin.configure(sbom_while_analysing="404")
    assert components(client, first) != document


def test_no_sbom_is_left_of_an_analysis_that_never_ended_well():
    with StandIn.start(analysis_seconds=3600.0, fail_products=["Bad"],
                       settings={"sbom_while_analysing": "last"}) as standin:
        client = OfficialClient(standin.url, standin.token)
        running, failed = client.upload(b"one"), client.upload(b"two", product="Bad")
        standin.analyse_again(running)
        standin.analyse_again(failed, 0)
        standin.analyse_again(failed)
        assert [sbom(client, one).status for one in (running, failed)] == [404, 404]


# -- counting --------------------------------------------------------------------------------------


def test_requests_are_counted_by_what_they_ask_for(standin, client):
    ids = standin.add_firmwares(3)
    client.query(EVERYTHING)
    mark = standin.counts()
    assert mark == {"allFirmwares": 1}
    assert standin.counts(mark) == {}
    client.query(official.SELF)
    client.query("{ b: firmware(id: \"x\") { id } a: firmware(id: \"y\") { id } }")
    client.graphql("{ allFirmwares { nothing } }")
    for one in ids:
        sbom(client, one)
    sbom(client, "none")
    client.request("GET", "/nothing")
    client.graphql("{")
    OfficialClient(standin.url, None).graphql(official.SELF)
    client.upload(b"image")
    assert standin.counts(mark) == {
        "tenant,user": 1, "tenant,user 401": 1, "firmware": 1, "allFirmwares": 1, "sbom": 3,
        "sbom 404": 1, "other 404": 1, "graphql": 1, "allProductGroups": 1,
        "allAnalysisConfigurations": 1, "createFirmwareUpload": 1, "upload-firmware": 1}
    assert sum(standin.counts().values()) == len(standin.requests())


def test_a_request_without_an_answer_is_counted_apart(standin, client):
    standin.fault("reset_before_body", operation="tenant")
    with pytest.raises(OSError):
        client.graphql(official.SELF)
    assert standin.counts() == {"tenant,user unanswered": 1}


def test_who_has_all_of_a_slow_answer_finds_it_counted(standin, client):
    standin.add_firmwares(1)
    standin.fault("slow_body", operation="allFirmwares", rate=400, count=None)
    for number in range(1, 6):
        client.query("{ allFirmwares { id name } }")
        assert standin.counts() == {"allFirmwares": number}
