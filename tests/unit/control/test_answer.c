#include "test.h"

#include <unistd.h>

#include "asked.h"
#include "base/auto.h"
#include "base/log.h"
#include "control/answer.h"
#include "control/answer_arguments.h"
#include "known_items.h"
#include "store/alert_row.h"
#include "store/fact.h"
#include "store/item_scan.h"
#include "store/pause.h"
#include "store/sbom.h"

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct answer_context context_of(struct db *db, const struct live *live)
{
    return (struct answer_context){
        .db = db,
        .live = live,
        .version = "0.1.0",
        .now_ms = known_now,
    };
}

static struct answer *ask(const struct answer_context *context, const char *command,
                          const char *arguments)
{
    auto_json json_t *object = arguments ? json_loads(arguments, 0, NULL) : NULL;
    struct err err;
    struct answer *answer = answer_new(command, object, context, &err);

    if (!answer)
        fail_msg("%s %s: %s", command, arguments ? arguments : "", err.message);
    return answer;
}

/* The rows of an answer, which must go well. */
static json_t *rows_of(const struct answer_context *context, const char *command,
                       const char *arguments)
{
    auto_answer struct answer *answer = ask(context, command, arguments);
    json_t *rows = json_array();
    json_t *row;
    struct err err;

    for (;;) {
        if (!answer_next(answer, &row, &err))
            fail_msg("%s: %s", command, err.message);
        if (!row)
            return rows;
        json_array_append_new(rows, row);
    }
}

static json_t *one_row_of(const struct answer_context *context, const char *command,
                          const char *arguments)
{
    auto_json json_t *rows = rows_of(context, command, arguments);

    assert_int_equal(json_array_size(rows), 1);
    return json_incref(json_array_get(rows, 0));
}

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "(none)";
}

/* ---- listing ---- */

static int64_t add_sent(struct db *db)
{
    struct item item = known_item(ITEM_DONE, "/srv/r1/2.0/fw.bin");

    text_replace(&item.sha256, DIGEST);
    text_replace(&item.firmware_id, "fw-1");
    text_replace(&item.upload_id, "up-1");
    text_replace(&item.name, "Acme-r1-2.0");
    text_replace(&item.vendor, "Acme");
    text_replace(&item.product, "r1");
    text_replace(&item.version, "2.0");
    text_replace(&item.product_group, "Default");
    item.attempts = 1;
    item.registered_at = KNOWN_NOW_MS - 3000;
    item.uploaded_at = KNOWN_NOW_MS - 2000;
    item.analysed_at = KNOWN_NOW_MS - 1000;
    item.done_at = KNOWN_NOW_MS;
    return known_save(db, &item);
}

static void add_alias(struct db *db, int64_t of, const char *watch, const char *path)
{
    struct item item = known_item(ITEM_DUPLICATE, path);

    item.duplicate_of = of;
    text_replace(&item.watch, watch);
    known_save(db, &item);
}

static void add_sbom(struct db *db)
{
    auto_free struct sbom_row *sbom = xcalloc(1, sizeof *sbom);
    char name[] = "/tmp/onekey-agent-test-XXXXXX";
    auto_fd int fd = mkstemp(name);
    struct err err;
    int64_t id;

    assert_true(fd >= 0 && unlink(name) == 0 && write(fd, "x", 1) == 1);
    const struct document document = {
        .sha256 = DIGEST, .size = 17, .deflated_fd = fd, .stored_size = 1};
    assert_true(document_keep(db, &document, &id, &err));
    snprintf(sbom->format, sizeof sbom->format, "default");
    snprintf(sbom->kind, sizeof sbom->kind, "cyclonedx-json");
    snprintf(sbom->file, sizeof sbom->file, "/srv/sboms/r1.cdx.json");
    sbom->revision = 1;
    sbom->components = -1;
    sbom->fetched_at = KNOWN_NOW_MS;
    assert_true(sbom_add(db, "fw-1", sbom, id, &err));
}

