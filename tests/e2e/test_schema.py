"""Every document that --json prints, and every alert, is as its schema in tests/schema says.

Each schema has a producer here: it makes the agent print that document for real, in several states.
What was printed must pass; the same with any one required field taken away, or with another type
under it, must not.
"""

import copy
import json
import re

import jsonschema
import pytest

from command_tables import commands
from harness import REPOSITORY, SBOM_FIELDS, LIST_FIELDS, STATES, STATUS_FIELDS
from tenant import Tenant, export_job

FOLDER = REPOSITORY / "tests" / "schema"
SCHEMAS = {path.name.removesuffix(".schema.json"): json.loads(path.read_text())
           for path in FOLDER.glob("*.schema.json")}
COMMON = SCHEMAS.pop("common")

#: Required by no schema: the field is left out where nothing is known.
OPTIONAL = {("list-tenants", "email")}

#: Commands without a document of their own: the platform's data as it comes, and no result at all.
WITHOUT = {"query", "run", "completion"}

#: Whose documents a schema describes.
COMMANDS = {
    "list-firmwares": ["list-firmwares"], "list-firmwares-remote": ["list-firmwares"],
    "show": ["show"], "status": ["status"], "once": ["once"], "once-dry-run": ["once"],
    "explain": ["explain"], "request": ["upload-firmware"], "upload-firmware": ["upload-firmware"],
    "token-check": ["token check"], "list-tenants": ["list-tenants"],
    "config-check": ["config check"], "config-show": ["config show"],
    "steer": ["pause", "resume", "rescan", "retry", "forget"],
    "named-list": ["list-product-groups", "list-analysis-configurations"],
    "ci-result": ["ci-result"], "sbom-get": ["sbom get"], "doctor": ["doctor"], "alert": [],
    "export-index": [],
    **{f"sbom-{word}": [f"sbom {word}"]
       for word in ("export", "diff", "history", "verify", "accept")},
}


def validator(name):
    schema = SCHEMAS[name]
    resolver = jsonschema.RefResolver(base_uri=f"{FOLDER.as_uri()}/", referrer=schema,
                                      store={f"{FOLDER.as_uri()}/common.schema.json": COMMON})
    return jsonschema.Draft202012Validator(schema, resolver=resolver)


# --- the schemas themselves ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["common", *sorted(SCHEMAS)])
def test_a_schema_is_one(name):
    schema = COMMON if name == "common" else SCHEMAS[name]

    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema") and schema["title"]


def objects(node):
    """Every schema of an object with named fields."""
    if isinstance(node, dict):
        if "properties" in node and node.get("type") == "object":
            yield node
        for value in node.values():
            yield from objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from objects(value)


@pytest.mark.parametrize("name", ["common", *sorted(SCHEMAS)])
def test_a_field_that_is_described_is_required_and_others_are_allowed(name):
    for described in objects(COMMON if name == "common" else SCHEMAS[name]):
        optional = {field for owner, field in OPTIONAL if owner == name}
        assert set(described["properties"]) - optional == set(described["required"])
        assert described.get("additionalProperties", True) is not False


def test_names_are_those_of_the_program_and_of_the_specification():
    definitions = COMMON["$defs"]
    events = re.findall(r'"([a-z_]+)"', (REPOSITORY / "agent/config/config_alert.h").read_text())
    kinds = re.findall(r'X\([A-Z0-9_]+, "([a-z0-9-]+)"',
                       (REPOSITORY / "agent/sbom/sbom_facts.h").read_text())

    assert set(definitions["state"]["enum"]) == STATES
    assert set(definitions["event"]["enum"]) == set(events)
    assert set(definitions["sbom_kind"]["enum"]) == set(kinds)
    assert LIST_FIELDS <= set(definitions["item"]["required"])
    assert SBOM_FIELDS <= set(definitions["sbom"]["required"])
    assert STATUS_FIELDS <= set(SCHEMAS["status"]["required"])


def test_every_command_with_a_document_has_a_schema():
    described = {command for listed in COMMANDS.values() for command in listed}

    assert described == set(commands()) - WITHOUT
    assert set(COMMANDS) == set(SCHEMAS)


