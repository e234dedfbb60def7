#include "test.h"

#include "asked.h"
#include "base/base64.h"
#include "store/alert_row.h"
#include "store/firmware_row.h"
#include "store/known_sboms.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C64 "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static void name_firmware(struct db *db, const char *id)
{
    char name[] = "router\xff";
    char version[] = "2.0";
    char *of = xstrdup(id);
    const struct firmware_row firmware = {
        .id = of, .name = name, .version = version, .seen_at = KNOWN_NOW_MS};
    struct err err;

    assert_true(firmware_row_see(db, &firmware, &err));
    free(of);
}

static json_t *field(json_t *rows, size_t row, const char *key)
{
    return json_object_get(json_array_get(rows, row), key);
}

static const char *text(json_t *rows, size_t row, const char *key)
{
    const char *value = json_string_value(field(rows, row, key));

    return value ? value : "(none)";
}

/* ---- history ---- */

static void a_history_has_exactly_the_documented_fields(void **state)
{
    struct db *db = known_ledger();
    const struct answer_context context = asked_of(db, NULL);

    (void)state;
    name_firmware(db, "fw-1");
    known_revision(db, "fw-1", "default", 1, 'a');
    known_quarantined(db, "fw-1", "far fewer components", KNOWN_NOW_MS, 'b');
    auto_json json_t *rows = asked_well(&context, "sbom-history", "{\"firmware\":\"fw-1\"}");
    assert_same_json(
        rows,
        "[{\"firmware_id\":\"fw-1\",\"name\":\"router\\\\xff\",\"product\":null,"
        "\"version\":\"2.0\",\"format\":\"default\",\"revision\":1,\"current\":true,"
        "\"kind\":\"cyclonedx-json\",\"spec_version\":\"1.6\",\"components\":1,"
        "\"sha256\":\"" A64 "\",\"size\":197,\"file\":\"/srv/sboms/default.json\","
        "\"fetched_at\":\"1970-01-01T00:00:01.000Z\",\"checked_at\":\"1970-01-01T00:00:01.000Z\","
        "\"accepted_by\":null,\"accepted_why\":null,\"accepted_at\":null,\"unplaced\":false},"
        "{\"firmware_id\":\"fw-1\",\"name\":\"router\\\\xff\",\"product\":null,"
        "\"version\":\"2.0\",\"format\":\"default\",\"quarantined\":true,"
        "\"reason\":\"far fewer components\",\"since\":\"2026-05-28T20:26:40.000Z\","
        "\"fetched_at\":\"2026-05-28T20:26:40.000Z\",\"acceptable\":true,"
        "\"kind\":\"cyclonedx-json\",\"spec_version\":\"1.6\",\"components\":0,"
        "\"sha256\":\"" B64 "\",\"size\":198}]");
    db_close(db);
}

static void a_history_goes_by_format_and_revision_and_tells_of_one_firmware_only(void **state)
{
    struct db *db = known_ledger();
    const struct answer_context context = asked_of(db, NULL);

    (void)state;
    known_revision(db, "fw-0", "default", 1, 'a');
    known_revision(db, "fw-1", "spdx", 1, 'b');
    known_revision(db, "fw-1", "default", 1, 'a');
    known_revision(db, "fw-1", "default", 2, 'c');
    known_revision(db, "fw-2", "default", 1, 'a');
    known_quarantined(db, "fw-0", "of another one", KNOWN_NOW_MS, 0);
    known_quarantined(db, "fw-2", "of another one", KNOWN_NOW_MS, 0);
    auto_json json_t *rows = asked_well(&context, "sbom-history", "{\"firmware\":\"fw-1\"}");
    assert_int_equal(json_array_size(rows), 3);
    assert_string_equal(text(rows, 0, "sha256"), A64);
    assert_true(json_is_false(field(rows, 0, "current")));
    assert_string_equal(text(rows, 1, "sha256"), C64);
    assert_true(json_is_true(field(rows, 1, "current")));
    assert_string_equal(text(rows, 2, "format"), "spdx");
    assert_true(json_is_true(field(rows, 2, "current")));
    auto_json json_t *one =
        asked_well(&context, "sbom-history", "{\"firmware\":\"fw-1\",\"format\":\"spdx\"}");
    assert_int_equal(json_array_size(one), 1);
    db_close(db);
}

