#include "test.h"

#include <uv.h>

#include "fault.h"
#include "known_items.h"
#include "store/fact.h"
#include "store/turn.h"

// NOLINTBEGIN(readability-identifier-naming): the names are --wrap's
int __real_sqlite3_exec(void *handle, const char *sql, int (*each)(void *, int, char **, char **),
                        void *arg, char **message);
int __wrap_sqlite3_exec(void *handle, const char *sql, int (*each)(void *, int, char **, char **),
                        void *arg, char **message);

/* Only a commit fails, as on a full disk. */
int __wrap_sqlite3_exec(void *handle, const char *sql, int (*each)(void *, int, char **, char **),
                        void *arg, char **message)
{
    enum { SQLITE_CODE_FULL = 13 };

    if (strcmp(sql, "COMMIT") == 0 && fault_now())
        return SQLITE_CODE_FULL;
    return __real_sqlite3_exec(handle, sql, each, arg, message);
}

// NOLINTEND(readability-identifier-naming)

/* One turn on a loop and a ledger of its own; what happened is written down in order. */
struct rig {
    uv_loop_t loop;
    uv_timer_t alive; /* the loop runs only while something is waited for */
    struct db *db;
    struct turn *turn;
    char log[512];
    unsigned stalls;
    unsigned recoveries;
    unsigned closed;
};

struct note { /* a save that writes the fact of its name */
    struct save save;
    struct rig *rig;
    const char *name;
    unsigned failures; /* of write(), that are still to come */
    unsigned again;    /* saved() queues it so many times more */
    struct note *then; /* saved() queues this one */
};

static void record(struct rig *rig, const char *what, const char *name)
{
    size_t size = strlen(rig->log);

    snprintf(rig->log + size, sizeof rig->log - size, "%s%s ", what, name);
}

static bool write_note(struct save *save, struct db *db, struct err *err)
{
    struct note *note = (struct note *)save;

    record(note->rig, "write:", note->name);
    if (note->failures > 0) {
        note->failures--;
        return err_set(err, ERR_DISK_FULL, "write %s: no room", note->name);
    }
    return fact_set(db, note->name, "kept", err);
}

static void on_saved(struct save *save)
{
    struct note *note = (struct note *)save;

    /* Nothing starts before it is durable. */
    assert_false(db_in_transaction(note->rig->db));
    record(note->rig, "saved:", note->name);
    if (note->again > 0) {
        turn_save(note->rig->turn, save);
        if (--note->again == 0)
            uv_stop(&note->rig->loop);
    }
    if (note->then)
        turn_save(note->rig->turn, &note->then->save);
}

static struct note note_of(struct rig *rig, const char *name)
{
    return (struct note){
        .save = {.write = write_note, .saved = on_saved}, .rig = rig, .name = name};
}

static void on_stalled(void *owner, const struct err *why)
{
    struct rig *rig = owner;

    record(rig, why ? "stalled:" : "works", why ? err_kind_name(why->kind) : "");
    if (why) {
        rig->stalls++;
        return;
    }
    rig->recoveries++;
    uv_stop(&rig->loop);
}

static void on_closed(void *owner)
{
    struct rig *rig = owner;

    rig->closed++;
}

static void on_alive(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("what was waited for did not come");
}

static void rig_start(struct rig *rig)
{
    static const struct turn_hooks hooks = {.stalled = on_stalled};

    *rig = (struct rig){.db = known_ledger()};
    uv_loop_init(&rig->loop);
    uv_timer_init(&rig->loop, &rig->alive);
    uv_timer_start(&rig->alive, on_alive, 30000, 0);
    rig->turn = turn_new(&rig->loop, rig->db, &hooks, rig);
}

static void rig_turn(struct rig *rig)
{
    uv_run(&rig->loop, UV_RUN_NOWAIT);
}

static void rig_stop(struct rig *rig)
{
    uv_close((uv_handle_t *)&rig->alive, NULL);
    turn_free(rig->turn, on_closed, rig);
    uv_run(&rig->loop, UV_RUN_DEFAULT);
    assert_int_equal(rig->closed, 1);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    db_close(rig->db);
}

static bool has_fact(struct rig *rig, const char *name)
{
    char *value = NULL;
    struct err err;

    assert_true(fact_get(rig->db, name, &value, &err));
    bool has = value != NULL;
    free(value);
    return has;
}

static void a_turns_writes_are_committed_together_before_their_effects(void **state)
{
    struct rig rig;
    struct err err;

    (void)state;
    rig_start(&rig);
    struct note a = note_of(&rig, "a");
    struct note b = note_of(&rig, "b");
    assert_true(turn_is_clean(rig.turn));
    turn_save(rig.turn, &a.save);
    turn_save(rig.turn, &b.save);
    turn_save(rig.turn, &a.save); /* stays where it is */
    assert_string_equal(rig.log, "");
    assert_true(fact_set(rig.db, "direct", "kept", &err));
    assert_false(turn_is_clean(rig.turn));
    rig_turn(&rig);
    assert_string_equal(rig.log, "write:a write:b saved:a saved:b ");
    assert_true(turn_is_clean(rig.turn));
    db_rollback(rig.db); /* would undo what is not committed */
    assert_true(has_fact(&rig, "a") && has_fact(&rig, "b") && has_fact(&rig, "direct"));
    rig_stop(&rig);
}