@pytest.mark.parametrize("command", sorted(WITHOUT - {"query"}))
def test_a_command_without_a_result_refuses_json(agent, command):
    words = {"run": ["run"], "completion": ["completion", "bash"]}[command]

    refused = agent.command(*words, "--json", with_config=False)
    assert (refused.code, refused.out) == (64, "")


# --- the documents ------------------------------------------------------------------------------


class Maker:
    """What the producers have to work with."""

    def __init__(self, workspace, platform, make_agent):
        self.workspace, self.platform, self.make_agent = workspace, platform, make_agent
        self.agent = make_agent()

    def json(self, *words, codes=(0,), agent=None, **keys):
        done = (agent or self.agent).command(*words, "--json", **keys)
        assert done.code in codes, repr(done)
        return done.json()

    def done(self):
        """The ID of an image that went all the way, with a copy of it beside."""
        self.agent.image("router/1.0/fw.bin", seed="one")
        self.agent.once().ok()
        self.agent.image("router/1.0/copy.bin", seed="one")
        self.agent.once().ok()
        return self.agent.list()[0]["firmware_id"]

    def failed(self):
        """An agent with one item that the platform refused."""
        other = self.make_agent(self.workspace / "other")
        other.image("router/1.0/fw.bin", seed="refused")
        self.platform.fault("status", path_prefix="/api/upload-firmware/", status=422)
        assert other.once().code == 3
        return other

    def upload(self, *words, codes=(0,), **keys):
        return self.json("upload-firmware", "--vendor", "Acme", "--product", "Router", *words,
                         codes=codes, **keys)

    def file(self, name, content=b"image"):
        path = self.workspace / name
        path.write_bytes(content)
        return path


@pytest.fixture(name="maker")
def fixture_maker(workspace, platform, make_agent, tokens):
    tokens.files.add(workspace / "other" / "token")
    return Maker(workspace, platform, make_agent)


def make_list_firmwares(maker):
    maker.done()
    other = maker.failed()
    return [maker.json("list-firmwares"), maker.json("list-firmwares", "--state", "duplicate"),
            maker.json("list-firmwares", "--state", "held"),
            maker.json("list-firmwares", agent=other)]


def make_list_firmwares_remote(maker):
    empty = maker.json("list-firmwares", "--remote")
    maker.done()
    maker.platform.add_firmwares(3)
    return [empty, maker.json("list-firmwares", "--remote")]


def make_show(maker):
    firmware_id = maker.done()
    other = maker.failed()
    return [maker.json("show", firmware_id),
            maker.json("show", maker.agent.builds / "router/1.0/copy.bin"),
            maker.json("show", other.builds / "router/1.0/fw.bin", agent=other)]


def make_status(maker):
    empty = maker.json("status")
    maker.done()
    told = [empty, maker.json("status"), maker.json("status", agent=maker.failed())]
    daemon = maker.agent.run()
    told.append(maker.json("status"))
    assert told[-1]["state"] == "running" and told[-1]["watches"]
    maker.agent.command("pause", "--reason", "a test").ok()
    told.append(maker.json("status"))
    maker.agent.command("resume").ok()
    maker.platform.expire_token()
    maker.agent.image("router/1.1/fw.bin")
    maker.agent.wait_alert("auth_paused")
    told.append(maker.json("status"))
    assert [one["state"] for one in told] == [*3 * ["stopped"], "running", "paused", "auth_paused"]
    assert told[-1]["alerts"] and told[-1]["pauses"][0]["kind"] == "auth"
    daemon.terminate()
    return told


def make_once(maker):
    told = [maker.json("once")]
    maker.agent.images(2)
    told.append(maker.json("once"))
    maker.agent.image("router/2.0/fw.bin", seed="refused")
    maker.platform.fault("status", path_prefix="/api/upload-firmware/", status=422)
    return [*told, maker.json("once", codes=(3,))]


def make_once_dry_run(maker):
    nothing = maker.json("once", "--dry-run")
    maker.agent.images(2)
    maker.agent.image("no-version.bin")
    told = maker.json("once", "--dry-run", codes=(0, 3))
    assert any(row["error"] for row in told)
    return [nothing, told]