static void what_is_no_sbom_is_quarantined_without_anything_about_it(void **state)
{
    struct db *db = known_ledger();
    const struct answer_context context = asked_of(db, NULL);

    (void)state;
    known_quarantined(db, "fw-1", "it is HTML", KNOWN_NOW_MS, 0);
    auto_json json_t *rows = asked_well(&context, "sbom-history", "{\"firmware\":\"fw-1\"}");
    assert_int_equal(json_array_size(rows), 1);
    assert_true(json_is_false(field(rows, 0, "acceptable")));
    assert_string_equal(text(rows, 0, "reason"), "it is HTML");
    assert_true(json_is_null(field(rows, 0, "kind")));
    assert_true(json_is_null(field(rows, 0, "components")));
    assert_true(json_is_null(field(rows, 0, "sha256")));
    assert_true(json_is_null(field(rows, 0, "size")));
    db_close(db);
}

static void a_firmware_without_any_is_told_what_to_do(void **state)
{
    struct db *db = known_ledger();
    const struct answer_context contexts[] = {asked_of(db, NULL), asked_of(NULL, NULL)};

    (void)state;
    known_revision(db, "fw-2", "default", 1, 'a');
    for (size_t i = 0; i < COUNT_OF(contexts); i++) {
        assert_asked_in_vain(&contexts[i], "sbom-history", "{\"firmware\":\"fw-1\"}", ERR_INPUT,
                             "the ledger has no SBOM of firmware fw-1: onekey-agent sbom get fw-1 "
                             "--output FILE fetches what the platform has");
    }
    assert_asked_in_vain(&contexts[0], "sbom-history",
                         "{\"firmware\":\"fw-2\",\"format\":\"spdx\"}", ERR_INPUT,
                         "the ledger has no SBOM of firmware fw-2 in format spdx: onekey-agent "
                         "sbom get fw-2 --output FILE fetches what the platform has");
    db_close(db);
}

/* ---- current ---- */

static void only_the_latest_of_each_format_is_current(void **state)
{
    struct db *db = known_ledger();
    const struct answer_context context = asked_of(db, NULL);
    const struct answer_context none = asked_of(NULL, NULL);

    (void)state;
    known_revision(db, "fw-2", "default", 1, 'a');
    known_revision(db, "fw-1", "default", 1, 'a');
    known_revision(db, "fw-1", "default", 2, 'b');
    known_revision(db, "fw-1", "spdx", 1, 'c');
    auto_json json_t *rows = asked_well(&context, "sbom-current", NULL);
    assert_int_equal(json_array_size(rows), 3);
    assert_string_equal(text(rows, 0, "sha256"), B64);
    assert_string_equal(text(rows, 0, "path"), "/srv/sboms/default.json");
    assert_string_equal(text(rows, 1, "sha256"), C64);
    assert_string_equal(text(rows, 2, "firmware_id"), "fw-2");
    auto_json json_t *nothing = asked_well(&none, "sbom-current", NULL);
    assert_int_equal(json_array_size(nothing), 0);
    db_close(db);
}

/* ---- documents ---- */

/* One of so many bytes, each another one. */
static void keep_document(struct db *db, const char *sha256, size_t size)
{
    auto_fd int fd = memfd_create("document", MFD_CLOEXEC);
    const struct document document = {
        .sha256 = sha256, .size = 7, .deflated_fd = fd, .stored_size = (int64_t)size};
    auto_free unsigned char *bytes = xcalloc(size, 1);
    struct err err;
    int64_t id;

    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(i * 31 + i / 256);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    if (!document_keep(db, &document, &id, &err))
        fail_msg("%s", err.message);
}

static void a_document_is_told_in_rows_of_bounded_size(void **state)
{
    enum { SIZE = DOCUMENT_PIECE_MAX + 100 * 1000, ROW_MAX = 48 * 1024 };
    struct db *db = known_ledger();
    const struct answer_context context = asked_of(db, NULL);
    auto_buf struct buf got = {.max = SIZE};
    struct err err;

    (void)state;
    keep_document(db, A64, SIZE);
    auto_json json_t *rows = asked_well(&context, "document", "{\"sha256\":\"" A64 "\"}");
    auto_free char *head = json_dumps(json_array_get(rows, 0), JSON_COMPACT);
    assert_string_equal(head, "{\"sha256\":\"" A64 "\",\"size\":7,\"stored_size\":362144}");
    for (size_t i = 1; i < json_array_size(rows); i++) {
        const char *bytes = text(rows, i, "bytes");
        size_t before = got.size;

        assert_true(base64_decode(bytes, strlen(bytes), &got, &err));
        assert_in_range(got.size - before, 1, ROW_MAX);
    }
    assert_int_equal(got.size, SIZE);
    for (size_t i = 0; got.bytes && i < SIZE; i++) {
        if ((unsigned char)got.bytes[i] != (unsigned char)(i * 31 + i / 256))
            fail_msg("byte %zu is another one", i);
    }
    db_close(db);
}

