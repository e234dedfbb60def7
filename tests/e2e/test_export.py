"""The export of SBOMs as a product security officer relies on it: a folder that has the current
document of every firmware, that says what it holds, and that nobody needs to look after."""

import json
import os
import random
import stat
import unicodedata

import pytest

from harness import wait_until
from tenant import EXPORT_SECONDS, INDEXES, SUMS, Tenant, export_job

MANY = 5000
DOWNLOADS = 8  # transfers.downloads: so many are in flight at most


def temporaries(tenant):
    """What an unfinished write left behind, in the folder or beside the ledger."""
    known = {"ledger.db", "ledger.db-wal", "lock", "hands"}
    left = {name for name in os.listdir(tenant.agent.state_dir) if name not in known}
    return left | {path for path in tenant.files() if os.path.basename(path).startswith(".")}


def names_of(tenant, ids):
    names = {one["id"]: one["name"] for one in tenant.platform.state()["firmwares"]}
    return sorted(names[one] for one in ids)


# --- a whole tenant -----------------------------------------------------------------------------


def test_five_thousand_firmwares_in_one_run_and_the_next_one_writes_nothing(agent):
    tenant = Tenant(agent, MANY)
    first = tenant.counted(seconds=EXPORT_SECONDS)
    assert (first["listed"], first["written"], first["failed"], first["left"]) == (MANY, MANY, 0, 0)
    tenant.assert_whole(MANY)
    assert {row["firmware_id"] for row in tenant.rows()} == set(tenant.ids)
    assert all(len(digests) == 1 for digests in tenant.served().values())
    files, mark = tenant.files(), tenant.mark()

    again = tenant.counted(seconds=EXPORT_SECONDS)

    assert (again["listed"], again["unchanged"], again["written"]) == (MANY, MANY, 0)
    assert mark.counts() == {"tenant,user": 1, "allFirmwares": 1, "sbom": MANY}
    assert sorted(mark.served()) == sorted(tenant.ids)
    # Inode, time and bytes: also not of the three index files.
    assert tenant.files() == files
    assert agent.ledger("SELECT count(*), max(revision) FROM sbom") == [(MANY, 1)]
    assert agent.ledger("SELECT count(*) FROM document") == [(MANY,)]
    assert agent.ledger("SELECT count(*) FROM export_work") == [(0,)]
    assert agent.alerts() == [] and not temporaries(tenant)
    agent.check_ledger()


def kill_on_the_way(tenant, chance, times, words=("sbom", "export"), most=150):
    """Kills an export again and again, each time when the platform has served some more."""
    for _ in range(times):
        goal = tenant.platform.counts().get("sbom", 0) + chance.randrange(20, most)
        daemon = tenant.agent.start(*words)
        wait_until(lambda goal=goal: tenant.platform.counts().get("sbom", 0) >= goal, 60,
                   f"{goal} documents are asked for")
        assert daemon.is_alive(), repr(daemon)
        daemon.kill()


@pytest.mark.parametrize("words", [("sbom", "export"), ("once",), ("run",)],
                         ids=["sbom-export", "once", "run"])
def test_killed_again_and_again_it_goes_on_where_it_was(agent, words):
    kills, count = 4, 800
    tenant = Tenant(agent, count)
    kill_on_the_way(tenant, random.Random(f"{words}"), kills, words)
    tenant.agent.command(*(("once",) if words == ("run",) else words)).ok()

    served = tenant.served()
    assert set(served) == set(tenant.ids)
    assert sum(map(len, served.values())) <= count + kills * DOWNLOADS
    assert tenant.platform.counts()["allFirmwares"] == 1, "it began anew"
    tenant.assert_whole(count)
    assert agent.ledger("SELECT count(*), max(revision) FROM sbom") == [(count, 1)]
    assert not temporaries(tenant)
    assert tenant.agent.command("sbom", "verify").ok()
    agent.check_ledger()


def test_killed_while_everything_changes_it_records_each_change_once(agent):
    tenant = Tenant(agent, 300)
    tenant.export()
    agent.platform.change_firmwares({"revision": 1})
    kill_on_the_way(tenant, random.Random(2), 3, most=80)
    tenant.export()

    tenant.assert_whole(300)
    assert agent.ledger("SELECT count(*), max(revision) FROM sbom") == [(600, 2)]
    assert all(row["revision"] == 2 for row in tenant.rows())
    assert agent.command("sbom", "verify").ok()
    # A target that is started just before the kill gets an empty stdin; it is told again.
    lines = filter(None, agent.alerts_path.read_text().splitlines())
    told = [json.loads(line)["text"] for line in lines]
    silent = [one for one in tenant.ids if not any(one in text for text in told)]
    assert not silent, f"{len(silent)} changes were never told, {silent[:3]}"


