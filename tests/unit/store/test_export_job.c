#include "test.h"

#include "known_items.h"
#include "store/export_job.h"

static const struct export_job known_job = {
    .name = "nightly",
    .last_slot = 1000,
    .last_attempt_at = 1001,
    .last_success_at = 900,
    .error = "list the firmwares: HTTP 503",
    .phase = EXPORT_FETCH,
    .run_slot = 1000,
    .run_started_at = 1002,
    .run_marks_all = true,
    .counts = {11, 12, 13, 14, 15, 16, 17, 18, 19},
};

static struct export_job get(struct db *db, const char *name)
{
    struct export_job job;
    struct err err;

    memset(&job, 'x', sizeof job);
    if (!export_job_get(db, name, &job, &err))
        fail_msg("%s", err.message);
    return job;
}

static void save(struct db *db, const struct export_job *job)
{
    struct err err;

    if (!export_job_save(db, job, &err))
        fail_msg("%s", err.message);
}

static void assert_same(const struct export_job *one, const struct export_job *other)
{
    assert_string_equal(one->name, other->name);
    assert_int_equal(one->last_slot, other->last_slot);
    assert_int_equal(one->last_attempt_at, other->last_attempt_at);
    assert_int_equal(one->last_success_at, other->last_success_at);
    assert_string_equal(one->error, other->error);
    assert_int_equal(one->phase, other->phase);
    assert_int_equal(one->run_slot, other->run_slot);
    assert_int_equal(one->run_started_at, other->run_started_at);
    assert_int_equal(one->run_marks_all, other->run_marks_all);
    assert_memory_equal(&one->counts, &other->counts, sizeof one->counts);
}

static void a_job_comes_back_as_it_was_saved(void **state)
{
    struct db *db = known_ledger();
    struct export_job again = known_job;
    static const struct export_job empty = {.name = "weekly"};

    (void)state;
    struct export_job job = get(db, "weekly");
    assert_same(&job, &empty); /* there is none yet */
    save(db, &known_job);
    job = get(db, "nightly");
    assert_same(&job, &known_job);
    again.phase = EXPORT_IDLE;
    again.error[0] = '\0';
    again.last_success_at = 2000;
    again.run_slot = 0;
    again.run_marks_all = false;
    again.counts.vanished = 0;
    save(db, &again);
    job = get(db, "nightly");
    assert_same(&job, &again);
    job = get(db, "weekly");
    assert_same(&job, &empty);
    db_close(db);
}

static void every_phase_is_kept_under_its_name(void **state)
{
    static const enum export_phase phases[] = {EXPORT_IDLE, EXPORT_LIST, EXPORT_FETCH,
                                               EXPORT_INDEX};
    struct db *db = known_ledger();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(phases); i++) {
        struct export_job job = known_job;

        job.phase = phases[i];
        save(db, &job); /* the table's CHECK knows it */
        job = get(db, "nightly");
        assert_int_equal(job.phase, phases[i]);
    }
    db_close(db);
}

/* ---- work ---- */

static void add(struct db *db, const char *job, const char *firmware_id)
{
    struct err err;

    if (!export_work_add(db, job, firmware_id, &err))
        fail_msg("%s", err.message);
}

static void retry(struct db *db, const char *job, const char *firmware_id, int64_t due_at)
{
    struct export_work work = {.attempts = 2, .due_at = due_at};
    struct err err;

    snprintf(work.firmware_id, sizeof work.firmware_id, "%s", firmware_id);
    if (!export_work_retry(db, job, &work, &err))
        fail_msg("%s", err.message);
}

/* "fw-1 fw-2 " */
static void due(struct db *db, const char *job, int64_t now_ms, size_t max, char text[64])
{
    struct export_work work[8];
    struct export_batch batch = {.work = work, .max = max, .count = 99};
    struct err err;

    assert_in_range(max, 1, COUNT_OF(work));
    if (!export_work_due(db, job, now_ms, &batch, &err))
        fail_msg("%s", err.message);
    text[0] = '\0';
    for (size_t i = 0; i < batch.count; i++) {
        size_t size = strlen(text);
        snprintf(text + size, 64 - size, "%s ", work[i].firmware_id);
    }
}