#define LISTED                                                                                     \
    "\"path\":\"/srv/r1/2.0/fw.bin\",\"watch\":\"release\",\"sha256\":\"" DIGEST "\","             \
    "\"size\":4096,\"state\":\"done\",\"firmware_id\":\"fw-1\",\"name\":\"Acme-r1-2.0\","          \
    "\"vendor\":\"Acme\",\"product\":\"r1\",\"version\":\"2.0\",\"product_group\":\"Default\","    \
    "\"attempts\":1,\"error\":null,\"found_at\":\"2026-05-28T19:26:40.000Z\","                     \
    "\"uploaded_at\":\"2026-05-28T20:26:38.000Z\",\"analysed_at\":\"2026-05-28T20:26:39.000Z\","   \
    "\"done_at\":\"2026-05-28T20:26:40.000Z\","                                                    \
    "\"aliases\":[\"/srv/a.bin\",\"/srv/b\\u00e9.bin\",\"/srv/c\\\\xff.bin\"],"                    \
    "\"sboms\":[{\"format\":\"default\",\"kind\":\"cyclonedx-json\",\"spec_version\":null,"        \
    "\"components\":null,\"sha256\":\"" DIGEST "\",\"size\":17,"                                   \
    "\"file\":\"/srv/sboms/r1.cdx.json\",\"fetched_at\":\"2026-05-28T20:26:40.000Z\"}]"

static struct db *ledger_with_one_sent(void)
{
    struct db *db = known_ledger();
    int64_t id = add_sent(db);

    add_sbom(db);
    add_alias(db, id, "release", "/srv/c\xff.bin");
    add_alias(db, id, "release", "/srv/a.bin");
    add_alias(db, id, "archive", "/srv/a.bin");
    add_alias(db, id, "release", "/srv/b\xc3\xa9.bin");
    return db;
}

static void a_listed_row_has_exactly_the_documented_fields(void **state)
{
    struct db *db = ledger_with_one_sent();
    const struct answer_context context = context_of(db, NULL);
    auto_json json_t *row = one_row_of(&context, "list-firmwares", NULL);

    (void)state;
    assert_same_json(row, "{" LISTED "}");
    db_close(db);
}

static void a_shown_row_has_the_details_behind_these(void **state)
{
    struct db *db = ledger_with_one_sent();
    const struct answer_context context = context_of(db, NULL);
    auto_json json_t *row = one_row_of(&context, "show", "{\"what\":\"fw-1\"}");

    (void)state;
    assert_same_json(row,
                     "{" LISTED ",\"current\":true,\"forgotten\":false,\"product_category\":null,"
                     "\"analysis_configuration\":null,\"release_date\":null,\"notes\":null,"
                     "\"monitoring\":false,\"attached_sbom\":null,\"attached_sbom_sha256\":null,"
                     "\"upload_id\":\"up-1\",\"registered_at\":\"2026-05-28T20:26:37.000Z\","
                     "\"analysis_state\":null,\"analysis_result\":null,\"error_kind\":null,"
                     "\"first_error\":null,\"held_right\":null,\"misses\":0,\"retry_at\":null,"
                     "\"duplicate_of\":null}");
    db_close(db);
}

/* Rows 1..6, oldest first. */
static struct db *ledger_to_filter(void)
{
    static const struct {
        enum item_state state;
        const char *watch;
        const char *product;
        int64_t age_ms;
        int64_t forgotten;
    } rows[] = {
        {ITEM_DONE, "release", "r1", 9000, 0},    {ITEM_FAILED, "release", "r1", 8000, 0},
        {ITEM_FAILED, "archive", "r2", 7000, 0},  {ITEM_DUPLICATE, "archive", "r2", 6000, 0},
        {ITEM_PENDING, "release", NULL, 5000, 0}, {ITEM_FAILED, "release", "r1", 4000, 1},
    };
    struct db *db = known_ledger();
    char path[16];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        snprintf(path, sizeof path, "/srv/%zu", i + 1);
        struct item item = known_item(rows[i].state, path);
        text_replace(&item.watch, rows[i].watch);
        text_replace(&item.product, rows[i].product);
        item.found_at = KNOWN_NOW_MS - rows[i].age_ms;
        item.forgotten = rows[i].forgotten;
        known_save(db, &item);
    }
    return db;
}

