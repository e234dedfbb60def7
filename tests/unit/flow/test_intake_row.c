/* What a look or a walk sees of a path, and what that makes of its row. */
#include "test.h"

#include "base/clock.h"
#include "base/log.h"
#include "flow/intake_row.h"
#include "flow/item_job.h"
#include "known_items.h"
#include "store/item_count.h"

struct rig {
    struct flow flow;
    struct source *source;
};

static void rig_start_with(struct rig *rig, const struct source_options *options)
{
    struct source_options given = *options;
    struct err err;

    given.name = "release";
    given.path = "/srv";
    given.metadata[METADATA_VENDOR] = "Acme";
    given.metadata[METADATA_PRODUCT] = "Router";
    *rig = (struct rig){.flow = {.db = known_ledger()}, .source = source_new(&given, &err)};
    if (!rig->source)
        fail_msg("%s", err.message);
}

static void rig_start(struct rig *rig)
{
    const struct source_options options = {.settle_ms = 10000};

    rig_start_with(rig, &options);
}

static void rig_stop(struct rig *rig)
{
    source_free(rig->source);
    db_close(rig->flow.db);
}

static const struct beneath_facts facts_before = {.size = 4096, .mtime_ns = 5, .dev = 1, .ino = 7};
static const struct beneath_facts facts_after = {.size = 5000, .mtime_ns = 6, .dev = 1, .ino = 7};

static struct scan_entry entry_of(enum scan_kind kind, const struct beneath_facts *facts)
{
    return (struct scan_entry){.relpath = "a.bin", .kind = kind, .facts = *facts, .number = 13};
}

static void apply(struct rig *rig, const struct intake_sight *sight)
{
    struct err err = {.kind = ERR_OK};

    if (!intake_row_apply(&rig->flow, rig->source, sight, &err))
        fail_msg("%s", err.message);
}

static void walk_sees(struct rig *rig, enum scan_kind kind, const struct beneath_facts *facts)
{
    const struct scan_entry entry = entry_of(kind, facts);

    apply(rig, &(struct intake_sight){.entry = &entry});
}

static void look_sees(struct rig *rig, enum scan_kind kind, const struct beneath_facts *facts)
{
    const struct scan_entry entry = entry_of(kind, facts);

    apply(rig, &(struct intake_sight){.entry = &entry, .is_look = true});
}

static bool find(struct rig *rig, struct item *item)
{
    struct err err;
    bool found;

    assert_true(item_by_path(rig->flow.db, "release", "/srv/a.bin", item, &found, &err));
    return found;
}

/* A row with these facts; its id. */
static int64_t add_row(struct rig *rig, enum item_state state, const struct beneath_facts *facts)
{
    struct item item = known_item(state, "/srv/a.bin");

    item.size = facts->size;
    item.mtime_ns = facts->mtime_ns;
    item.device = (int64_t)facts->dev;
    item.inode = (int64_t)facts->ino;
    item.settle_looks = state == ITEM_SETTLING ? 1 : 0;
    return known_save(rig->flow.db, &item);
}

static int64_t count_rows(struct rig *rig)
{
    int64_t counts[ITEM_STATE_COUNT];
    int64_t sum = 0;
    struct err err;

    assert_true(item_counts(rig->flow.db, counts, &err));
    for (size_t i = 0; i < ITEM_STATE_COUNT; i++)
        sum += counts[i];
    return sum;
}

/* ---- files ---- */