static void assert_left(struct db *db, const char *job, int64_t want_due_at, int64_t want_left)
{
    int64_t next_due_at = -1;
    int64_t left = -1;
    struct err err;

    assert_true(export_work_left(db, job, &left, &err));
    assert_true(export_work_next(db, job, -1, &next_due_at, &err));
    assert_int_equal(next_due_at, want_due_at);
    assert_int_equal(left, want_left);
}

static void work_is_due_in_its_order_until_it_is_done(void **state)
{
    struct db *db = known_ledger();
    char text[64];
    bool over = false;
    struct err err;

    (void)state;
    assert_left(db, "nightly", INT64_MAX, 0);
    add(db, "nightly", "fw-3");
    add(db, "nightly", "fw-1");
    add(db, "nightly", "fw-2");
    add(db, "nightly", "fw-2"); /* it is listed once more: one piece of work */
    add(db, "weekly", "fw-9");
    assert_left(db, "nightly", 0, 3);
    due(db, "nightly", 1000, 8, text);
    assert_string_equal(text, "fw-1 fw-2 fw-3 ");
    due(db, "nightly", 1000, 2, text);
    assert_string_equal(text, "fw-1 fw-2 ");
    retry(db, "nightly", "fw-1", 5000);
    retry(db, "nightly", "fw-2", 4000);
    due(db, "nightly", 3999, 8, text);
    assert_string_equal(text, "fw-3 ");
    due(db, "nightly", 5000, 8, text);
    assert_string_equal(text, "fw-3 fw-2 fw-1 ");
    assert_true(export_work_done(db, "nightly", "fw-3", &err));
    assert_true(export_work_done(db, "nightly", "fw-3", &err)); /* counted once */
    assert_left(db, "nightly", 4000, 2);
    assert_true(export_work_clear(db, "nightly", &over, &err));
    assert_true(over);
    assert_left(db, "nightly", INT64_MAX, 0);
    assert_left(db, "weekly", 0, 1);
    db_close(db);
}

static void a_retry_keeps_how_often_it_was_tried(void **state)
{
    struct db *db = known_ledger();
    struct export_work work;
    struct export_batch batch = {.work = &work, .max = 1};
    struct err err;

    (void)state;
    add(db, "nightly", "fw-1");
    assert_true(export_work_due(db, "nightly", 0, &batch, &err));
    assert_int_equal(work.attempts, 0);
    retry(db, "nightly", "fw-1", 4000);
    add(db, "nightly", "fw-1"); /* it does not begin anew */
    assert_true(export_work_due(db, "nightly", 4000, &batch, &err));
    assert_int_equal(batch.count, 1);
    assert_int_equal(work.attempts, 2);
    assert_int_equal(work.due_at, 4000);
    db_close(db);
}

/* The export began anew, or is not configured any more, while a firmware was being fetched. */
static void the_end_of_work_that_was_taken_away_is_nothing(void **state)
{
    struct db *db = known_ledger();
    struct err err;

    (void)state;
    retry(db, "nightly", "fw-1", 4000);
    assert_true(export_work_done(db, "nightly", "fw-1", &err));
    assert_left(db, "nightly", INT64_MAX, 0);
    db_close(db);
}

static void jobs_that_are_not_configured_go_with_their_work(void **state)
{
    struct db *db = known_ledger();
    struct export_job weekly = known_job;
    struct export_job job;
    struct err err;

    (void)state;
    snprintf(weekly.name, sizeof weekly.name, "weekly");
    save(db, &known_job);
    save(db, &weekly);
    add(db, "nightly", "fw-1");
    add(db, "weekly", "fw-1");
    add(db, "of nobody", "fw-1"); /* begun, and never saved */
    assert_true(export_job_drop_strays(db, "[\"nightly\", \"monthly\"]", 7000, &err));
    job = get(db, "nightly");
    assert_same(&job, &known_job);
    assert_left(db, "nightly", 0, 1);
    job = get(db, "weekly");
    assert_int_equal(job.last_slot, 0);
    assert_left(db, "weekly", INT64_MAX, 0);
    assert_left(db, "of nobody", INT64_MAX, 0);
    assert_true(export_job_drop_strays(db, "[]", 7000, &err));
    assert_left(db, "nightly", INT64_MAX, 0);
    db_close(db);
}