static void all_documents_come_one_after_the_other(void **state)
{
    struct db *db = known_ledger();
    const struct answer_context context = asked_of(db, NULL);
    const struct answer_context none = asked_of(NULL, NULL);

    (void)state;
    keep_document(db, A64, 3);
    keep_document(db, B64, 2);
    auto_json json_t *rows = asked_well(&context, "document", "{\"all\":true}");
    assert_same_json(rows, "[{\"sha256\":\"" A64 "\",\"size\":7,\"stored_size\":3},"
                           "{\"bytes\":\"AB8+\"},"
                           "{\"sha256\":\"" B64 "\",\"size\":7,\"stored_size\":2},"
                           "{\"bytes\":\"AB8=\"}]");
    auto_json json_t *nothing = asked_well(&none, "document", "{\"all\":true}");
    assert_int_equal(json_array_size(nothing), 0);
    db_close(db);
}

static void a_document_that_is_forgotten_while_it_is_told_is_gone_not_damaged(void **state)
{
    struct db *db = known_ledger();
    const struct answer_context context = asked_of(db, NULL);
    auto_json json_t *arguments = json_pack("{s:b}", "all", 1);
    json_t *row;
    struct err err;

    (void)state;
    known_revision(db, "fw-1", "default", 1, 'a');
    known_quarantined(db, "fw-1", "shrunk", KNOWN_NOW_MS, 'b');
    known_revision(db, "fw-2", "default", 1, 'c');
    auto_answer struct answer *answer = answer_new("document", arguments, &context, &err);
    for (int i = 0; i < 3; i++) { /* a, its bytes, b */
        assert_true(answer_next(answer, &row, &err));
        json_decref(row);
    }
    assert_true(quarantine_drop(db, "fw-1", "default", NULL, &err));
    assert_true(answer_next(answer, &row, &err));
    assert_same_json(row, "{\"gone\":true}");
    json_decref(row);
    assert_true(answer_next(answer, &row, &err));
    assert_string_equal(json_string_value(json_object_get(row, "sha256")), C64);
    json_decref(row);
    db_close(db);
}

/* ---- accept ---- */

struct heard {
    enum live_kick kick;
    int kicks;
    bool was_committed;
    struct db *db;
};

static void on_kick(void *owner, enum live_kick what)
{
    struct heard *heard = owner;

    heard->kick = what;
    heard->kicks++;
    heard->was_committed = !db_in_transaction(heard->db);
}

static void raise_alert(struct db *db)
{
    const struct alert_row alert = {.event = "sbom_quarantined", .subject = "fw-1"};
    struct err err;
    bool raised;

    assert_true(alert_row_raise(db, &alert, &raised, &err));
    assert_true(raised);
}

static void count_alert(void *owner, const struct alert_row *alert)
{
    (void)alert;
    ++*(int *)owner;
}

static int open_alerts(struct db *db)
{
    struct err err;
    int count = 0;

    assert_true(alert_row_each_open(db, count_alert, &count, &err));
    return count;
}

static void what_is_accepted_is_the_next_revision_before_anybody_hears_of_it(void **state)
{
    struct db *db = known_ledger();
    struct heard heard = {.db = db};
    const struct live live = {.owner = &heard, .kick = on_kick};
    const struct answer_context context = asked_of(db, &live);
    struct sbom_row sbom;
    struct err err;
    int64_t left;
    bool found;

    (void)state;
    known_revision(db, "fw-1", "default", 1, 'a');
    known_quarantined(db, "fw-1", "shrunk", KNOWN_NOW_MS - 5000, 'b');
    raise_alert(db);
    auto_json json_t *rows =
        asked_well(&context, "sbom-accept",
                   "{\"firmware\":\"fw-1\",\"reason\":\"it is right\",\"by\":\"kim\"}");
    assert_int_equal(json_integer_value(field(rows, 0, "changed")), 1);
    assert_string_equal(text(rows, 0, "text"),
                        "accepted as revision 2 of firmware fw-1, format default: "
                        "/srv/sboms/default.json (the agent puts it there now)");
    assert_true(json_is_true(field(rows, 0, "daemon")));
    assert_true(json_is_true(field(rows, 0, "unplaced")));
    assert_int_equal(heard.kicks, 1);
    assert_int_equal(heard.kick, LIVE_KICK_SBOMS);
    assert_true(heard.was_committed);

    assert_true(sbom_latest(db, "fw-1", "default", &sbom, &found, &err));
    assert_int_equal(sbom.revision, 2);
    assert_string_equal(sbom.sha256, B64);
    assert_string_equal(sbom.content_id, "b");
    assert_string_equal(sbom.accepted_by, "kim");
    assert_string_equal(sbom.accepted_why, "it is right");
    assert_string_equal(sbom.file, "/srv/sboms/default.json");
    assert_int_equal(sbom.fetched_at, KNOWN_NOW_MS - 5000);
    assert_int_equal(sbom.checked_at, KNOWN_NOW_MS);
    assert_true(sbom.is_unplaced);
    assert_true(quarantine_count(db, &left, &err));
    assert_int_equal(left, 0);
    assert_int_equal(open_alerts(db), 0);
    db_close(db);
}