static void every_state_has_an_answer_to_a_changed_file(void **state)
{
    static const enum intake_change want[ITEM_STATE_COUNT] = {
        [ITEM_FOUND] = INTAKE_RESTART,         [ITEM_SETTLING] = INTAKE_LEAVE,
        [ITEM_HASHING] = INTAKE_RESTART,       [ITEM_PENDING] = INTAKE_RESTART,
        [ITEM_REGISTERING] = INTAKE_LEAVE,     [ITEM_UPLOADING] = INTAKE_LEAVE,
        [ITEM_ANALYSING] = INTAKE_SUPERSEDE,   [ITEM_FETCHING] = INTAKE_SUPERSEDE,
        [ITEM_DONE] = INTAKE_SUPERSEDE,        [ITEM_DUPLICATE] = INTAKE_SUPERSEDE,
        [ITEM_UNCONFIRMED] = INTAKE_SUPERSEDE, [ITEM_HELD] = INTAKE_SUPERSEDE,
        [ITEM_FAILED] = INTAKE_SUPERSEDE,      [ITEM_IGNORED] = INTAKE_SUPERSEDE,
        [ITEM_GONE] = INTAKE_RESTART,
    };

    (void)state;
    for (size_t i = 0; i < ITEM_STATE_COUNT; i++) {
        struct rig rig;
        struct item now = {0};

        if (intake_judge((enum item_state)i) != want[i])
            fail_msg("%s", item_state_name((enum item_state)i));
        rig_start(&rig);
        int64_t id = add_row(&rig, (enum item_state)i, &facts_before);
        walk_sees(&rig, SCAN_FILE, &facts_after);
        assert_true(find(&rig, &now));
        auto_item struct item old = known_load(rig.flow.db, id);
        bool same_row = now.id == id;
        bool changed = now.size == facts_after.size;
        if (same_row != (want[i] != INTAKE_SUPERSEDE) || changed != (want[i] != INTAKE_LEAVE) ||
            (changed && now.state != ITEM_SETTLING))
            fail_msg("%s became %s", item_state_name((enum item_state)i),
                     item_state_name(now.state));
        if (!same_row && (old.state != (enum item_state)i || old.current != 0))
            fail_msg("%s: the old row did not stay", item_state_name((enum item_state)i));
        item_release(&now);
        rig_stop(&rig);
    }
}

static void a_known_file_that_did_not_change_is_left_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < ITEM_STATE_COUNT; i++) {
        struct rig rig;
        struct item now = {0};
        enum item_state want = i == ITEM_GONE ? ITEM_SETTLING : (enum item_state)i; /* is back */

        rig_start(&rig);
        int64_t id = add_row(&rig, (enum item_state)i, &facts_before);
        walk_sees(&rig, SCAN_FILE, &facts_before);
        assert_true(find(&rig, &now));
        if (now.id != id || now.state != want || count_rows(&rig) != 1)
            fail_msg("%s became %s", item_state_name((enum item_state)i),
                     item_state_name(now.state));
        item_release(&now);
        rig_stop(&rig);
    }
}

static void a_new_file_settles_before_it_is_hashed(void **state)
{
    const struct source_options at_once = {.settle_ms = 0};
    struct item item = {0};
    struct rig rig;

    (void)state;
    rig_start_with(&rig, &at_once);
    walk_sees(&rig, SCAN_FILE, &facts_before);
    assert_true(find(&rig, &item));
    assert_int_equal(item.state, ITEM_SETTLING);
    assert_int_equal(item.size, 4096);
    assert_int_equal(item.settle_looks, 0); /* a walk is no look */
    assert_true(item.due_at <= clock_wall_ms());
    item_release(&item);
    look_sees(&rig, SCAN_FILE, &facts_before);
    assert_true(find(&rig, &item));
    assert_int_equal(item.state, ITEM_SETTLING);
    assert_int_equal(item.settle_looks, 1);
    item_release(&item);
    look_sees(&rig, SCAN_FILE, &facts_after); /* it grew */
    look_sees(&rig, SCAN_FILE, &facts_after);
    assert_true(find(&rig, &item));
    assert_int_equal(item.state, ITEM_HASHING);
    assert_int_equal(item.size, 5000);
    assert_int_equal(count_rows(&rig), 1);
    item_release(&item);
    rig_stop(&rig);
}

static void the_next_look_comes_a_quiet_time_later(void **state)
{
    struct item item = {0};
    struct rig rig;

    (void)state;
    rig_start(&rig);
    int64_t before = clock_wall_ms();
    look_sees(&rig, SCAN_FILE, &facts_before);
    look_sees(&rig, SCAN_FILE, &facts_before); /* an event brought it early */
    assert_true(find(&rig, &item));
    assert_int_equal(item.state, ITEM_SETTLING);
    assert_int_equal(item.settle_looks, 2);
    assert_in_range(item.due_at, before + 9000, clock_wall_ms() + 10000);
    item_release(&item);
    rig_stop(&rig);
}