static void add_item(struct db *db, enum item_state state, const char *firmware_id, bool forgotten)
{
    char path[64];

    snprintf(path, sizeof path, "/srv/%s-%d.bin", firmware_id ? firmware_id : "none", (int)state);
    struct item item = known_item(state, path);
    text_replace(&item.firmware_id, firmware_id);
    item.forgotten = forgotten;
    known_save(db, &item);
}

static void the_ledgers_work_is_every_firmware_that_is_done(void **state)
{
    struct db *db = known_ledger();
    struct export_page page = {.is_last = false};
    char text[64];
    struct err err;

    (void)state;
    add_item(db, ITEM_DONE, "fw-1", false);
    add_item(db, ITEM_DONE, "fw-2", true); /* not listed any more, and still ours */
    add_item(db, ITEM_HELD, "fw-3", false);
    add_item(db, ITEM_ANALYSING, "fw-4", false);
    add_item(db, ITEM_DUPLICATE, NULL, false);
    add_item(db, ITEM_DONE, NULL, false);
    add(db, "nightly", "fw-1"); /* of the run before */
    retry(db, "nightly", "fw-1", 4000);
    assert_true(export_work_add_ledger(db, "nightly", &page, &err));
    assert_true(page.is_last);
    due(db, "nightly", 4000, 8, text);
    assert_string_equal(text, "fw-2 fw-1 ");
    db_close(db);
}

/* One statement over a hundred thousand rows would hold up the loop. */
static void the_ledgers_work_comes_and_goes_in_pages(void **state)
{
    enum { FIRMWARES = 2 * EXPORT_PAGE + 3 };
    struct db *db = known_ledger();
    struct export_page page = {.is_last = false};
    int64_t left = 0;
    bool over = false;
    int calls = 0;
    struct err err;

    (void)state;
    for (int i = 0; i < FIRMWARES; i++) {
        char id[16];

        snprintf(id, sizeof id, "fw-%04d", i);
        add_item(db, ITEM_DONE, id, false);
    }
    for (; !page.is_last; calls++)
        assert_true(export_work_add_ledger(db, "nightly", &page, &err));
    assert_int_equal(calls, 3);
    assert_true(export_work_left(db, "nightly", &left, &err));
    assert_int_equal(left, FIRMWARES);
    for (calls = 0; !over; calls++)
        assert_true(export_work_clear(db, "nightly", &over, &err));
    assert_int_equal(calls, 3);
    assert_true(export_work_left(db, "nightly", &left, &err));
    assert_int_equal(left, 0);
    db_close(db);
}

/* What is due already waits for something else than time. */
static void the_next_moment_is_one_to_come(void **state)
{
    struct db *db = known_ledger();
    int64_t next_due_at = -1;
    struct err err;

    (void)state;
    add(db, "nightly", "fw-1");
    add(db, "nightly", "fw-2");
    retry(db, "nightly", "fw-2", 4000);
    assert_true(export_work_next(db, "nightly", 0, &next_due_at, &err));
    assert_int_equal(next_due_at, 4000);
    assert_true(export_work_next(db, "nightly", 4000, &next_due_at, &err));
    assert_true(next_due_at == INT64_MAX);
    assert_true(export_work_hasten(db, 4000, &err)); /* not later than that */
    assert_left(db, "nightly", 0, 2);
    assert_true(export_work_next(db, "nightly", 0, &next_due_at, &err));
    assert_int_equal(next_due_at, 4000);
    assert_true(export_work_hasten(db, 3999, &err));
    assert_true(export_work_next(db, "nightly", 0, &next_due_at, &err));
    assert_true(next_due_at == INT64_MAX);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_moment_is_one_to_come),
        cmocka_unit_test(a_job_comes_back_as_it_was_saved),
        cmocka_unit_test(every_phase_is_kept_under_its_name),
        cmocka_unit_test(work_is_due_in_its_order_until_it_is_done),
        cmocka_unit_test(a_retry_keeps_how_often_it_was_tried),
        cmocka_unit_test(the_end_of_work_that_was_taken_away_is_nothing),
        cmocka_unit_test(jobs_that_are_not_configured_go_with_their_work),
        cmocka_unit_test(the_ledgers_work_is_every_firmware_that_is_done),
        cmocka_unit_test(the_ledgers_work_comes_and_goes_in_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