def make_explain(maker):
    maker.agent.configure(watch={"marker": "{path}.done", "sidecar": "{path}.yaml",
                                 "attach_sbom": {"path": "{dir}/{stem}.cdx.json",
                                                 "if_missing": "skip"}})
    maker.agent.image("router/1.0/fw.bin")
    before = maker.json("explain", maker.agent.builds / "router/1.0/fw.bin")
    for suffix in (".bin.done", ".cdx.json"):
        (maker.agent.builds / f"router/1.0/fw{suffix}").write_text("{}")
    (maker.agent.builds / "router/1.0/fw.bin.yaml").write_text("notes: by hand\n")
    told = [maker.json("explain", maker.agent.builds / name)
            for name in ("router/1.0/fw.bin", "router/1.0/none.bin", "router/1.0/a.txt", "top.bin")]
    assert len(told[0]["watches"][0]["request"]["send"]["parts"]) == 2
    assert told[2]["watches"][0]["request"] is None and told[3]["watches"][0]["metadata_error"]
    return [told[0], before, *told[1:], maker.json("explain", "/elsewhere.bin")]


def make_request(maker):
    image, sbom = maker.file("fw.bin"), maker.file("fw.cdx.json", b'{"bomFormat": "CycloneDX", '
                                                   b'"specVersion": "1.5", "version": 1}')
    told = [maker.upload("--dry-run", image, "--version", "1.2"),
            maker.upload("--dry-run", image, "--sbom", sbom),
            maker.upload("--dry-run", "--sbom", sbom)]
    assert maker.platform.requests() == []
    return told


def make_upload_firmware(maker):
    quick = ("--wait", "--check-interval", "100ms")
    image = maker.file("fw.bin")
    told = [maker.upload(image), maker.upload(image),
            maker.upload(maker.file("gated.bin", b"2"), *quick, "--sbom-out",
                         maker.workspace / "fw.json", codes=(0, 1))]
    assert told[1]["duplicate_of"] and told[2]["gate"]["issues"] and told[2]["sbom_file"]
    return [told[2], *told[:2]]


def make_token_check(maker):
    told = maker.json("token", "check")
    maker.agent.configure(api={"token_expires": "2099-03-01"})
    return [told, maker.json("token", "check")]


def make_list_tenants(maker):
    return [maker.json("list-tenants")]


def make_config_check(maker):
    told = [maker.json("config", "check"), maker.json("config", "check", "--online")]
    maker.agent.configure(watch={"include": ["[a"]})
    broken = maker.json("config", "check", codes=(78,))
    assert broken["errors"]
    return [*told, broken]


def make_config_show(maker):
    return [maker.json("config", "show"), maker.json("config", "show", with_config=False)]


def make_steer(maker):
    maker.done()
    told = [maker.json("pause", "--reason", "a test"), maker.json("pause", "--reason", "again"),
            maker.json("resume"), maker.json("retry", "--failed"),
            maker.json("forget", maker.agent.builds / "router/1.0/copy.bin")]
    daemon = maker.agent.run()
    told.append(maker.json("rescan"))
    daemon.terminate()
    return told


def make_named_list(maker):
    return [maker.json("list-product-groups"), maker.json("list-analysis-configurations")]


def make_ci_result(maker):
    first, second = maker.platform.add_firmwares(2, product="Router")
    quick = ("--check-interval", "100ms")
    told = [maker.json("ci-result", "--firmware-id", firmware_id, *quick, codes=(0, 1))
            for firmware_id in (second, first)]
    maker.platform.change_firmware(second, result="FAILED")
    told.append(maker.json("ci-result", "--firmware-id", second, *quick, codes=(2,)))
    assert told[0]["issues"] and told[2]["issues"] is None
    return told


def make_sbom_get(maker):
    firmware_id = maker.done()
    return [maker.json("sbom", "get", firmware_id, "--output", maker.workspace / "fw.json")]


def make_sbom_export(maker):
    tenant = Tenant(maker.agent, 2, jobs=[export_job(), export_job(name="ours", scope="ledger")])
    told = [maker.json("sbom", "export")]
    maker.platform.break_sbom(tenant.ids[0], "json")
    told.append(maker.json("sbom", "export", "--all", codes=(3,)))
    daemon = maker.agent.run()
    told.append(maker.json("sbom", "export", "--job", "nightly", codes=(3,)))
    daemon.terminate()
    return told


def make_export_index(maker):
    tenant = Tenant(maker.agent, 2)
    tenant.export()
    return [json.loads((tenant.folder / "index.json").read_text())]