static void a_marker_makes_one_look_enough(void **state)
{
    const struct source_options options = {.settle_ms = 10000, .rules = {.marker = "{path}.done"}};
    const struct scan_entry entry = entry_of(SCAN_FILE, &facts_before);
    struct item item = {0};
    struct rig rig;

    (void)state;
    rig_start_with(&rig, &options);
    apply(&rig, &(struct intake_sight){.entry = &entry, .is_look = true});
    assert_true(find(&rig, &item));
    assert_int_equal(item.state, ITEM_SETTLING);
    item_release(&item);
    apply(&rig, &(struct intake_sight){.entry = &entry, .is_look = true, .has_marker = true});
    assert_true(find(&rig, &item));
    assert_int_equal(item.state, ITEM_HASHING);
    item_release(&item);
    rig_stop(&rig);
}

static void a_link_to_a_file_is_taken_as_the_file(void **state)
{
    struct item item = {0};
    struct rig rig;

    (void)state;
    rig_start(&rig);
    walk_sees(&rig, SCAN_LINK, &facts_before);
    assert_true(find(&rig, &item));
    assert_int_equal(item.state, ITEM_SETTLING);
    assert_int_equal(item.inode, 7);
    item_release(&item);
    rig_stop(&rig);
}

static void what_was_there_before_is_ignored_where_that_is_configured(void **state)
{
    const struct scan_entry entry = entry_of(SCAN_FILE, &facts_before);
    struct item item = {0};
    struct rig rig;

    (void)state;
    rig_start(&rig);
    apply(&rig, &(struct intake_sight){.entry = &entry, .is_old = true});
    assert_true(find(&rig, &item));
    assert_int_equal(item.state, ITEM_IGNORED);
    assert_non_null(strstr(item.error, "existing: ignore"));
    item_release(&item);
    walk_sees(&rig, SCAN_FILE, &facts_after); /* but what comes later is taken */
    assert_true(find(&rig, &item));
    assert_int_equal(item.state, ITEM_SETTLING);
    item_release(&item);
    rig_stop(&rig);
}