# --- which firmwares ----------------------------------------------------------------------------


def test_scope_ledger_is_what_this_agent_uploaded_and_tenant_is_everything(agent, platform):
    agent.images(3)
    agent.once().ok()
    own = {row["firmware_id"] for row in agent.list()}
    tenant = Tenant(agent, 4, jobs=[export_job(name="ours", scope="ledger"), export_job()])

    mark = tenant.mark()
    ours = tenant.counted("--job", "ours")
    assert set(mark.served()) == own and len(mark.served()) == 3
    assert "allFirmwares" not in mark.counts(), "its own ledger says what it uploaded"
    assert (ours["listed"], ours["unchanged"], ours["written"]) == (3, 3, 0)
    tenant.assert_whole(3)

    mark = tenant.mark()
    all_of_it = tenant.counted("--job", "nightly")
    assert set(mark.served()) == own | set(tenant.ids)
    assert (all_of_it["listed"], all_of_it["unchanged"], all_of_it["written"]) == (7, 3, 4)
    tenant.assert_whole(7)
    assert len(platform.state()["uploads"]) == 3


FILTERS = [
    ("nothing is left out", {}, "abcdef"),
    ("a name as it is", {"name": "a"}, "a"),
    ("names may be a set", {"name": "[ab]"}, "ab"),
    ("upper and lower case are told apart", {"product": "router*"}, ""),
    ("a pattern fits the whole text", {"product": "Router"}, ""),
    ("any text, also none", {"product": "Router X*"}, "ab"),
    ("any text, also with a slash", {"product": "Gate*7"}, "d"),
    ("one character", {"version": "1.?"}, "abde"),
    ("a version", {"version": "2.10"}, "c"),
    ("a vendor", {"vendor": "Globex*"}, "def"),
    ("a product group", {"product_group": "Railway"}, "ef"),
    ("a bracket that is meant", {"product": "Box [[]old]"}, "e"),
    ("all of them have to fit", {"vendor": "Globex", "version": "1.?", "product": "Box*"}, "e"),
    ("no firmware", {"name": "*", "vendor": "Nobody"}, ""),
]


def test_a_filter_lets_through_what_fits_in_every_field(start_platform, make_agent):
    platform = start_platform(product_groups=["Default", "Railway"])
    agent = make_agent(platform=platform)
    tenant = Tenant(agent, 0)
    for name, product, version, vendor, group in (
            ("a", "Router X", "1.0", "Acme", "Default"),
            ("b", "Router X1", "1.1", "Acme", "Default"),
            ("c", "Routér", "2.10", "Acme", "Default"),
            ("d", "Gate/7", "1.0", "Globex", "Default"),
            ("e", "Box [old]", "1.5", "Globex", "Railway"),
            ("f", "Box", "10.5", "Globex Ltd", "Railway")):
        tenant.add(name=name, product=product, version=version, vendor=vendor, product_group=group)
    for why, wanted, expected in FILTERS:
        tenant.schedule(export_job(filter=wanted or None))
        mark = tenant.mark()
        told = tenant.counted()
        assert names_of(tenant, mark.served()) == list(expected), why
        assert told["listed"] == len(expected), why
    tenant.assert_whole(6)


def test_two_jobs_of_one_run_do_not_disturb_each_other(agent):
    tenant = Tenant(agent, 6, jobs=[export_job(name="all"),
                                    export_job(name="two", filter={"name": "fw-[12]"})])
    told = tenant.export("--json").json()["exports"]
    counts = {one["name"]: (one["listed"], one["written"], one["unchanged"]) for one in told}
    assert counts == {"all": (6, 6, 0), "two": (2, 0, 2)}
    tenant.assert_whole(6)


def test_all_needs_no_configured_export_and_leaves_the_jobs_alone(agent):
    tenant = Tenant(agent, 3, jobs=[])
    refused = agent.command("sbom", "export")
    assert refused.code == 78 and "--all" in refused.err, repr(refused)
    told = tenant.counted("--all")
    assert (told["listed"], told["written"]) == (3, 3)
    tenant.assert_whole(3)
    tenant.schedule(export_job(filter={"name": "nothing"}))
    assert tenant.counted("--all")["unchanged"] == 3
    unknown = agent.command("sbom", "export", "--job", "weekly")
    assert unknown.code in (64, 66, 78) and "weekly" in unknown.err, repr(unknown)


