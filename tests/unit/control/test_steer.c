#include "test.h"

#include "base/auto.h"
#include "base/log.h"
#include "control/steer.h"
#include "known_items.h"
#include "store/alert_row.h"
#include "store/item_count.h"
#include "store/item_due.h"
#include "store/pause.h"

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct steer steer_on(struct db *db)
{
    return (struct steer){.db = db, .now_ms = KNOWN_NOW_MS};
}

/* A row that has been through trouble. */
static int64_t add_troubled(struct db *db, enum item_state state, const char *path,
                            const char *firmware_id)
{
    struct item item = known_item(state, path);

    item.attempts = 4;
    item.trouble_ms = 9000;
    item.misses = 2;
    item.due_at = KNOWN_NOW_MS + 900000;
    item.settle_looks = 2;
    item.settle_since_ms = 12345;
    item.registered_at = KNOWN_NOW_MS - 2000;
    text_replace(&item.sha256, DIGEST);
    text_replace(&item.upload_id, "upload-1");
    text_replace(&item.error_kind, "server");
    text_replace(&item.error, "send: HTTP 503");
    text_replace(&item.first_error, "send: HTTP 502");
    text_replace(&item.firmware_id, firmware_id);
    text_replace(&item.analysis_state, firmware_id ? "DONE" : NULL);
    text_replace(&item.analysis_result, firmware_id ? "FAILED" : NULL);
    return known_save(db, &item);
}