static void a_listing_is_filtered_newest_first(void **state)
{
    static const struct {
        const char *why;
        const char *arguments;
        const char *want; /* the digits of the paths */
    } rows[] = {
        {"everything but copies and what was forgotten", "{}", "5321"},
        {"by state", "{\"state\":\"failed\"}", "32"},
        {"copies when they are asked for", "{\"state\":\"duplicate\"}", "4"},
        {"by watch", "{\"watch\":\"archive\"}", "3"},
        {"by product", "{\"product\":\"r1\"}", "21"},
        {"by all three", "{\"state\":\"failed\",\"watch\":\"release\",\"product\":\"r1\"}", "2"},
        {"since a time", "{\"since\":\"2026-05-28T20:26:33Z\"}", "53"},
        {"since milliseconds", "{\"since\":1779999995000}", "5"},
        {"no more than so many", "{\"limit\":2}", "53"},
        {"a limit counts what is listed", "{\"limit\":1,\"state\":\"done\"}", "1"},
        {"null is not given", "{\"state\":null,\"limit\":null}", "5321"},
        {"nothing fits", "{\"watch\":\"none\"}", ""},
    };
    struct db *db = ledger_to_filter();
    const struct answer_context context = context_of(db, NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_json json_t *list = rows_of(&context, "list-firmwares", rows[i].arguments);
        char got[16] = "";
        size_t index;
        json_t *row;

        json_array_foreach(list, index, row) got[index] = text_at(row, "path")[5];
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("%s: %s, want %s", rows[i].why, got, rows[i].want);
    }
    db_close(db);
}

static void show_finds_by_path_id_and_digest(void **state)
{
    static const struct {
        const char *why;
        const char *arguments;
        int64_t rows;
    } rows[] = {
        {"the firmware ID", "{\"what\":\"fw-1\"}", 1},
        {"the whole digest", "{\"what\":\"" DIGEST "\"}", 1},
        {"its first eight digits, in capitals", "{\"what\":\"0123456789ABCDEF\"}", 1},
        {"seven digits are no digest", "{\"what\":\"0123456\"}", -1},
        {"an absolute path", "{\"what\":\"/srv/r1/2.0/fw.bin\"}", 2},
        {"a path made absolute", "{\"what\":\"fw.bin\",\"path\":\"/srv/r1/2.0/fw.bin\"}", 2},
        {"bytes that are no text",
         "{\"what_bytes\":\"66ff\",\"path_bytes\":\"2f7372762f63ff2e62696e\"}", 1},
        {"a copy", "{\"what\":\"/srv/a.bin\"}", 2},
        {"nothing of that kind", "{\"what\":\"/srv/none\"}", -1},
    };
    struct db *db = ledger_with_one_sent();
    const struct answer_context context = context_of(db, NULL);
    struct item old = known_item(ITEM_FAILED, "/srv/r1/2.0/fw.bin");

    (void)state;
    old.current = 0;
    old.forgotten = 1;
    known_save(db, &old);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_answer struct answer *answer = ask(&context, "show", rows[i].arguments);
        struct err err = {.kind = ERR_OK};
        int64_t count = 0;
        bool ok = true;

        for (;;) {
            auto_json json_t *row = NULL;

            ok = answer_next(answer, &row, &err);
            if (!ok || !row)
                break;
            count++;
        }
        if (ok != (rows[i].rows > 0) || (ok && count != rows[i].rows) ||
            (!ok && err.kind != ERR_INPUT))
            fail_msg("%s: %jd rows, %s", rows[i].why, (intmax_t)count, ok ? "ok" : err.message);
    }
    db_close(db);
}

static void a_path_that_is_no_text_is_shown_and_given_in_hex(void **state)
{
    struct db *db = known_ledger();
    const struct answer_context context = context_of(db, NULL);

    (void)state;
    known_add(db, ITEM_PENDING, "/srv/\xff\n.bin");
    auto_json json_t *row = one_row_of(&context, "list-firmwares", NULL);
    assert_string_equal(text_at(row, "path"), "/srv/\\xff\\x0a.bin");
    assert_string_equal(text_at(row, "path_bytes"), "2f7372762fff0a2e62696e");
    db_close(db);
}