# --- a platform that knows less -----------------------------------------------------------------

POORER = [
    ("no productGroup", ["Firmware.productGroup"], ("Acme", "Box", None)),
    ("no vendor either", ["Firmware.productGroup", "Product.vendor"], (None, "Box", None)),
    ("only the vendor", ["Product.vendor"], (None, "Box", None)),
    ("no product at all", ["Firmware.product", "Firmware.productGroup"], (None, None, None)),
]


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("lacks, known", [case[1:] for case in POORER],
                         ids=[case[0] for case in POORER])
def test_a_schema_with_fewer_fields_is_asked_for_less_and_exported(agent, platform, lacks, known,
                                                                   status):
    platform.configure(schema_lacks=lacks, graphql_error_status=status)
    tenant = Tenant(agent, 3, product="Box", name="fw-{n}")
    told = tenant.counted()
    assert (told["listed"], told["written"], told["failed"]) == (3, 3, 0)
    tenant.assert_whole(3)
    for row in tenant.rows():
        assert row["firmware_id"] in tenant.ids and row["name"].startswith("fw-")
        assert row["version"].startswith("1.")
        told_of_it = (row["vendor"], row["product"], row["product_group"])
        # What was asked for with a field that is missing may be left out together.
        assert told_of_it == known or set(told_of_it) <= {*known, None}, row
    mark, files = tenant.mark(), tenant.files()
    tenant.export()
    assert tenant.files() == files
    assert mark.counts()["allFirmwares"] == 1, "what the schema lacks is learnt once"
    assert agent.alerts() == []


def test_a_filter_by_what_the_platform_does_not_tell_is_no_silent_success(agent, platform):
    """Its folder would stay empty for ever, and every run would say that all is well."""
    platform.configure(schema_lacks=["Firmware.product", "Firmware.productGroup"])
    Tenant(agent, 3, jobs=[export_job(filter={"product": "Product-1"})])
    told = agent.command("sbom", "export", "--json")
    (one,) = told.json()["exports"]
    assert one["listed"] == 0
    assert "product" in (one["error"] or ""), one
    assert told.code == 3 and len(agent.alerts("export_failed")) == 1


# --- formats and places -------------------------------------------------------------------------

FORMATS = [
    {"name": "default"},
    {"name": "xml", "query": "format=cyclonedx-xml"},
    {"name": "spdx", "query": "format=spdx"},
    {"name": "lines", "query": "format=spdx-tv"},
    {"name": "three", "query": "format=spdx3"},
    {"name": "twin", "query": "format=cyclonedx"},
]
KINDS = {"default": ("cyclonedx-json", ".cdx.json"), "xml": ("cyclonedx-xml", ".cdx.xml"),
         "spdx": ("spdx-json", ".spdx.json"), "lines": ("spdx-tag-value", ".spdx"),
         "three": ("spdx3-json", ".spdx.json"), "twin": ("cyclonedx-json", ".cdx.json")}


def test_every_format_has_a_file_a_row_and_a_history_of_its_own(agent):
    agent.configure(sbom={"formats": FORMATS})
    tenant = Tenant(agent, 5)
    tenant.export()
    tenant.assert_whole(5 * len(FORMATS))
    for row in tenant.rows():
        kind, ending = KINDS[row["format"]]
        assert row["kind"] == kind and row["file"].endswith(ending), row
        assert row["components"] == 40 and row["spec_version"]
    files, mark = tenant.files(), tenant.mark()
    tenant.export()
    assert tenant.files() == files
    assert mark.counts()["sbom"] == 5 * len(FORMATS)
    agent.platform.change_firmware(tenant.ids[0], revision=1)
    tenant.export()
    assert {row["format"]: row["revision"] for row in tenant.rows()
            if row["firmware_id"] == tenant.ids[0]} == dict.fromkeys(KINDS, 2)
    assert len(tenant.history()) == 2 * len(FORMATS)
    assert len(agent.alerts("sbom_changed")) >= 1
    tenant.assert_whole(5 * len(FORMATS))


def test_a_format_that_is_added_later_comes_beside_the_others(agent):
    tenant = Tenant(agent, 3)
    tenant.export()
    before = tenant.documents()
    agent.configure(sbom={"formats": FORMATS[:3]})
    tenant.export()
    assert tenant.documents().items() >= before.items()
    tenant.assert_whole(9)