static void what_is_found_after_the_first_walk_is_a_build(void **state)
{
    static const struct {
        const char *why;
        bool oldest_first;
        bool is_backlog;
        bool is_look;
        int64_t mtime_ms;
        int64_t want; /* 1 and -1: now, and with the sign turned */
    } rows[] = {
        {"the first walk goes by the file's time", false, true, false, 1000, 1000},
        {"what an event told of is new, though cp -p kept its time", false, false, true, 1000, 1},
        {"so is what a later walk found", false, false, false, 1000, 1},
        {"a time in the future is no better", false, false, true, INT64_C(4000000000000), 1},
        {"order: oldest", true, true, false, 1000, -1000},
        {"order: oldest, told by an event: in the order of finding", true, false, true, 1000, -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct source_options options = {.oldest_first = rows[i].oldest_first};
        const struct beneath_facts facts = {.size = 1, .mtime_ns = rows[i].mtime_ms * 1000000};
        const struct scan_entry entry = entry_of(SCAN_FILE, &facts);
        struct item item = {0};
        struct rig rig;

        rig_start_with(&rig, &options);
        int64_t before = clock_wall_ms();
        apply(&rig, &(struct intake_sight){.entry = &entry,
                                           .is_look = rows[i].is_look,
                                           .is_backlog = rows[i].is_backlog});
        assert_true(find(&rig, &item));
        int64_t rank = rows[i].want == -1 ? -item.rank : item.rank;
        bool is_now = rank >= before && rank <= clock_wall_ms();
        bool by_time = rows[i].want == 1 || rows[i].want == -1;
        if (item.backlog != rows[i].is_backlog || (by_time ? !is_now : item.rank != rows[i].want))
            fail_msg("%s: lane %jd, %jd", rows[i].why, (intmax_t)item.backlog, (intmax_t)item.rank);
        item_release(&item);
        rig_stop(&rig);
    }
}

static void new_content_makes_a_build_of_an_old_file(void **state)
{
    static const struct {
        const char *why;
        enum item_state state;
        bool changed;
        bool is_look;
        bool first_walk;
        int64_t want; /* its lane then */
    } rows[] = {
        {"it waited and was written anew", ITEM_PENDING, true, false, false, 0},
        {"it was sent and was written anew", ITEM_DONE, true, false, false, 0},
        {"it was gone and is another one", ITEM_GONE, true, false, false, 0},
        {"a disk was away and is back", ITEM_GONE, false, false, false, 1},
        {"nothing happened to it", ITEM_PENDING, false, false, false, 1},
        {"it is being written while it settles", ITEM_SETTLING, true, true, false, 0},
        {"it settles as it was found", ITEM_SETTLING, false, true, false, 1},
        {"the first walk began again after a stop", ITEM_PENDING, true, false, true, 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct beneath_facts *facts = rows[i].changed ? &facts_after : &facts_before;
        const struct scan_entry entry = entry_of(SCAN_FILE, facts);
        struct item item = {0};
        struct rig rig;
        struct err err;

        rig_start(&rig);
        auto_item struct item old =
            known_load(rig.flow.db, add_row(&rig, rows[i].state, &facts_before));
        old.backlog = 1;
        assert_true(item_save(rig.flow.db, &old, &err));
        apply(&rig, &(struct intake_sight){.entry = &entry,
                                           .is_look = rows[i].is_look,
                                           .is_backlog = rows[i].first_walk});
        assert_true(find(&rig, &item));
        if (item.backlog != rows[i].want || (item.backlog == 0 && item.rank < KNOWN_NOW_MS / 2))
            fail_msg("%s: lane %jd, rank %jd", rows[i].why, (intmax_t)item.backlog,
                     (intmax_t)item.rank);
        item_release(&item);
        rig_stop(&rig);
    }
}

static void what_a_job_holds_is_left_to_it(void **state)
{
    struct rig rig;
    struct item item = {0};

    (void)state;
    rig_start(&rig);
    struct item_job *job = calloc(1, sizeof *job);
    job->item.id = add_row(&rig, ITEM_HASHING, &facts_before);
    rig.flow.jobs = job;
    walk_sees(&rig, SCAN_FILE, &facts_after);
    look_sees(&rig, SCAN_GONE, &facts_after);
    assert_true(find(&rig, &item));
    assert_int_equal(item.state, ITEM_HASHING);
    assert_int_equal(item.size, 4096);
    item_release(&item);
    free(job);
    rig_stop(&rig);
}

/* ---- what is no file ---- */

static void what_vanishes_before_it_was_sent_is_gone(void **state)
{
    (void)state;
    for (size_t i = 0; i < ITEM_STATE_COUNT; i++) {
        bool unsent = i == ITEM_SETTLING || i == ITEM_HASHING || i == ITEM_PENDING;
        struct item now = {0};
        struct rig rig;
        struct err err;

        rig_start(&rig);
        int64_t id = add_row(&rig, (enum item_state)i, &facts_before);
        struct item alias = known_item(ITEM_DUPLICATE, "/srv/alias.bin");
        alias.duplicate_of = id;
        int64_t alias_id = known_save(rig.flow.db, &alias);
        look_sees(&rig, SCAN_GONE, &facts_before);
        assert_true(find(&rig, &now));
        if (now.state != (unsent ? ITEM_GONE : (enum item_state)i))
            fail_msg("%s became %s", item_state_name((enum item_state)i),
                     item_state_name(now.state));
        alias = known_load(rig.flow.db, alias_id);
        assert_int_equal(alias.state, unsent ? ITEM_SETTLING : ITEM_DUPLICATE);
        item_release(&alias);
        item_release(&now);
        assert_true(db_commit(rig.flow.db, &err));
        rig_stop(&rig);
    }
}

static void what_is_no_file_is_listed_once_with_the_reason(void **state)
{
    static const struct {
        const char *words; /* NULL: not listed at all */
        enum scan_kind kind;
        enum item_state want;
    } rows[] = {
        {"FIFO", SCAN_SPECIAL, ITEM_IGNORED},
        {"leads out of the watched folder", SCAN_LINK_OUTSIDE, ITEM_IGNORED},
        {"deeper than 64", SCAN_TOO_DEEP, ITEM_IGNORED},
        {"Permission denied", SCAN_UNREADABLE, ITEM_FAILED},
        {NULL, SCAN_LINK_OTHER, ITEM_FOUND},
        {NULL, SCAN_LINK_BROKEN, ITEM_FOUND},
        {NULL, SCAN_DIRECTORY, ITEM_FOUND},
        {NULL, SCAN_GONE, ITEM_FOUND},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct scan_entry entry = entry_of(rows[i].kind, &facts_before);
        struct item item = {0};
        struct rig rig;

        rig_start(&rig);
        entry.mode = S_IFIFO | 0644;
        apply(&rig, &(struct intake_sight){.entry = &entry});
        apply(&rig, &(struct intake_sight){.entry = &entry});
        assert_int_equal(count_rows(&rig), rows[i].words ? 1 : 0);
        if (find(&rig, &item) && (item.state != rows[i].want || !strstr(item.error, rows[i].words)))
            fail_msg("%s: %s", item_state_name(item.state), item.error);
        item_release(&item);
        rig_stop(&rig);
    }
}

/* A row that stays due is looked at again at once, for ever, and a single pass never ends. */
static void no_look_leaves_a_settling_row_due_at_once(void **state)
{
    static const struct {
        enum scan_kind kind;
        enum item_state want;
    } rows[] = {
        {SCAN_FILE, ITEM_SETTLING},        {SCAN_LINK, ITEM_SETTLING},
        {SCAN_LINK_OTHER, ITEM_GONE},      {SCAN_LINK_BROKEN, ITEM_GONE},
        {SCAN_LINK_OUTSIDE, ITEM_IGNORED}, {SCAN_DIRECTORY, ITEM_GONE},
        {SCAN_SPECIAL, ITEM_IGNORED},      {SCAN_UNREADABLE, ITEM_SETTLING},
        {SCAN_TOO_DEEP, ITEM_IGNORED},     {SCAN_GONE, ITEM_GONE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct item item = {0};
        struct rig rig;

        rig_start(&rig);
        add_row(&rig, ITEM_SETTLING, &facts_before);
        look_sees(&rig, rows[i].kind, &facts_after);
        assert_true(find(&rig, &item));
        if (item.state != rows[i].want ||
            (item.state == ITEM_SETTLING && item.due_at <= clock_wall_ms() + 5000))
            fail_msg("kind %d: %s, due in %jd ms", (int)rows[i].kind, item_state_name(item.state),
                     (intmax_t)(item.due_at - clock_wall_ms()));
        item_release(&item);
        rig_stop(&rig);
    }
}

static void a_file_that_a_rule_leaves_out_now_is_dropped_and_may_come_back(void **state)
{
    static const char *const exclude[] = {"*.bin"};
    const struct source_options options = {
        .settle_ms = 10000,
        .rules = {.exclude = exclude, .exclude_count = COUNT_OF(exclude)},
    };
    struct item item = {0};
    struct rig rig;
    struct err err;

    (void)state;
    rig_start_with(&rig, &options);
    int64_t id = add_row(&rig, ITEM_SETTLING, &facts_before);
    assert_true(intake_row_skip(&rig.flow, rig.source, "a.bin", &err));
    assert_true(find(&rig, &item));
    assert_int_equal(item.state, ITEM_GONE);
    assert_string_equal(item.error, "excluded by *.bin");
    item_release(&item);
    walk_sees(&rig, SCAN_FILE, &facts_before); /* the rule is no more */
    assert_true(find(&rig, &item));
    assert_int_equal(item.state, ITEM_SETTLING);
    assert_int_equal(item.id, id);
    assert_null(item.error);
    item_release(&item);
    assert_true(intake_row_skip(&rig.flow, rig.source, "a.bin.done", &err)); /* a marker: no row */
    assert_int_equal(count_rows(&rig), 1);
    rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_has_an_answer_to_a_changed_file),
        cmocka_unit_test(a_known_file_that_did_not_change_is_left_alone),
        cmocka_unit_test(a_new_file_settles_before_it_is_hashed),
        cmocka_unit_test(the_next_look_comes_a_quiet_time_later),
        cmocka_unit_test(a_marker_makes_one_look_enough),
        cmocka_unit_test(a_link_to_a_file_is_taken_as_the_file),
        cmocka_unit_test(what_was_there_before_is_ignored_where_that_is_configured),
        cmocka_unit_test(what_is_found_after_the_first_walk_is_a_build),
        cmocka_unit_test(new_content_makes_a_build_of_an_old_file),
        cmocka_unit_test(what_a_job_holds_is_left_to_it),
        cmocka_unit_test(what_vanishes_before_it_was_sent_is_gone),
        cmocka_unit_test(what_is_no_file_is_listed_once_with_the_reason),
        cmocka_unit_test(no_look_leaves_a_settling_row_due_at_once),
        cmocka_unit_test(a_file_that_a_rule_leaves_out_now_is_dropped_and_may_come_back),
    };

    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