static void a_sparse_filter_works_in_bounded_pieces(void **state)
{
    enum { ROWS = 3 * ITEM_SCAN_ROWS + 10 };
    struct db *db = known_ledger();
    const struct answer_context context = context_of(db, NULL);
    auto_answer struct answer *answer = NULL;
    unsigned pieces = 0;
    unsigned found = 0;
    bool over = false;
    char path[32];

    (void)state;
    for (int i = 0; i < ROWS; i++) {
        snprintf(path, sizeof path, "/srv/%d", i);
        known_add(db, i == 5 ? ITEM_FAILED : ITEM_DONE, path);
    }
    answer = ask(&context, "list-firmwares", "{\"state\":\"failed\"}");
    for (; !over; pieces++) {
        auto_json json_t *row = NULL;
        struct err err;

        assert_true(answer_work(answer, &row, &over, &err));
        found += row != NULL;
    }
    assert_int_equal(found, 1);
    assert_int_equal(pieces, 5); /* four stretches and a row */
    db_close(db);
}

static void very_many_aliases_are_cut_and_say_so(void **state)
{
    enum { ALIASES = 10010 };
    struct db *db = known_ledger();
    const struct answer_context context = context_of(db, NULL);
    int64_t id = add_sent(db);
    char path[32];

    (void)state;
    for (int i = 0; i < ALIASES; i++) {
        snprintf(path, sizeof path, "/srv/%d", i);
        add_alias(db, id, "release", path);
    }
    auto_json json_t *row = one_row_of(&context, "list-firmwares", NULL);
    assert_int_equal(json_array_size(json_object_get(row, "aliases")), 10000);
    assert_true(json_is_true(json_object_get(row, "aliases_more")));
    db_close(db);
}

/* ---- arguments ---- */

static void bad_requests_are_refused_with_the_reason(void **state)
{
    static const struct {
        const char *command;
        const char *arguments;
        const char *message;
    } rows[] = {
        {"reboot", NULL, "unknown command: reboot"},
        {"a\nb", NULL, "unknown command: a\\x0ab"},
        {"status", "[]", "status: the arguments are no object"},
        {"status", "{\"chekc\":true}", "status: argument chekc: not known here"},
        {"status", "{\"check\":1}", "status: argument check: not of the right type"},
        {"list-firmwares", "{\"limit\":0}",
         "list-firmwares: argument limit: not of the right type"},
        {"list-firmwares", "{\"state\":\"fialed\"}",
         "list-firmwares: no state is called fialed; did you mean failed"},
        {"list-firmwares", "{\"since\":\"yesterday\"}",
         "list-firmwares: argument since: not a time as 2026-11-23 or 2026-11-23T14:44:00Z"},
        {"show", "{}", "show: a path, a firmware ID or a SHA-256 is missing"},
        {"show", "{\"what_bytes\":\"6\"}", "show: argument what_bytes: not of the right type"},
        {"show", "{\"what_bytes\":\"6g\"}", "show: argument what_bytes: not of the right type"},
        {"show", "{\"what_bytes\":\"00\"}", "show: argument what_bytes: not of the right type"},
        {"pause", "{}", "pause: a reason is missing: --reason TEXT"},
        {"resume", "{\"reason\":\"x\"}", "resume: argument reason: not known here"},
        {"retry", "{}", "retry: either a path or --failed is needed"},
        {"retry", "{\"path\":\"/a\",\"failed\":true}",
         "retry: either a path or --failed is needed"},
        {"retry", "{\"failed\":true,\"assume\":\"missing\"}",
         "retry: --assume decides one path, not all that failed"},
        {"forget", "{}", "forget: a path is missing"},
    };
    struct db *db = known_ledger();
    const struct answer_context context = context_of(db, NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_json json_t *arguments =
            rows[i].arguments ? json_loads(rows[i].arguments, 0, NULL) : NULL;
        struct err err = {.kind = ERR_OK};
        auto_answer struct answer *answer = answer_new(rows[i].command, arguments, &context, &err);

        if (answer || err.kind != ERR_USAGE || strcmp(err.message, rows[i].message) != 0)
            fail_msg("%s %s: %s", rows[i].command, rows[i].arguments ? rows[i].arguments : "",
                     answer ? "taken" : err.message);
    }
    db_close(db);
}