def test_the_documents_are_the_platforms_bytes_readable_by_everybody(agent):
    agent.configure(sbom={"path": "{vendor}/{product}-{version}/{name}.{firmware_id}.{ext}"})
    tenant = Tenant(agent, 3)
    tenant.export()
    served = tenant.served()
    assert sorted(tenant.documents()) == sorted(
        f"Acme/Product-{n}-1.{n}/fw-{n}.{one}.cdx.json" for n, one in enumerate(tenant.ids, 1))
    for one in tenant.ids:
        document = tenant.document(one)
        assert tenant.row(one)["sha256"] == served[one][0]
        assert stat.S_IMODE(document.stat().st_mode) == 0o644
        assert stat.S_IMODE(document.parent.stat().st_mode) == 0o755
    assert all(stat.S_IMODE((tenant.folder / name).stat().st_mode) == 0o644 for name in INDEXES)


ODD = [
    ("../../../etc/cron.d/evil", "leaves the folder"),
    ("..", "is the folder above"),
    (".", "is the folder itself"),
    ("", "is nothing"),
    (" ", "is a blank"),
    ("/etc/passwd", "is absolute"),
    ("a/b", "has a slash"),
    ("a_b", "is what the one before may be repaired to"),
    ("a\\b", "has a backslash, which sha256sum escapes"),
    ("two\nlines", "would break a line of SHA256SUMS"),
    ("two\r\nlines", "would break a line of the CSV"),
    ("tab\tbell\a\x1b[31mred", "would colour a terminal"),
    ("x" * 300, "is longer than a file name"),
    ("x" * 299 + "y", "differs at its end only"),
    ("ä" * 150, "is as long in bytes"),
    ("\U0001f680" * 75, "is as long in emoji"),
    ("\u202egnp.exe", "is shown from right to left"),
    (".hidden", "would not be listed"),
    ("-rf", "looks like an option"),
    ("$(id) `id` ; rm *", "means something to a shell"),
    ("{firmware_id}", "looks like a template"),
    ("e\u0301", "is composed"),
    ("\u00e9", "is precomposed"),
    ("<script>\"'&,;", "means something to others"),
    ("=HYPERLINK(\"http://evil\",\"x\")", "is a formula"),
]


@pytest.mark.parametrize("path", [None, "{product}.{firmware_id}.{ext}",
                                  "{vendor}/{product}/{name}-{version}/{firmware_id}.{ext}",
                                  "{product}{name}{version}{firmware_id}.{ext}"],
                         ids=["default", "in-one-folder", "in-every-part", "in-one-name"])
def test_odd_names_of_the_platform_become_safe_and_distinct_files(agent, path):
    if path:
        agent.configure(sbom={"path": path})
    tenant = Tenant(agent, 0)
    for text, _ in ODD:
        tenant.add(name=text, product=text, version=text, vendor=text)
    told = tenant.counted()
    assert (told["written"], told["failed"]) == (len(ODD), 0), told
    tenant.assert_whole(len(ODD))
    assert set(os.listdir(agent.directory)) >= {"sboms", "state"}
    for name in tenant.documents():
        for part in name.split("/"):
            assert len(part.encode()) <= 255 and part.strip(".") and not part.startswith(("-", "."))
            assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in part), repr(part)
    # The index has the names as the platform has them, wherever their files lie.
    assert sorted(row["product"] or "" for row in tenant.rows()) == sorted(text for text, _ in ODD)
    files = tenant.files()
    tenant.export()
    assert tenant.files() == files
    assert agent.command("sbom", "verify").ok()


@pytest.mark.parametrize("text", ["nul\x00byte", "half \ud83d pair"], ids=["nul", "surrogate"])
def test_a_name_that_is_no_text_stops_nothing(agent, text):
    tenant = Tenant(agent, 2)
    tenant.add(name=text, product=text, version=text, vendor=text)
    told = tenant.counted()
    assert (told["written"], told["failed"]) == (3, 0)
    tenant.assert_whole(3)


@pytest.mark.parametrize("path", [None, "{product}/{firmware_id}.{ext}"], ids=["default", "short"])
def test_a_product_that_is_called_as_an_index_file_does_not_take_its_place(agent, path):
    if path:
        agent.configure(sbom={"path": path})
    tenant = Tenant(agent, 2)
    for name in INDEXES:
        tenant.add(product=name)
    tenant.export(seconds=20)
    assert all((tenant.folder / name).is_file() for name in INDEXES)
    tenant.assert_whole(5)