static void retry_goes_on_where_the_item_stood(void **state)
{
    static const struct {
        const char *why;
        enum item_state from;
        const char *firmware_id;
        enum item_state want;
        int64_t changed;
        bool cleared; /* the trouble is forgotten */
        bool due;     /* now */
    } rows[] = {
        {"failed before it was there: from the start", ITEM_FAILED, NULL, ITEM_SETTLING, 1, true,
         true},
        {"its analysis failed: asked for again, not sent", ITEM_FAILED, "fw", ITEM_ANALYSING, 1,
         true, true},
        {"a right was missing for the upload", ITEM_HELD, NULL, ITEM_SETTLING, 1, true, true},
        {"a right was missing for the view", ITEM_HELD, "fw", ITEM_ANALYSING, 1, true, true},
        {"ignored by mistake", ITEM_IGNORED, NULL, ITEM_SETTLING, 1, true, true},
        {"it came back", ITEM_GONE, NULL, ITEM_SETTLING, 1, true, true},
        {"unconfirmed is asked for, never just sent", ITEM_UNCONFIRMED, NULL, ITEM_UNCONFIRMED, 1,
         false, true},
        {"an overdue analysis is asked for now", ITEM_ANALYSING, "fw", ITEM_ANALYSING, 1, false,
         true},
        {"a backoff ends", ITEM_PENDING, NULL, ITEM_PENDING, 1, false, true},
        {"an SBOM is fetched now", ITEM_FETCHING, "fw", ITEM_FETCHING, 1, false, true},
        {"a slow file is looked at now", ITEM_SETTLING, NULL, ITEM_SETTLING, 1, false, true},
        {"what is done stays done", ITEM_DONE, "fw", ITEM_DONE, 0, false, false},
        {"a copy follows its original", ITEM_DUPLICATE, NULL, ITEM_DUPLICATE, 0, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct db *db = known_ledger();
        const struct steer steer = steer_on(db);
        struct steer_result result = {0};
        struct err err;
        int64_t id = add_troubled(db, rows[i].from, "/srv/fw.bin", rows[i].firmware_id);

        if (!steer_retry(&steer, "/srv/fw.bin", NULL, &result, &err))
            fail_msg("%s: %s", rows[i].why, err.message);
        auto_item struct item item = known_load(db, id);
        if (item.state != rows[i].want || result.changed != rows[i].changed ||
            (item.attempts + item.misses + item.trouble_ms == 0) != rows[i].cleared ||
            (item.error == NULL && item.first_error == NULL) != rows[i].cleared ||
            (item.due_at == KNOWN_NOW_MS) != rows[i].due)
            fail_msg("%s: %s, %jd changed, due %jd, %s", rows[i].why, item_state_name(item.state),
                     (intmax_t)result.changed, (intmax_t)item.due_at, result.text);
        assert_false(db_in_transaction(db)); /* it is durable when it is told */
        db_close(db);
    }
}

static void starting_over_forgets_what_was_known_of_the_content(void **state)
{
    struct db *db = known_ledger();
    const struct steer steer = steer_on(db);
    struct steer_result result = {0};
    struct err err;
    int64_t id = add_troubled(db, ITEM_FAILED, "/srv/fw.bin", NULL);

    (void)state;
    assert_true(steer_retry(&steer, "/srv/fw.bin", NULL, &result, &err));
    auto_item struct item item = known_load(db, id);
    assert_null(item.sha256);
    assert_null(item.upload_id);
    assert_int_equal(item.settle_looks, 0);
    assert_int_equal(item.settle_since_ms, 0);
    assert_string_equal(result.text, "/srv/fw.bin: starts over (failed -> settling)");
    db_close(db);
}

static void an_analysis_that_is_asked_for_again_forgets_its_result(void **state)
{
    struct db *db = known_ledger();
    const struct steer steer = steer_on(db);
    struct steer_result result = {0};
    struct err err;
    int64_t id = add_troubled(db, ITEM_FAILED, "/srv/fw.bin", "fw");

    (void)state;
    assert_true(steer_retry(&steer, "/srv/fw.bin", NULL, &result, &err));
    auto_item struct item item = known_load(db, id);
    assert_null(item.analysis_state);
    assert_null(item.analysis_result);
    assert_string_equal(item.firmware_id, "fw");
    assert_non_null(item.sha256);
    db_close(db);
}

static void a_person_decides_an_unconfirmed_upload(void **state)
{
    static const struct {
        const char *why;
        enum item_state from;
        const char *assume;
        enum err_kind kind; /* ERR_OK: taken */
        enum item_state want;
        const char *firmware_id;
    } rows[] = {
        {"it never arrived: sent again", ITEM_UNCONFIRMED, "missing", ERR_OK, ITEM_PENDING, NULL},
        {"it is this one", ITEM_UNCONFIRMED, "fw-new", ERR_OK, ITEM_ANALYSING, "fw-new"},
        {"another row holds that one", ITEM_UNCONFIRMED, "fw-held", ERR_USAGE, ITEM_UNCONFIRMED,
         NULL},
        {"no ID at all", ITEM_UNCONFIRMED, "", ERR_USAGE, ITEM_UNCONFIRMED, NULL},
        {"an ID with a line break", ITEM_UNCONFIRMED, "fw\nx", ERR_USAGE, ITEM_UNCONFIRMED, NULL},
        {"an ID no platform gives", ITEM_UNCONFIRMED,
         "0123456789012345678901234567890123456789012345678901234567890123456789012", ERR_USAGE,
         ITEM_UNCONFIRMED, NULL},
        {"nothing to decide", ITEM_FAILED, "missing", ERR_USAGE, ITEM_FAILED, NULL},
        {"never while it is on its way", ITEM_PENDING, "fw-new", ERR_USAGE, ITEM_PENDING, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct db *db = known_ledger();
        const struct steer steer = steer_on(db);
        struct steer_result result = {0};
        struct err err = {.kind = ERR_OK};
        int64_t id = add_troubled(db, rows[i].from, "/srv/fw.bin", NULL);

        add_troubled(db, ITEM_DONE, "/srv/other.bin", "fw-held");
        bool ok = steer_retry(&steer, "/srv/fw.bin", rows[i].assume, &result, &err);
        auto_item struct item item = known_load(db, id);
        if (ok != (rows[i].kind == ERR_OK) || err.kind != rows[i].kind ||
            item.state != rows[i].want || (item.firmware_id != NULL) != !!rows[i].firmware_id)
            fail_msg("%s: %s, %s", rows[i].why, item_state_name(item.state), err.message);
        if (ok) {
            assert_int_equal(item.misses, 0);
            assert_int_equal(item.due_at, KNOWN_NOW_MS);
            assert_null(item.error);
        }
        if (ok && rows[i].firmware_id)
            assert_int_equal(item.uploaded_at, KNOWN_NOW_MS);
        if (ok && !rows[i].firmware_id)
            assert_null(item.upload_id);
        db_close(db);
    }
}

static void retrying_a_held_item_frees_its_group(void **state)
{
    static const struct {
        const char *why;
        enum item_state from;
        bool freed;
    } rows[] = {
        {"held for the missing right", ITEM_HELD, true},
        {"pending, but in a group that is blocked", ITEM_PENDING, true},
        {"failed for its own reasons", ITEM_FAILED, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct db *db = known_ledger();
        const struct steer steer = steer_on(db);
        struct steer_result result = {0};
        struct err err;
        int64_t ids[4];
        struct item_ids due = {.ids = ids, .max = COUNT_OF(ids)};
        struct item other = known_item(ITEM_PENDING, "/srv/other.bin");

        text_replace(&other.product_group, "Routers");
        known_save(db, &other);
        known_add(db, rows[i].from, "/srv/fw.bin");
        assert_true(group_block(db, "Routers", "no right", 1, &err));
        assert_true(steer_retry(&steer, "/srv/fw.bin", NULL, &result, &err));
        assert_true(item_due(db, ITEM_PENDING, KNOWN_NOW_MS, &due, &err));
        /* The other one is due as soon as its group is free; a pending one itself is too. */
        if (due.count != (size_t)(rows[i].freed + (rows[i].from == ITEM_PENDING)))
            fail_msg("%s: %zu due", rows[i].why, due.count);
        db_close(db);
    }
}

struct busy_one {
    int64_t id;
};

static bool on_is_busy(void *owner, int64_t item_id)
{
    return ((struct busy_one *)owner)->id == item_id;
}

static void what_a_job_works_on_is_left_alone(void **state)
{
    struct db *db = known_ledger();
    struct busy_one busy = {add_troubled(db, ITEM_UNCONFIRMED, "/srv/fw.bin", NULL)};
    const struct live live = {.owner = &busy, .is_busy = on_is_busy};
    const struct steer steer = {.db = db, .live = &live, .now_ms = KNOWN_NOW_MS};
    struct steer_result result = {0};
    struct item_scan scan = {0};
    struct err err = {.kind = ERR_OK};
    bool over;

    (void)state;
    assert_true(steer_retry(&steer, "/srv/fw.bin", NULL, &result, &err));
    assert_int_equal(result.changed, 0);
    assert_string_equal(result.text, "/srv/fw.bin: is being worked on now");
    assert_false(steer_retry(&steer, "/srv/fw.bin", "missing", &result, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    assert_false(steer_forget(&steer, "/srv/fw.bin", &scan, &result, &over, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    auto_item struct item item = known_load(db, busy.id);
    assert_int_equal(item.due_at, KNOWN_NOW_MS + 900000);
    assert_int_equal(item.forgotten, 0);
    db_close(db);
}

static void an_unknown_path_says_what_to_do(void **state)
{
    struct db *db = known_ledger();
    const struct steer steer = steer_on(db);
    struct steer_result result = {0};
    struct item_scan scan = {0};
    struct err err = {.kind = ERR_OK};
    bool over;

    (void)state;
    assert_false(steer_retry(&steer, "/no/such\n", NULL, &result, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_string_equal(err.message, "nothing is known of /no/such\\x0a: list-firmwares shows what "
                                     "is, explain says why a file is not taken");
    assert_false(steer_forget(&steer, "/no/such", &scan, &result, &over, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    db_close(db);
}

static int64_t retry_all_failed(struct db *db, unsigned *pages)
{
    const struct steer steer = steer_on(db);
    struct steer_result result = {0};
    struct item_scan scan = {0};
    struct err err;
    bool over = false;

    for (*pages = 0; !over; (*pages)++) {
        if (!steer_retry_failed(&steer, &scan, &result, &over, &err))
            fail_msg("%s", err.message);
    }
    return result.changed;
}

static void all_that_failed_is_retried_page_by_page(void **state)
{
    struct db *db = known_ledger();
    unsigned pages;
    char path[64];

    (void)state;
    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof path, "/srv/%d.bin", i);
        known_add(db, i % 2 ? ITEM_FAILED : ITEM_DONE, path);
    }
    /* Its path has new content: what failed is no longer there. */
    struct item old = known_item(ITEM_FAILED, "/srv/0.bin");
    old.current = 0;
    int64_t old_id = known_save(db, &old);
    struct item followed = known_item(ITEM_FAILED, "/srv/2.bin");
    followed.current = 0;
    text_replace(&followed.firmware_id, "fw");
    int64_t followed_id = known_save(db, &followed);
    assert_int_equal(retry_all_failed(db, &pages), 151);
    assert_true(pages >= 3);
    auto_item struct item old_now = known_load(db, old_id);
    assert_int_equal(old_now.state, ITEM_FAILED);
    auto_item struct item followed_now = known_load(db, followed_id);
    assert_int_equal(followed_now.state, ITEM_ANALYSING);
    assert_int_equal(retry_all_failed(db, &pages), 0);
    db_close(db);
}

static bool forget_path(struct db *db, const char *path, struct steer_result *result,
                        struct err *err)
{
    const struct steer steer = steer_on(db);
    struct item_scan scan = {0};
    bool over = false;

    *result = (struct steer_result){0};
    while (!over) {
        if (!steer_forget(&steer, path, &scan, result, &over, err))
            return false;
    }
    return true;
}

static void forgetting_depends_on_what_is_under_way(void **state)
{
    static const struct {
        const char *why;
        enum item_state from;
        bool ok;
        enum item_state want;
    } rows[] = {
        {"failed", ITEM_FAILED, true, ITEM_FAILED},
        {"done", ITEM_DONE, true, ITEM_DONE},
        {"a copy", ITEM_DUPLICATE, true, ITEM_DUPLICATE},
        {"ignored", ITEM_IGNORED, true, ITEM_IGNORED},
        {"still settling: no look is due", ITEM_SETTLING, true, ITEM_FAILED},
        {"read, or about to be", ITEM_HASHING, true, ITEM_FAILED},
        {"waiting to be sent: it is not", ITEM_PENDING, true, ITEM_FAILED},
        {"held: a new token does not wake it", ITEM_HELD, true, ITEM_FAILED},
        {"unconfirmed: nobody asks any more", ITEM_UNCONFIRMED, true, ITEM_FAILED},
        {"never analysed: nobody asks any more", ITEM_ANALYSING, true, ITEM_FAILED},
        {"about to be registered", ITEM_REGISTERING, false, ITEM_REGISTERING},
        {"being sent", ITEM_UPLOADING, false, ITEM_UPLOADING},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct db *db = known_ledger();
        struct steer_result result;
        struct err err = {.kind = ERR_OK};
        int64_t id = known_add(db, rows[i].from, "/srv/fw.bin");
        bool ok = forget_path(db, "/srv/fw.bin", &result, &err);
        auto_item struct item item = known_load(db, id);

        if (ok != rows[i].ok || item.forgotten != rows[i].ok || item.current == rows[i].ok ||
            item.state != rows[i].want || (!ok && err.kind != ERR_BUSY))
            fail_msg("%s: %s, %s, forgotten %jd", rows[i].why, ok ? "ok" : err.message,
                     item_state_name(item.state), (intmax_t)item.forgotten);
        const struct item_work work = {.analyses = true, .backlog = true};
        bool left;
        if (!item_is_work_left(db, &work, &left, &err) || left == ok)
            fail_msg("%s: a single pass would wait for it", rows[i].why);
        db_close(db);
    }
}

static void what_was_forgotten_stands_for_no_other_file(void **state)
{
    struct db *db = known_ledger();
    struct steer_result result;
    auto_item struct item other = known_item(ITEM_HASHING, "/srv/copy.bin");
    auto_item struct item original = {0};
    struct err err;
    bool found;

    (void)state;
    add_troubled(db, ITEM_HELD, "/srv/fw.bin", NULL);
    text_replace(&other.sha256, DIGEST);
    assert_true(item_by_content(db, &other, false, &original, &found, &err));
    assert_true(found);
    item_release(&original);
    assert_true(forget_path(db, "/srv/fw.bin", &result, &err));
    assert_true(item_by_content(db, &other, false, &original, &found, &err));
    assert_false(found);
    db_close(db);
}

static bool is_open(struct db *db, const char *event, const char *subject)
{
    struct alert_row row = {.severity = "warning"};
    struct err err;
    bool raised;

    snprintf(row.event, sizeof row.event, "%s", event);
    snprintf(row.subject, sizeof row.subject, "%s", subject);
    assert_true(alert_row_raise(db, &row, &raised, &err)); /* again: only when it was over */
    return !raised;
}

static void what_lasted_until_a_person_came_is_over(void **state)
{
    static const struct {
        const char *why;
        enum item_state from;
        const char *event;
        const char *assume; /* NULL: forget */
    } rows[] = {
        {"decided", ITEM_UNCONFIRMED, "upload_unconfirmed", "missing"},
        {"not wanted any more", ITEM_UNCONFIRMED, "upload_unconfirmed", NULL},
        {"not waited for any more", ITEM_ANALYSING, "analysis_overdue", NULL},
    };
    char path[400]; /* longer than what an alert keeps of it */

    (void)state;
    memset(path, 'p', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct db *db = known_ledger();
        const struct steer steer = steer_on(db);
        struct steer_result result = {0};
        struct err err;

        known_add(db, rows[i].from, path);
        assert_false(is_open(db, rows[i].event, path));
        assert_false(is_open(db, rows[i].event, "/srv/other"));
        bool ok = rows[i].assume ? steer_retry(&steer, path, rows[i].assume, &result, &err)
                                 : forget_path(db, path, &result, &err);
        if (!ok || is_open(db, rows[i].event, path) || !is_open(db, rows[i].event, "/srv/other"))
            fail_msg("%s: %s", rows[i].why, ok ? "still told" : err.message);
        db_close(db);
    }
}

static void a_retry_has_the_platform_asked_again_where_a_person_was_needed(void **state)
{
    struct db *db = known_ledger();
    const struct steer steer = steer_on(db);
    struct item needs = known_item(ITEM_UNCONFIRMED, "/srv/fw.bin");
    struct steer_result result = {0};
    struct err err;

    (void)state;
    needs.misses = ITEM_NEEDS_PERSON;
    int64_t id = known_save(db, &needs);
    assert_true(steer_retry(&steer, "/srv/fw.bin", NULL, &result, &err));
    auto_item struct item item = known_load(db, id);
    assert_int_equal(item.misses, 0);
    db_close(db);
}

static void forgetting_covers_old_rows_and_frees_copies(void **state)
{
    struct db *db = known_ledger();
    struct steer_result result;
    struct err err;
    bool found;
    struct item old = known_item(ITEM_DONE, "/srv/fw.bin");

    (void)state;
    old.current = 0;
    text_replace(&old.firmware_id, "fw-old");
    known_save(db, &old);
    int64_t id = known_add(db, ITEM_PENDING, "/srv/fw.bin");
    struct item copy = known_item(ITEM_DUPLICATE, "/srv/copy.bin");
    copy.duplicate_of = id;
    int64_t copy_id = known_save(db, &copy);
    assert_true(forget_path(db, "/srv/fw.bin", &result, &err));
    assert_int_equal(result.changed, 2);
    /* The copy's content was never sent: it stands for itself now. */
    auto_item struct item copy_now = known_load(db, copy_id);
    assert_int_equal(copy_now.state, ITEM_SETTLING);
    /* The platform's firmware stays known. */
    auto_item struct item old_now = {0};
    assert_true(item_by_firmware(db, "fw-old", &old_now, &found, &err));
    assert_true(found);
    int64_t ids[4];
    struct item_ids due = {.ids = ids, .max = COUNT_OF(ids)};
    assert_true(item_due(db, ITEM_PENDING, INT64_MAX - 1, &due, &err));
    assert_int_equal(due.count, 0);
    /* Twice is once too often: nothing is known any more. */
    assert_false(forget_path(db, "/srv/fw.bin", &result, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    db_close(db);
}

static void a_pause_has_an_author_and_a_reason(void **state)
{
    struct db *db = known_ledger();
    struct steer steer = steer_on(db);
    struct pause pauses[PAUSE_KIND_COUNT];
    struct steer_result result = {0};
    struct err err;

    (void)state;
    assert_true(steer_pause(&steer, "line is down", "kim", &result, &err));
    assert_int_equal(result.changed, 1);
    assert_string_equal(result.text, "paused: line is down");
    steer.now_ms += 60000;
    assert_true(steer_pause(&steer, "still down", "pat", &result, &err));
    assert_int_equal(result.changed, 0);
    assert_string_equal(result.text, "already paused since 2026-05-28T20:26:40.000Z by kim; "
                                     "reason now: still down");
    assert_true(pause_load(db, pauses, &err));
    assert_int_equal(pauses[PAUSE_OPERATOR].since, KNOWN_NOW_MS);
    assert_string_equal(pauses[PAUSE_OPERATOR].reason, "still down");
    db_close(db);
}

static void a_pause_without_a_proper_reason_is_refused(void **state)
{
    char long_text[600];
    const struct {
        const char *why;
        const char *reason;
        const char *by;
    } rows[] = {
        {"no reason", "", "kim"},     {"two lines", "a\nb", "kim"},
        {"not UTF-8", "\xff", "kim"}, {"longer than what is kept", long_text, "kim"},
        {"no author", "because", ""},
    };
    struct db *db = known_ledger();
    const struct steer steer = steer_on(db);

    (void)state;
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct steer_result result = {0};
        struct err err = {.kind = ERR_OK};

        if (steer_pause(&steer, rows[i].reason, rows[i].by, &result, &err) || err.kind != ERR_USAGE)
            fail_msg("%s: taken", rows[i].why);
    }
    db_close(db);
}

static void resuming_lifts_the_operators_pause_only(void **state)
{
    struct db *db = known_ledger();
    const struct steer steer = steer_on(db);
    const struct pause auth = {.since = 1, .reason = "expired", .by_whom = "agent"};
    struct pause pauses[PAUSE_KIND_COUNT];
    struct steer_result result = {0};
    struct err err;

    (void)state;
    assert_true(pause_set(db, PAUSE_AUTH, &auth, &err));
    assert_true(steer_pause(&steer, "line is down", "kim", &result, &err));
    assert_true(steer_resume(&steer, &result, &err));
    assert_int_equal(result.changed, 1);
    assert_string_equal(result.text, "resumed; the token's pause stays until a token works");
    assert_true(pause_load(db, pauses, &err));
    assert_false(pauses[PAUSE_OPERATOR].is_set);
    assert_true(pauses[PAUSE_AUTH].is_set);
    assert_true(steer_resume(&steer, &result, &err));
    assert_int_equal(result.changed, 0);
    db_close(db);
}

static void what_others_wrote_survives_a_steering_that_fails(void **state)
{
    struct db *db = known_ledger();
    const struct steer steer = steer_on(db);
    struct steer_result result = {0};
    struct err err;
    int64_t id = known_add(db, ITEM_FAILED, "/srv/fw.bin");

    (void)state;
    assert_true(db_in_transaction(db)); /* this turn's, not committed yet */
    assert_false(steer_retry(&steer, "/srv/fw.bin", "missing", &result, &err));
    assert_false(db_in_transaction(db));
    auto_item struct item item = known_load(db, id);
    assert_int_equal(item.state, ITEM_FAILED);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_goes_on_where_the_item_stood),
        cmocka_unit_test(starting_over_forgets_what_was_known_of_the_content),
        cmocka_unit_test(an_analysis_that_is_asked_for_again_forgets_its_result),
        cmocka_unit_test(a_person_decides_an_unconfirmed_upload),
        cmocka_unit_test(retrying_a_held_item_frees_its_group),
        cmocka_unit_test(what_a_job_works_on_is_left_alone),
        cmocka_unit_test(an_unknown_path_says_what_to_do),
        cmocka_unit_test(all_that_failed_is_retried_page_by_page),
        cmocka_unit_test(forgetting_depends_on_what_is_under_way),
        cmocka_unit_test(what_was_forgotten_stands_for_no_other_file),
        cmocka_unit_test(what_lasted_until_a_person_came_is_over),
        cmocka_unit_test(a_retry_has_the_platform_asked_again_where_a_person_was_needed),
        cmocka_unit_test(forgetting_covers_old_rows_and_frees_copies),
        cmocka_unit_test(a_pause_has_an_author_and_a_reason),
        cmocka_unit_test(a_pause_without_a_proper_reason_is_refused),
        cmocka_unit_test(resuming_lifts_the_operators_pause_only),
        cmocka_unit_test(what_others_wrote_survives_a_steering_that_fails),
    };

    log_setup(LOG_LEVEL_WARN, LOG_FORMAT_TEXT, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