static void times_are_rfc_3339(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-05-28", 1779926400000},
        {"2026-05-28T20:26:40Z", 1780000000000},
        {"2026-05-28t20:26:40z", 1780000000000},
        {"2026-05-28 20:26:40Z", 1780000000000},
        {"2026-05-28T20:26:40.5Z", 1780000000500},
        {"2026-05-28T20:26:40.123987Z", 1780000000123},
        {"2026-05-28T22:26:40+02:00", 1780000000000},
        {"2026-05-28T16:56:40-03:30", 1780000000000},
        {"2024-02-29", 1709164800000},
        {"2016-12-31T23:59:60Z", 1483228800000},
        {"2023-02-29", -1},
        {"2026-04-31", -1},
        {"2026-13-01", -1},
        {"2026-05-28T24:00:00Z", -1},
        {"2026-05-28T20:26:40", -1},
        {"2026-05-28T20:26Z", -1},
        {"2026-05-28T20:26:40.Z", -1},
        {"2026-05-28T20:26:40+0200", -1},
        {"2026-5-28", -1},
        {"2026-05-28x", -1},
        {"1969-12-31", -1},
        {"", -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t ms = -1;
        bool ok = arguments_parse_time(rows[i].text, &ms);

        if (ok != (rows[i].ms >= 0) || (ok && ms != rows[i].ms))
            fail_msg("%s: %s %jd", rows[i].text, ok ? "taken as" : "refused", (intmax_t)ms);
    }
}

static void any_bytes_of_a_path_arrive(void **state)
{
    static const char *const paths[] = {"/srv/fw.bin", "/srv/b\xc3\xa9", "/a\nb", "/\xff\x01",
                                        "/cut\xe2\x82"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        auto_json json_t *object = json_object();

        answer_put_path(object, "path", paths[i]);
        auto_free char *text = json_dumps(object, 0);
        auto_json json_t *read = json_loads(text, 0, NULL);
        auto_free char *got = arguments_path_new(read, "path");
        assert_string_equal(got, paths[i]);
    }
}

/* ---- status ---- */

struct agent { /* a daemon as live.h shows it */
    const char *state;
    unsigned kicks[LIVE_KICK_TOKEN + 1];
};

static const char *on_state(void *owner)
{
    return ((struct agent *)owner)->state;
}

static void on_each_transfer(void *owner, void (*each)(void *to, const struct live_transfer *one),
                             void *to)
{
    const struct live_transfer up = {"/srv/\xff", "up", 10, 0, 5};

    (void)owner;
    each(to, &up);
}

static void on_each_watch(void *owner, void (*each)(void *to, const struct live_watch *one),
                          void *to)
{
    const struct live_watch watch = {"release", "/srv", "events", 12, NULL};

    (void)owner;
    each(to, &watch);
}

static void on_each_mirror(void *owner, void (*each)(void *to, const struct live_mirror *one),
                           void *to)
{
    const struct live_mirror mirror = {.watch = "release",
                                       .known = 9,
                                       .sent = 4,
                                       .duplicate = 2,
                                       .failed = 1,
                                       .left = 2,
                                       .bytes_left = 8192,
                                       .seconds_left = 7,
                                       .waits_for = "budget"};

    (void)owner;
    each(to, &mirror);
}

static void on_token(void *owner, struct live_token *token)
{
    (void)owner;
    *token = (struct live_token){"Acme", "kim@acme.example", "0a1b2c3d", KNOWN_NOW_MS};
}

static void on_kick(void *owner, enum live_kick what)
{
    ((struct agent *)owner)->kicks[what]++;
}

static struct live live_of(struct agent *agent)
{
    return (struct live){
        .owner = agent,
        .state = on_state,
        .each_transfer = on_each_transfer,
        .each_watch = on_each_watch,
        .each_mirror = on_each_mirror,
        .token = on_token,
        .kick = on_kick,
    };
}

#define NO_ITEMS                                                                                   \
    "\"settling\":0,\"hashing\":0,\"pending\":0,\"registering\":0,\"uploading\":0,"                \
    "\"analysing\":0,\"fetching\":0,\"done\":0,\"duplicate\":0,\"unconfirmed\":0,\"held\":0,"