static void what_a_callback_writes_itself_is_committed_in_the_same_turn(void **state)
{
    struct rig rig;
    struct err err;

    (void)state;
    rig_start(&rig);
    assert_true(fact_set(rig.db, "direct", "kept", &err));
    rig_turn(&rig);
    assert_false(db_in_transaction(rig.db));
    assert_true(has_fact(&rig, "direct"));
    rig_stop(&rig);
}

static void what_saved_queues_is_written_in_the_same_turn(void **state)
{
    struct rig rig;

    (void)state;
    rig_start(&rig);
    struct note b = note_of(&rig, "b");
    struct note a = note_of(&rig, "a");
    a.then = &b;
    a.again = 1;
    turn_save(rig.turn, &a.save);
    rig_turn(&rig);
    assert_string_equal(rig.log, "write:a saved:a write:a write:b saved:a saved:b ");
    rig_stop(&rig);
}

/* A save that queues itself for ever shares the loop with the others. */
static void a_turn_ends_although_saves_keep_coming(void **state)
{
    struct rig rig;

    (void)state;
    rig_start(&rig);
    struct note a = note_of(&rig, "a");
    a.again = 20;
    turn_save(rig.turn, &a.save);
    rig_turn(&rig);
    assert_in_range(a.again, 1, 19);
    uv_run(&rig.loop, UV_RUN_DEFAULT); /* is woken, or the guard ends it */
    assert_int_equal(a.again, 0);
    rig_turn(&rig);
    assert_true(turn_is_clean(rig.turn));
    rig_stop(&rig);
}

/* on_stalled() stops the loop then; else the guard ends the test. */
static void run_until_it_works(struct rig *rig)
{
    uv_run(&rig->loop, UV_RUN_DEFAULT);
    assert_int_equal(rig->recoveries, 1);
}

static void a_failing_write_undoes_the_turn_and_is_tried_again(void **state)
{
    struct rig rig;
    struct err err;

    (void)state;
    rig_start(&rig);
    struct note a = note_of(&rig, "a");
    struct note b = note_of(&rig, "b");
    struct note later = note_of(&rig, "c");
    b.failures = 2;
    turn_save(rig.turn, &a.save);
    turn_save(rig.turn, &b.save);
    assert_true(fact_set(rig.db, "direct", "kept", &err));
    rig_turn(&rig);
    assert_string_equal(rig.log, "write:a write:b stalled:disk_full ");
    assert_true(turn_is_stalled(rig.turn));
    assert_false(db_in_transaction(rig.db));
    assert_false(has_fact(&rig, "a") || has_fact(&rig, "direct"));
    turn_save(rig.turn, &later.save);
    for (int i = 0; i < 5; i++)
        rig_turn(&rig); /* not at once again: a full disk is no loop */
    assert_string_equal(rig.log, "write:a write:b stalled:disk_full ");
    run_until_it_works(&rig);
    assert_string_equal(rig.log, "write:a write:b stalled:disk_full write:a write:b "
                                 "write:a write:b write:c works saved:a saved:b saved:c ");
    assert_false(turn_is_stalled(rig.turn));
    assert_int_equal(rig.stalls, 1); /* told once, however often it is tried */
    assert_int_equal(rig.recoveries, 1);
    assert_true(has_fact(&rig, "a") && has_fact(&rig, "b") && has_fact(&rig, "c"));
    rig_stop(&rig);
}

static void a_failing_commit_starts_nothing(void **state)
{
    struct rig rig;

    (void)state;
    rig_start(&rig);
    struct note a = note_of(&rig, "a");
    turn_save(rig.turn, &a.save);
    fault_arm(0);
    rig_turn(&rig);
    assert_true(fault_struck);
    assert_string_equal(rig.log, "write:a stalled:store ");
    assert_false(has_fact(&rig, "a"));
    run_until_it_works(&rig);
    assert_string_equal(rig.log, "write:a stalled:store write:a works saved:a ");
    assert_true(has_fact(&rig, "a"));
    rig_stop(&rig);
}

static void the_end_writes_what_is_queued(void **state)
{
    struct rig rig;

    (void)state;
    rig_start(&rig);
    struct note a = note_of(&rig, "a");
    turn_save(rig.turn, &a.save);
    rig_stop(&rig); /* closes the ledger too */
    assert_string_equal(rig.log, "write:a ");
}

static void an_end_that_cannot_write_says_so(void **state)
{
    struct rig rig;

    (void)state;
    rig_start(&rig);
    struct note a = note_of(&rig, "a");
    a.failures = 1;
    turn_save(rig.turn, &a.save);
    rig_stop(&rig);
    assert_string_equal(rig.log, "write:a stalled:disk_full ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_turns_writes_are_committed_together_before_their_effects),
        cmocka_unit_test(what_a_callback_writes_itself_is_committed_in_the_same_turn),
        cmocka_unit_test(what_saved_queues_is_written_in_the_same_turn),
        cmocka_unit_test(a_turn_ends_although_saves_keep_coming),
        cmocka_unit_test(a_failing_write_undoes_the_turn_and_is_tried_again),
        cmocka_unit_test(a_failing_commit_starts_nothing),
        cmocka_unit_test(the_end_writes_what_is_queued),
        cmocka_unit_test(an_end_that_cannot_write_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