def make_sbom_diff(maker):
    tenant = Tenant(maker.agent, 1)
    component = {"name": "zlib", "version": "1.2", "licence": "Zlib"}
    maker.platform.set_components(tenant.ids[0], [
        component, {"name": "gone", "version": "1"}, {"name": "lua", "version": "5.3"}])
    tenant.export()
    maker.platform.set_components(tenant.ids[0], [
        {**component, "licence": "MIT"}, {"name": "new", "version": "1"},
        {"name": "lua", "version": "5.4"}])
    tenant.export()
    told = [maker.json("sbom", "diff", tenant.ids[0], codes=(1,)),
            maker.json("sbom", "diff", tenant.ids[0], tenant.folder / next(iter(tenant.documents())))]
    assert [len(told[0][key]) for key in ("added", "removed", "changed", "detail")] == [1, 1, 1, 1]
    return told


def in_quarantine(maker):
    """The tenant of two firmwares: of the first a document that shrank is in quarantine, of the
    second one that is no SBOM."""
    tenant = Tenant(maker.agent, 2)
    tenant.export()
    maker.platform.break_sbom(tenant.ids[0], "no_components")
    maker.platform.break_sbom(tenant.ids[1], "json")
    tenant.export(code=3)
    return tenant


def make_sbom_history(maker):
    tenant = in_quarantine(maker)
    return [maker.json("sbom", "history", firmware_id) for firmware_id in tenant.ids]


def make_sbom_verify(maker):
    tenant = Tenant(maker.agent, 2)
    tenant.export()
    well = maker.json("sbom", "verify")
    (tenant.folder / "foreign").write_text("")
    (tenant.folder / next(iter(tenant.documents()))).unlink()
    told = maker.json("sbom", "verify", codes=(65,))
    assert {finding["what"] for finding in told["findings"]} == {"missing", "extra"}
    return [told, well]


def make_sbom_accept(maker):
    tenant = in_quarantine(maker)
    return [maker.json("sbom", "accept", tenant.ids[0], "--reason", "a test")]


def make_doctor(maker):
    told = maker.json("doctor")
    maker.platform.expire_token()
    bad = maker.json("doctor", codes=(77,))
    assert told["ok"] and not bad["ok"]
    return [told, bad]


def make_alert(maker):
    maker.agent.image("router/1.0/fw.bin", seed="refused")
    maker.platform.fault("status", path_prefix="/api/upload-firmware/", status=422)
    assert maker.agent.once().code == 3
    maker.platform.expire_token()
    maker.agent.image("router/1.1/fw.bin")
    assert maker.agent.once().code == 77
    told = maker.agent.alerts()
    assert {alert["event"] for alert in told} >= {"upload_failed", "auth_paused"}
    return told


PRODUCERS = {name.removeprefix("make_").replace("_", "-"): function
             for name, function in list(globals().items()) if name.startswith("make_")}


def rows_of(document):
    """The objects that the schema's fields are of: the document, or the rows of an array."""
    return document if isinstance(document, list) else [document]


def may_lack(name, field):
    """Of config show's rows only those are required that are in every configuration."""
    return (name, field) in OPTIONAL or (name == "config-show"
                                         and field not in SCHEMAS[name]["required"])


def spoilt(name, document):
    """Copies of the document, each with one field of its first row taken away or made nonsense."""
    for field in rows_of(document)[0]:
        worse = copy.deepcopy(document)
        rows_of(worse)[0][field] = {"nonsense": 1}
        yield f"{field} is nonsense", worse
        if not may_lack(name, field):
            less = copy.deepcopy(document)
            del rows_of(less)[0][field]
            yield f"{field} is missing", less


def test_every_schema_has_its_producer():
    assert set(PRODUCERS) == set(SCHEMAS)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_what_is_printed_is_as_its_schema_says_and_less_is_refused(name, maker):
    judge = validator(name)

    documents = PRODUCERS[name](maker)

    for document in documents:
        problems = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
                    for error in judge.iter_errors(document)]
        assert problems == [], json.dumps(document, indent=1)[:4000]
    full = next(document for document in documents if rows_of(document))
    assert [what for what, worse in spoilt(name, full) if judge.is_valid(worse)] == []