static void status_has_exactly_the_documented_fields(void **state)
{
    struct db *db = known_ledger();
    struct agent agent = {.state = "auth_paused"};
    const struct live live = live_of(&agent);
    const struct answer_context context = context_of(db, &live);
    const struct pause pause = {.since = KNOWN_NOW_MS, .reason = "401", .by_whom = "agent"};
    const struct alert_row alert = {.event = "auth_paused",
                                    .severity = "critical",
                                    .text = "expired or deleted",
                                    .action = "make a new token",
                                    .since = KNOWN_NOW_MS};
    struct err err;
    bool raised;

    (void)state;
    known_add(db, ITEM_FOUND, "/srv/a");
    known_add(db, ITEM_FAILED, "/srv/b");
    assert_true(pause_set(db, PAUSE_AUTH, &pause, &err));
    assert_true(group_block(db, "Routers", "no upload right", KNOWN_NOW_MS, &err));
    assert_true(alert_row_raise(db, &alert, &raised, &err));
    auto_json json_t *row = one_row_of(&context, "status", NULL);
    assert_same_json(
        row, "{\"version\":\"0.1.0\",\"state\":\"auth_paused\",\"pauses\":[{\"kind\":\"auth\","
             "\"reason\":\"401\",\"since\":\"2026-05-28T20:26:40.000Z\",\"by\":\"agent\"}],"
             "\"token\":{\"tenant\":\"Acme\",\"email\":\"kim@acme.example\","
             "\"fingerprint\":\"0a1b2c3d\",\"expires\":\"2026-05-28T20:26:40.000Z\"},"
             "\"items\":{\"found\":1," NO_ITEMS "\"failed\":1,\"ignored\":0,\"gone\":0},"
             "\"oldest_pending_seconds\":3600,"
             "\"transfers\":[{\"path\":\"/srv/\\\\xff\",\"path_bytes\":\"2f7372762fff\","
             "\"direction\":\"up\",\"bytes_done\":10,\"bytes_total\":null,\"rate\":5}],"
             "\"watches\":[{\"name\":\"release\",\"path\":\"/srv\",\"mode\":\"events\","
             "\"directories\":12,\"degraded\":null}],\"exports\":[],\"quarantined\":0,"
             "\"mirror\":[{\"watch\":\"release\",\"known\":9,\"sent\":4,\"duplicate\":2,"
             "\"failed\":1,\"left\":2,\"bytes_left\":8192,\"seconds_left\":7,"
             "\"waits_for\":\"budget\"}],"
             "\"held_groups\":[{\"product_group\":\"Routers\",\"reason\":\"no upload right\","
             "\"since\":\"2026-05-28T20:26:40.000Z\"}],"
             "\"alerts\":[{\"event\":\"auth_paused\",\"subject\":\"\",\"severity\":\"critical\","
             "\"text\":\"expired or deleted\",\"action\":\"make a new token\","
             "\"since\":\"2026-05-28T20:26:40.000Z\"}],\"alerts_more\":false,"
             "\"attention\":{\"failed\":1,\"held\":0,\"unconfirmed\":0,\"overdue\":0,"
             "\"exports\":0,\"quarantined\":0},\"check\":77}");
    db_close(db);
}

static void without_a_daemon_the_ledger_tells_what_it_knows(void **state)
{
    struct db *db = known_ledger();
    const struct answer_context contexts[] = {context_of(db, NULL), context_of(NULL, NULL)};
    struct err err;

    (void)state;
    assert_true(fact_set(db, "tenant", "Acme", &err));
    for (size_t i = 0; i < COUNT_OF(contexts); i++) {
        auto_json json_t *row = one_row_of(&contexts[i], "status", NULL);
        auto_json json_t *list = rows_of(&contexts[i], "list-firmwares", NULL);

        assert_string_equal(text_at(row, "state"), "stopped");
        assert_string_equal(text_at(json_object_get(row, "token"), "tenant"),
                            i == 0 ? "Acme" : "(none)");
        assert_true(json_is_null(json_object_get(row, "oldest_pending_seconds")));
        assert_int_equal(json_array_size(list), 0);
    }
    db_close(db);
}