def test_a_renamed_product_moves_no_file_and_the_index_has_the_new_name(agent):
    tenant = Tenant(agent, 3)
    tenant.export()
    before = tenant.documents()
    agent.platform.change_firmware(tenant.ids[0], product="Renamed", name="new name")
    # The document itself has the new name, too: that is another content.
    tenant.export()
    row = tenant.row(tenant.ids[0])
    assert (row["product"], row["name"]) == ("Renamed", "new name")
    assert set(tenant.documents()) == set(before) and "Renamed" not in row["file"]
    assert "Product-1/" in row["file"]
    assert agent.alerts("sbom_changed") == [], "no component changed"
    tenant.assert_whole(3)


# --- the index files ----------------------------------------------------------------------------

COLUMNS = ("firmware_id name vendor product version product_group format kind spec_version file "
           "sha256 size components revision fetched_at vanished_at").split()
FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1",
            "plain \"quoted\", with a comma", "two\nlines"]


def test_the_index_files_agree_with_each_other_the_folder_and_the_ledger(agent):
    agent.configure(sbom={"formats": FORMATS[:2]})
    tenant = Tenant(agent, 20)
    tenant.export()
    agent.platform.change_firmware(tenant.ids[3], revision=2)
    tenant.export()

    rows, table, sums = tenant.rows(), tenant.table(), tenant.sums()
    assert list(table[0]) == COLUMNS and all(list(row) == COLUMNS for row in rows)
    assert [{key: "" if row[key] is None else str(row[key]) for key in COLUMNS}
            for row in rows] == table
    keys = [(row["firmware_id"], row["format"]) for row in rows]
    assert keys == sorted(keys) and len(keys) == 40
    for row in rows:
        document = tenant.folder / row["file"]
        assert sums[row["file"]] == row["sha256"]
        assert document.stat().st_size == row["size"]
        content = document.read_text()
        if row["kind"] == "cyclonedx-json":
            assert len(json.loads(content)["components"]) == row["components"]
    ledger = agent.ledger(
        "SELECT s.firmware_id, s.format, d.sha256, s.revision, s.components FROM sbom s"
        " JOIN document d ON d.id = s.document_id"
        " WHERE revision = (SELECT max(revision) FROM sbom t"
        " WHERE t.firmware_id = s.firmware_id AND t.format = s.format) ORDER BY 1, 2")
    assert ledger == [(r["firmware_id"], r["format"], r["sha256"], r["revision"], r["components"])
                      for r in rows]
    latest = {one: digests[-2:] for one, digests in tenant.served().items()}
    assert rows[0]["sha256"] not in latest[rows[0]["firmware_id"]], "unchanged: the first one stays"
    assert tenant.row(tenant.ids[3])["sha256"] in latest[tenant.ids[3]]
    tenant.assert_whole(40)


def test_no_cell_of_the_table_is_a_formula(agent):
    tenant = Tenant(agent, 0)
    for text in FORMULAS:
        tenant.add(name=text, product=text, version=text, vendor=text)
    tenant.export()
    table = tenant.table()
    assert len(table) == len(FORMULAS)
    for row in table:
        for key, cell in row.items():
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")), (key, cell)
            assert cell.isprintable(), (key, cell)
    assert sorted(row["name"] for row in tenant.rows()) == sorted(FORMULAS)
    plain = [row["name"] for row in table if "quoted" in row["name"]]
    assert plain == ["plain \"quoted\", with a comma"]
    raw = (tenant.folder / "index.csv").read_bytes()
    assert raw.endswith(b"\r\n") and raw.count(b"\n") == len(FORMULAS) + 1


def test_an_empty_tenant_gives_index_files_without_rows(agent):
    tenant = Tenant(agent, 0)
    told = tenant.counted()
    assert (told["listed"], told["error"]) == (0, None)
    assert tenant.rows() == [] and tenant.table() == []
    tenant.assert_whole(0)
    assert set(tenant.sums()) == set(INDEXES) - {SUMS}


def test_what_an_officer_reads_after_an_export_is_one_line_for_each_job(agent):
    agent.configure(log=None)
    tenant = Tenant(agent, 30)
    told = tenant.export()
    assert told.out == "nightly: 30 firmwares, 30 written, 0 unchanged, 0 failed\n"
    assert told.err.count("\n") <= 3, f"noise: {told.err.count(chr(10))} lines\n{told.err[:2000]}"
    status = agent.command("status").ok().out
    assert "nightly" in status and "last success" in status