static void quarantine_as(struct db *db, const char *format, const char *kind, char digit)
{
    struct quarantine_row row = {.since = KNOWN_NOW_MS};
    struct err err;

    row.sbom = known_sbom(format, 0, digit);
    snprintf(row.sbom.kind, sizeof row.sbom.kind, "%s", kind);
    snprintf(row.sbom.firmware_id, sizeof row.sbom.firmware_id, "fw-1");
    row.sbom.document_id = known_document(db, digit);
    assert_true(quarantine_put(db, &row, &err));
}

static void revision_at(struct db *db, const char *format, const char *file)
{
    struct sbom_row sbom = known_sbom(format, 1, 'a');
    struct err err;

    snprintf(sbom.file, sizeof sbom.file, "%s", file);
    assert_true(sbom_add(db, "fw-1", &sbom, known_document(db, 'a'), &err));
}

static void its_file_is_that_of_the_one_before_as_far_as_its_kind_fits(void **state)
{
    static const struct {
        const char *why;
        const char *before;
        const char *kind;
        const char *after;
    } rows[] = {
        {"the same kind", "/s/r.cdx.json", "cyclonedx-json", "/s/r.cdx.json"},
        {"another kind", "/s/r.cdx.json", "spdx-json", "/s/r.spdx.json"},
        {"another kind, the name is taken", "/s/taken.cdx.json", "spdx-json",
         "/s/taken-default.spdx.json"},
        {"a path without an extension", "/s/r", "spdx-json", "/s/r"},
        {"a name that only ends alike", "/s/rcdx.json", "spdx-json", "/s/rcdx.json"},
        {"a kind of another version of this program", "/s/r.cdx.json", "cyclonedx-protobuf",
         "/s/r.cdx.json"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct db *db = known_ledger();
        const struct answer_context context = asked_of(db, NULL);

        revision_at(db, "default", rows[i].before);
        revision_at(db, "other", "/s/taken.spdx.json");
        quarantine_as(db, "default", rows[i].kind, 'b');
        auto_json json_t *told =
            asked_well(&context, "sbom-accept", "{\"firmware\":\"fw-1\",\"reason\":\"so it is\"}");
        if (strcmp(text(told, 0, "file"), rows[i].after) != 0)
            fail_msg("%s: %s, want %s", rows[i].why, text(told, 0, "file"), rows[i].after);
        assert_string_equal(text(told, 0, "accepted_by"), "unknown");
        assert_true(json_is_false(field(told, 0, "daemon")));
        db_close(db);
    }
}

static void of_several_one_has_to_be_named_and_the_alert_lasts_until_the_last(void **state)
{
    struct db *db = known_ledger();
    const struct answer_context context = asked_of(db, NULL);

    (void)state;
    revision_at(db, "default", "/s/r.cdx.json");
    revision_at(db, "spdx", "/s/r.spdx.json");
    quarantine_as(db, "default", "cyclonedx-json", 'b');
    quarantine_as(db, "spdx", "spdx-json", 'c');
    raise_alert(db);
    assert_asked_in_vain(&context, "sbom-accept", "{\"firmware\":\"fw-1\",\"reason\":\"x\"}",
                         ERR_USAGE,
                         "sbom accept: several documents of that firmware are in quarantine: say "
                         "--format with one of default, spdx");
    assert_asked_in_vain(&context, "sbom-accept",
                         "{\"firmware\":\"fw-1\",\"reason\":\"x\",\"format\":\"xml\"}", ERR_INPUT,
                         "sbom accept: no document in format xml is in quarantine; there is "
                         "default, spdx");
    json_decref(asked_well(&context, "sbom-accept",
                           "{\"firmware\":\"fw-1\",\"reason\":\"x\",\"format\":\"spdx\"}"));
    assert_int_equal(open_alerts(db), 1);
    json_decref(asked_well(&context, "sbom-accept", "{\"firmware\":\"fw-1\",\"reason\":\"x\"}"));
    assert_int_equal(open_alerts(db), 0);
    db_close(db);
}

static void what_cannot_be_accepted_changes_nothing(void **state)
{
    struct db *db = known_ledger();
    const struct answer_context context = asked_of(db, NULL);
    struct err err;
    int64_t left;

    (void)state;
    known_revision(db, "fw-1", "default", 1, 'a');
    known_quarantined(db, "fw-1", "it is HTML", KNOWN_NOW_MS, 0);
    known_quarantined(db, "fw-2", "shrunk", KNOWN_NOW_MS, 'b');
    assert_asked_in_vain(
        &context, "sbom-accept", "{\"firmware\":\"fw-1\",\"reason\":\"x\"}", ERR_DATA,
        "sbom accept: what the platform sent is no SBOM and cannot be accepted (it "
        "is HTML); it is asked again at the next export");
    assert_asked_in_vain(&context, "sbom-accept", "{\"firmware\":\"fw-2\",\"reason\":\"x\"}",
                         ERR_DATA,
                         "sbom accept: firmware fw-2 has no earlier SBOM in that format; sbom get "
                         "fetches what the platform has");
    assert_asked_in_vain(&context, "sbom-accept", "{\"firmware\":\"fw-3\",\"reason\":\"x\"}",
                         ERR_INPUT,
                         "sbom accept: nothing of firmware fw-3 is in quarantine; sbom history "
                         "fw-3 shows what is kept");
    assert_true(quarantine_count(db, &left, &err));
    assert_int_equal(left, 2);
    db_close(db);
}

static void bad_requests_are_refused_with_the_reason(void **state)
{
    static const struct {
        const char *command;
        const char *arguments;
        const char *message;
    } rows[] = {
        {"sbom-history", "{}", "sbom-history: a firmware ID is missing"},
        {"sbom-history", "{\"firmware\":\"" A64 A64 "\"}",
         "sbom-history: a firmware ID is missing"},
        {"sbom-accept", "{\"firmware\":\"fw-1\"}",
         "sbom-accept: a reason is missing: --reason TEXT"},
        {"sbom-accept", "{\"firmware\":\"fw-1\",\"reason\":\"a\\nb\"}",
         "sbom-accept: the reason must be one line of printable UTF-8"},
        {"sbom-accept", "{\"firmware\":\"fw-1\",\"reason\":\"" A64 A64 "\"}",
         "sbom-accept: the reason is over 127 bytes"},
        {"sbom-accept", "{\"firmware\":\"fw-1\",\"reason\":\"x\",\"by\":\"\"}",
         "sbom-accept: the author must not be empty"},
        {"document", "{}", "document: either a digest or all is needed"},
        {"document", "{\"all\":true,\"sha256\":\"" A64 "\"}",
         "document: either a digest or all is needed"},
    };
    struct db *db = known_ledger();
    const struct answer_context context = asked_of(db, NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_asked_in_vain(&context, rows[i].command, rows[i].arguments, ERR_USAGE,
                             rows[i].message);
    assert_asked_in_vain(&context, "document", "{\"sha256\":\"" A64 "\"}", ERR_INPUT,
                         "read a stored document: the ledger has no document with that digest");
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_history_has_exactly_the_documented_fields),
        cmocka_unit_test(a_history_goes_by_format_and_revision_and_tells_of_one_firmware_only),
        cmocka_unit_test(what_is_no_sbom_is_quarantined_without_anything_about_it),
        cmocka_unit_test(a_firmware_without_any_is_told_what_to_do),
        cmocka_unit_test(only_the_latest_of_each_format_is_current),
        cmocka_unit_test(a_document_is_told_in_rows_of_bounded_size),
        cmocka_unit_test(all_documents_come_one_after_the_other),
        cmocka_unit_test(a_document_that_is_forgotten_while_it_is_told_is_gone_not_damaged),
        cmocka_unit_test(what_is_accepted_is_the_next_revision_before_anybody_hears_of_it),
        cmocka_unit_test(its_file_is_that_of_the_one_before_as_far_as_its_kind_fits),
        cmocka_unit_test(of_several_one_has_to_be_named_and_the_alert_lasts_until_the_last),
        cmocka_unit_test(what_cannot_be_accepted_changes_nothing),
        cmocka_unit_test(bad_requests_are_refused_with_the_reason),
    };

    return cmocka_run_group_tests_name("answer_sbom", tests, NULL, NULL);
}
