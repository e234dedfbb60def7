"""The stand-in's parts that are easier to prove alone."""

import hashlib

import pytest

from official_requests import multipart
from onekey_standin import contents
from onekey_standin.graphql_shim import Schema
from onekey_standin.multipart import HEAD_BYTES, MultipartError, MultipartReader
from onekey_standin.platform_state import Platform
from onekey_standin.sbom import is_importable
from onekey_standin.settings import SettingError, Settings

TOKEN = "11111111-2222-4333-8444-555555555555/secret"


def parse(content_type, chunks):
    reader = MultipartReader(content_type)
    for chunk in chunks:
        reader.feed(chunk)
    return reader.finish()


# -- multipart -------------------------------------------------------------------------------------


def test_multipart_cut_anywhere_gives_the_same_parts():
    content = b"\r\n--\r\n-" * 5 + b"\x00\xff"
    content_type, body = multipart([("firmware", "a.bin", content), ("sbom", "b.json", b"")])
    for position in range(len(body) + 1):
        parts = parse(content_type, [body[:position], body[position:]])
        assert [(p.name, p.filename, p.size) for p in parts] == [
            ("firmware", "a.bin", len(content)), ("sbom", "b.json", 0)]
        assert parts[0].sha256 == hashlib.sha256(content).hexdigest()
    assert parse(content_type, [bytes([byte]) for byte in body])[0].head == content


def test_multipart_keeps_only_the_head():
    content_type, body = multipart([("firmware", "a", b"x" * 3 * HEAD_BYTES)])
    (part,) = parse(content_type, [body[i:i + 7000] for i in range(0, len(body), 7000)])
    assert len(part.head) == HEAD_BYTES and part.size == 3 * HEAD_BYTES


@pytest.mark.parametrize("filename", ["with space.bin", "ünïcode.bin", "a;b=c.bin"])
def test_multipart_file_names(filename):
    content_type, body = multipart([("firmware", filename, b"x")])
    assert parse(content_type, [body])[0].filename == filename


@pytest.mark.parametrize("content_type, body", [
    ("multipart/form-data", b""),
    ("multipart/mixed; boundary=b", b""),
    ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--"),
    ("multipart/form-data; boundary=b", b"--bx\r\n"),
    ("multipart/form-data; boundary=b", b"--b\r\n" + b"X: y\r\n" * 5000),
    ("multipart/form-data; boundary=b",
     b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 20 + b"--b--"),
    ("multipart/form-data; boundary=b",
     b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b'),
])
def test_multipart_refuses(content_type, body):
    with pytest.raises(MultipartError):
        parse(content_type, [body])


# -- analysis --------------------------------------------------------------------------------------


@pytest.fixture
def platform():
    platform = Platform(Settings(analysis_seconds=10.0), clock=lambda: platform.time)
    platform.time = 1000.0
    platform.add_token("default", TOKEN)
    return platform


def test_phases_follow_the_clock(platform):
    (firmware_id,) = platform.import_firmwares({"analysis_seconds": 10.0})
    firmware = platform.firmwares[firmware_id]
    stages = []
    for seconds in (0, 0.9, 1.0, 2.0, 4.0, 9.9, 10.0, 1e6):
        phase = firmware.phase(1000.0 + seconds)
        stages.append((phase.visible, phase.state, phase.result))
    assert stages == [
        (False, None, None), (False, None, None), (True, None, None), (True, "QUEUED", None),
        (True, "RUNNING", None), (True, "RUNNING", None),
        (True, "DONE", "COMPLETE"), (True, "DONE", "COMPLETE")]


def test_a_restarted_analysis_is_no_longer_done(platform):
    (firmware_id,) = platform.import_firmwares({"analysis_seconds": 10.0})
    platform.time += 20
    assert platform.firmwares[firmware_id].phase(platform.time).complete
    platform.change_firmware(firmware_id, {"restart": True})
    phase = platform.firmwares[firmware_id].phase(platform.time)
    assert (phase.visible, phase.state) == (True, "QUEUED")


def test_contents_follow_from_firmware_revision_and_seed(platform):
    (firmware_id,) = platform.import_firmwares({"components": 100})
    firmware = platform.firmwares[firmware_id]
    first = contents.components(firmware, seed=0)
    assert contents.components(firmware, seed=0) == first
    assert contents.components(firmware, seed=1) != first
    assert len({(c.name, c.version) for c in first}) == 100
    firmware.revision = 1
    changed = [a.name for a, b in zip(first, contents.components(firmware, 0)) if a != b]
    assert len(changed) == 20


@pytest.mark.parametrize("head, importable", [
    (b'{"bomFormat": "CycloneDX"}', True),
    (b'\xef\xbb\xbf<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.4">', True),
    (b'{"spdxVersion": "SPDX-2.3"}', False),
    (b"SPDXVersion: SPDX-2.3", False),
    (b"", False),
])
def test_importable_sboms(head, importable):
    assert is_importable(head) == importable


# -- settings and GraphQL --------------------------------------------------------------------------


def test_settings_change_wholly_or_not_at_all():
    settings = Settings()
    with pytest.raises(SettingError):
        settings.update({"denied_style": "null", "graphql_error_status": "418"})
    assert settings == Settings()
    settings.update({"graphql_error_status": "400", "analysis_seconds": "1.5"})
    assert (settings.graphql_error_status, settings.analysis_seconds) == (400, 1.5)


SDL = """
schema { query: Query }
type Query { thing(id: ID): Thing, value: Int }
interface Thing { id: ID }
type Stone implements Thing { id: ID, weight: Int }
"""


def test_schema_reports_what_resolvers_raise():
    def fails(_source, context):
        raise KeyError(context)

    schema = Schema(SDL, {"Query": {"value": fails}})
    result = schema.execute("{ value }", None, None, "context")
    assert result.valid and result.data == {"value": None}
    assert result.errors[0]["path"] == ["value"]
    assert isinstance(result.raised[0], KeyError)


def test_schema_finds_concrete_types_and_names_operations():
    schema = Schema(SDL, {"Query": {
        "thing": lambda _s, _c, id: {"__typename": "Stone", "id": id, "weight": 3}}})
    query = "query A { value } query B($id: ID) { thing(id: $id) { id ... on Stone { weight } } }"
    result = schema.execute(query, {"id": 7}, "B", None)
    assert result.data == {"thing": {"id": "7", "weight": 3}}
    assert schema.describe(query, None) == ("A", ["value"])
    assert schema.describe(query, "B") == ("B", ["thing"])
    assert schema.describe("{", None) == (None, [])
    assert not schema.execute(query, None, "C", None).valid


def test_resolvers_must_fit_the_schema():
    with pytest.raises(ValueError, match="nothing"):
        Schema(SDL, {"Query": {"nothing": lambda *_: None}})