static void check_says_the_worst_thing_first(void **state)
{
    static const struct {
        const char *why;
        bool runs;
        bool auth;
        bool operator_paused;
        bool overdue;
        enum item_state item;
        int want;
    } rows[] = {
        {"all is well", true, false, false, false, ITEM_DONE, 0},
        {"waiting is no trouble", true, false, false, false, ITEM_PENDING, 0},
        {"something failed", true, false, false, false, ITEM_FAILED, 3},
        {"something is held", true, false, false, false, ITEM_HELD, 3},
        {"a person must decide", true, false, false, false, ITEM_UNCONFIRMED, 3},
        {"an analysis is overdue", true, false, false, true, ITEM_ANALYSING, 3},
        {"an operator's pause before failures", true, false, true, true, ITEM_FAILED, 75},
        {"the token's pause before the operator's", true, true, true, false, ITEM_FAILED, 77},
        {"no daemon before all", false, true, true, true, ITEM_FAILED, 69},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct db *db = known_ledger();
        struct agent agent = {.state = "running"};
        const struct live live = live_of(&agent);
        const struct answer_context context = context_of(db, rows[i].runs ? &live : NULL);
        const struct pause pause = {.since = 1, .reason = "r", .by_whom = "b"};
        const struct alert_row alert = {.event = "analysis_overdue", .subject = "/srv/a"};
        auto_json json_t *row = NULL;
        struct err err;
        bool raised;

        known_add(db, rows[i].item, "/srv/a");
        if (rows[i].auth)
            assert_true(pause_set(db, PAUSE_AUTH, &pause, &err));
        if (rows[i].operator_paused)
            assert_true(pause_set(db, PAUSE_OPERATOR, &pause, &err));
        if (rows[i].overdue)
            assert_true(alert_row_raise(db, &alert, &raised, &err));
        auto_answer struct answer *check = ask(&context, "status", "{\"check\":true}");
        auto_answer struct answer *plain = ask(&context, "status", NULL);
        assert_true(answer_next(check, &row, &err));
        auto_json json_t *plain_row = NULL;
        assert_true(answer_next(plain, &plain_row, &err));
        if (answer_exit(check) != rows[i].want || answer_exit(plain) != 0 ||
            json_integer_value(json_object_get(plain_row, "check")) != rows[i].want)
            fail_msg("%s: %d", rows[i].why, answer_exit(check));
        db_close(db);
    }
}

static void alerts_beyond_a_hundred_are_only_counted(void **state)
{
    struct db *db = known_ledger();
    const struct answer_context context = context_of(db, NULL);
    struct alert_row alert = {.event = "analysis_overdue"};
    struct err err;
    bool raised;

    (void)state;
    for (int i = 0; i < 130; i++) {
        snprintf(alert.subject, sizeof alert.subject, "/srv/%d", i);
        assert_true(alert_row_raise(db, &alert, &raised, &err));
    }
    auto_json json_t *row = one_row_of(&context, "status", NULL);
    assert_int_equal(json_array_size(json_object_get(row, "alerts")), 100);
    assert_true(json_is_true(json_object_get(row, "alerts_more")));
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(row, "attention"), "overdue")), 130);
    db_close(db);
}

/* ---- steering ---- */

static void steering_is_told_as_a_row_and_the_agent_hears_of_it(void **state)
{
    static const struct {
        const char *command;
        const char *arguments;
        const char *row;
        enum live_kick kick;
    } rows[] = {
        {"pause", "{\"reason\":\"line is down\",\"by\":\"kim\"}",
         "{\"changed\":1,\"text\":\"paused: line is down\"}", LIVE_KICK_PAUSES},
        {"resume", NULL, "{\"changed\":1,\"text\":\"resumed\"}", LIVE_KICK_PAUSES},
        {"rescan", NULL, "{\"changed\":0,\"text\":\"every watch is scanned now\"}",
         LIVE_KICK_RESCAN},
        {"retry", "{\"path\":\"/srv/a\"}",
         "{\"changed\":1,\"text\":\"/srv/a: starts over (failed -> settling)\"}", LIVE_KICK_ITEMS},
        {"retry", "{\"failed\":true}", "{\"changed\":2,\"text\":\"2 failed items start over\"}",
         LIVE_KICK_ITEMS},
        {"forget", "{\"path_bytes\":\"2f7372762fff\"}",
         "{\"changed\":1,\"text\":\"/srv/\\\\xff: forgotten (1 row); content with a firmware ID is "
         "not sent again, a file that is still there is found again\"}",
         LIVE_KICK_ITEMS},
    };
    struct db *db = known_ledger();
    struct agent agent = {.state = "running"};
    const struct live live = live_of(&agent);
    const struct answer_context context = context_of(db, &live);

    (void)state;
    known_add(db, ITEM_FAILED, "/srv/a");
    known_add(db, ITEM_FAILED, "/srv/b");
    known_add(db, ITEM_FAILED, "/srv/\xff");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unsigned before = agent.kicks[rows[i].kick];
        auto_json json_t *row = one_row_of(&context, rows[i].command, rows[i].arguments);

        assert_same_json(row, rows[i].row);
        assert_int_equal(agent.kicks[rows[i].kick], before + 1);
        assert_false(db_in_transaction(db));
    }
    db_close(db);
}

static void an_answer_does_nothing_before_it_works(void **state)
{
    struct db *db = known_ledger();
    const struct answer_context context = context_of(db, NULL);
    struct pause pauses[PAUSE_KIND_COUNT];
    struct err err;

    (void)state;
    answer_free(ask(&context, "pause", "{\"reason\":\"x\"}"));
    assert_true(pause_load(db, pauses, &err));
    assert_false(pauses[PAUSE_OPERATOR].is_set);
    db_close(db);
}

static void what_needs_a_daemon_or_a_ledger_says_so(void **state)
{
    static const struct {
        const char *command;
        const char *arguments;
        bool has_ledger;
        enum err_kind kind;
        int exit;
    } rows[] = {
        {"rescan", NULL, true, ERR_NOT_YET, 69},
        {"show", "{\"what\":\"x\"}", false, ERR_INPUT, 66},
        {"retry", "{\"path\":\"/srv/a\"}", false, ERR_INPUT, 66},
        {"retry", "{\"path\":\"/srv/a\"}", true, ERR_INPUT, 66},
        {"pause", "{\"reason\":\"x\"}", false, ERR_INPUT, 66},
    };
    struct db *db = known_ledger();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct answer_context context = context_of(rows[i].has_ledger ? db : NULL, NULL);
        auto_json json_t *arguments =
            rows[i].arguments ? json_loads(rows[i].arguments, 0, NULL) : NULL;
        auto_json json_t *row = NULL;
        struct err err = {.kind = ERR_OK};
        auto_answer struct answer *answer = answer_new(rows[i].command, arguments, &context, &err);

        if ((answer && answer_next(answer, &row, &err)) || err.kind != rows[i].kind ||
            err_kind_exit(err.kind) != rows[i].exit)
            fail_msg("%s: %s", rows[i].command, err.message);
    }
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listed_row_has_exactly_the_documented_fields),
        cmocka_unit_test(a_shown_row_has_the_details_behind_these),
        cmocka_unit_test(a_listing_is_filtered_newest_first),
        cmocka_unit_test(show_finds_by_path_id_and_digest),
        cmocka_unit_test(a_path_that_is_no_text_is_shown_and_given_in_hex),
        cmocka_unit_test(a_sparse_filter_works_in_bounded_pieces),
        cmocka_unit_test(very_many_aliases_are_cut_and_say_so),
        cmocka_unit_test(bad_requests_are_refused_with_the_reason),
        cmocka_unit_test(times_are_rfc_3339),
        cmocka_unit_test(any_bytes_of_a_path_arrive),
        cmocka_unit_test(status_has_exactly_the_documented_fields),
        cmocka_unit_test(without_a_daemon_the_ledger_tells_what_it_knows),
        cmocka_unit_test(check_says_the_worst_thing_first),
        cmocka_unit_test(alerts_beyond_a_hundred_are_only_counted),
        cmocka_unit_test(steering_is_told_as_a_row_and_the_agent_hears_of_it),
        cmocka_unit_test(an_answer_does_nothing_before_it_works),
        cmocka_unit_test(what_needs_a_daemon_or_a_ledger_says_so),
    };

    log_setup(LOG_LEVEL_WARN, LOG_FORMAT_TEXT, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
