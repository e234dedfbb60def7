/* One item's place in a ledger that many commands share: claimed, kept, let go. */
#include "test.h"

#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "known_items.h"
#include "run/book.h"
#include "store/fact.h"
#include "store/hand.h"
#include "store/ledger.h"
#include "store/pause.h"
#include "tree.h"

static const char digest[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/* A command: its private ledger with one item, and its book in the shared directory. */
struct step {
    struct db *own;
    struct book *book;
    int64_t id;
};

struct desk {
    struct tree tree;
    char state_dir[96];
    struct step step;
};

static void step_start(struct desk *desk, struct step *step, bool force)
{
    const struct book_options options = {.state_dir = desk->state_dir, .force = force};
    struct item item = known_item(ITEM_HASHING, "/job/fw.bin");
    struct err err;

    text_replace(&item.watch, "");
    text_replace(&item.name, "Acme-Router-1.0");
    step->own = known_ledger();
    step->id = known_save(step->own, &item);
    step->book = book_new(&options, &err);
    if (!step->book)
        fail_msg("%s", err.message);
}

static void step_end(struct step *step)
{
    book_free(step->book);
    db_close(step->own);
    *step = (struct step){0};
}

static int begin(void **state)
{
    struct desk *desk = xcalloc(1, sizeof *desk);

    tree_make(&desk->tree);
    snprintf(desk->state_dir, sizeof desk->state_dir, "%s/new/state", desk->tree.path);
    step_start(desk, &desk->step, false);
    *state = desk;
    return 0;
}

static int end(void **state)
{
    struct desk *desk = *state;

    step_end(&desk->step);
    tree_remove(&desk->tree);
    free(desk);
    return 0;
}

/* The item moves in the private ledger; the book is told, as before each commit. */
static bool move(struct step *step, enum item_state state, const char *firmware_id, struct err *err)
{
    auto_item struct item item = known_load(step->own, step->id);

    item.state = state;
    text_replace(&item.sha256, state == ITEM_HASHING ? NULL : digest);
    if (firmware_id)
        text_replace(&item.firmware_id, firmware_id);
    return item_save(step->own, &item, err) && book_keep(step->book, step->own, step->id, err);
}

static void must_move(struct step *step, enum item_state state, const char *firmware_id)
{
    struct err err;

    if (!move(step, state, firmware_id, &err))
        fail_msg("to %s: %s", item_state_name(state), err.message);
}

static struct ledger *open_shared(const struct desk *desk)
{
    struct err err;
    struct ledger *ledger = ledger_open_brief(desk->state_dir, 0, &err);

    if (!ledger)
        fail_msg("%s", err.message);
    return ledger;
}

/* The newest row of the path in the shared ledger; the caller releases it. */
static struct item shared_row(const struct desk *desk)
{
    struct ledger *ledger = open_shared(desk);
    struct item item = {0};
    struct err err;
    bool found = false;

    assert_true(item_by_path(ledger_db(ledger), "", "/job/fw.bin", &item, &found, &err));
    ledger_close(ledger);
    assert_true(found);
    return item;
}

static void must_end(struct step *step)
{
    struct err err;

    if (!book_end(step->book, step->own, step->id, &err))
        fail_msg("%s", err.message);
}

static void nothing_is_written_before_the_digest_is_known(void **state)
{
    struct desk *desk = *state;

    must_move(&desk->step, ITEM_HASHING, NULL);
    assert_int_equal(book_state(desk->step.book), BOOK_OPEN);
    assert_false(ledger_exists(desk->state_dir));
    must_end(&desk->step);
    assert_false(ledger_exists(desk->state_dir));
}

static void each_step_is_in_the_shared_ledger_before_its_effect(void **state)
{
    static const enum item_state way[] = {ITEM_PENDING, ITEM_REGISTERING, ITEM_UPLOADING};
    struct desk *desk = *state;

    for (size_t i = 0; i < COUNT_OF(way); i++) {
        must_move(&desk->step, way[i], NULL);
        auto_item struct item row = shared_row(desk);
        if (row.state != way[i] || row.holder_pid != getpid())
            fail_msg("%s: kept as %s by %jd", item_state_name(way[i]), item_state_name(row.state),
                     (intmax_t)row.holder_pid);
    }
    must_move(&desk->step, ITEM_ANALYSING, "fw-1");
    auto_item struct item row = shared_row(desk);
    assert_string_equal(row.firmware_id, "fw-1");
    assert_int_equal(book_state(desk->step.book), BOOK_OURS);
}

static void the_ledger_is_free_between_two_steps(void **state)
{
    struct desk *desk = *state;

    must_move(&desk->step, ITEM_PENDING, NULL);
    ledger_close(open_shared(desk));
    must_move(&desk->step, ITEM_UPLOADING, NULL);
    ledger_close(open_shared(desk));
}

/* What the row is when the command ends in each state. */
static void the_end_leaves_nothing_half_done(void **state)
{
    static const struct {
        const char *why;
        const char *firmware_id;
        enum item_state last;
        enum item_state want;
    } rows[] = {
        {"never sent: nobody has the file", NULL, ITEM_PENDING, ITEM_GONE},
        {"a registration without a body is nothing", NULL, ITEM_REGISTERING, ITEM_GONE},
        {"may have been taken", NULL, ITEM_UNCONFIRMED, ITEM_UNCONFIRMED},
        {"sent", "fw-1", ITEM_ANALYSING, ITEM_ANALYSING},
        {"refused", NULL, ITEM_FAILED, ITEM_FAILED},
        {"all of it", "fw-2", ITEM_DONE, ITEM_DONE},
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct step step;

        step_start(desk, &step, true);
        must_move(&step, ITEM_PENDING, NULL);
        must_move(&step, rows[i].last, rows[i].firmware_id);
        must_end(&step);
        auto_item struct item row = shared_row(desk);
        if (row.state != rows[i].want || row.holder_pid != 0)
            fail_msg("%s: %s", rows[i].why, item_state_name(row.state));
        if (row.state == ITEM_GONE && (!row.error || !row.error_kind))
            fail_msg("%s: nothing says why", rows[i].why);
        step_end(&step);
    }
}

static void known_bytes_are_told_with_their_path(void **state)
{
    struct desk *desk = *state;
    struct step second;

    must_move(&desk->step, ITEM_PENDING, NULL);
    must_move(&desk->step, ITEM_ANALYSING, "fw-1");
    must_end(&desk->step);
    step_start(desk, &second, false);
    must_move(&second, ITEM_PENDING, NULL);
    assert_int_equal(book_state(second.book), BOOK_KNOWN);
    assert_string_equal(book_other(second.book)->firmware_id, "fw-1");
    assert_string_equal(book_other(second.book)->path, "/job/fw.bin");
    must_end(&second);
    step_end(&second);
}

/* It looks only now and then: until it does, it is busy. */
static void wait_for_turn(struct step *step)
{
    const struct timespec pause = {.tv_nsec = 10 * 1000000L};
    int64_t until = clock_steady_ms() + 30000;
    struct err err = {.kind = ERR_OK};

    while (!move(step, ITEM_PENDING, NULL, &err)) {
        if (err.kind != ERR_BUSY || clock_steady_ms() > until)
            fail_msg("it never got its turn: %s", err.message);
        nanosleep(&pause, NULL);
    }
}

static void bytes_in_anothers_hand_are_waited_for(void **state)
{
    struct desk *desk = *state;
    struct step second;
    struct err err;

    must_move(&desk->step, ITEM_PENDING, NULL);
    must_move(&desk->step, ITEM_UPLOADING, NULL);
    step_start(desk, &second, false);
    assert_false(move(&second, ITEM_PENDING, NULL, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    assert_non_null(strstr(err.message, "the same bytes"));
    assert_int_equal(book_state(second.book), BOOK_OPEN);
    book_free(desk->step.book); /* as when it is killed */
    desk->step.book = NULL;
    wait_for_turn(&second);
    assert_int_equal(book_state(second.book), BOOK_OURS);
    auto_item struct item mine = known_load(second.own, second.id);
    assert_int_equal(mine.state, ITEM_UNCONFIRMED);
    step_end(&second);
}

static void a_ledger_that_is_held_is_waited_for(void **state)
{
    struct desk *desk = *state;
    struct ledger *ledger = open_shared(desk);
    struct err err;

    assert_false(move(&desk->step, ITEM_PENDING, NULL, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    ledger_close(ledger);
    must_move(&desk->step, ITEM_PENDING, NULL);
    ledger = open_shared(desk);
    assert_false(move(&desk->step, ITEM_REGISTERING, NULL, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    ledger_close(ledger);
    must_move(&desk->step, ITEM_REGISTERING, NULL);
}

static void an_operators_pause_stops_a_claim_and_nothing_is_written(void **state)
{
    struct desk *desk = *state;
    struct pause pause = {.is_set = true, .since = 1, .reason = "moving", .by_whom = "uid 1"};
    struct ledger *ledger = open_shared(desk);
    struct err err;

    assert_true(pause_set(ledger_db(ledger), PAUSE_OPERATOR, &pause, &err));
    assert_true(db_commit(ledger_db(ledger), &err));
    ledger_close(ledger);
    assert_false(move(&desk->step, ITEM_PENDING, NULL, &err));
    assert_int_equal(err.kind, ERR_PAUSED);
    assert_non_null(strstr(err.message, "moving"));
    assert_non_null(strstr(err.message, "onekey-agent resume"));
    assert_int_equal(book_state(desk->step.book), BOOK_OPEN);
}

static void set_tenant(struct db *db, const char *name)
{
    struct err err;

    assert_true(fact_set(db, "tenant", name, &err) && db_commit(db, &err));
}

static void a_ledger_belongs_to_one_tenant(void **state)
{
    struct desk *desk = *state;
    struct step second;
    struct err err;

    set_tenant(desk->step.own, "Acme");
    must_move(&desk->step, ITEM_PENDING, NULL);
    must_end(&desk->step);
    step_start(desk, &second, false);
    set_tenant(second.own, "Other");
    assert_false(move(&second, ITEM_PENDING, NULL, &err));
    assert_int_equal(err.kind, ERR_TENANT);
    assert_non_null(strstr(err.message, "Acme"));
    assert_non_null(strstr(err.message, "Other"));
    step_end(&second);
}

/* Somebody said `forget`, or the like: the item goes on, the shared ledger is no longer written. */
static void a_row_that_is_no_longer_ours_is_let_go(void **state)
{
    struct desk *desk = *state;
    struct err err;

    must_move(&desk->step, ITEM_PENDING, NULL);
    auto_item struct item row = shared_row(desk);
    row.holder_pid = 0;
    text_replace(&row.holder_boot, NULL);
    row.state = ITEM_FAILED;
    struct ledger *ledger = open_shared(desk);
    assert_true(item_save(ledger_db(ledger), &row, &err) && db_commit(ledger_db(ledger), &err));
    ledger_close(ledger);
    must_move(&desk->step, ITEM_UPLOADING, NULL);
    assert_int_equal(book_state(desk->step.book), BOOK_LOST);
    must_move(&desk->step, ITEM_ANALYSING, "fw-1");
    must_end(&desk->step);
    auto_item struct item after = shared_row(desk);
    assert_int_equal(after.state, ITEM_FAILED);
}

/* Other words for the same state are no reason to open the shared ledger. */
static void what_is_unchanged_needs_no_transaction(void **state)
{
    struct desk *desk = *state;

    must_move(&desk->step, ITEM_PENDING, NULL);
    must_move(&desk->step, ITEM_UPLOADING, NULL);
    struct ledger *ledger = open_shared(desk);
    must_move(&desk->step, ITEM_UPLOADING, NULL);
    ledger_close(ledger);
}

static void a_folder_that_cannot_be_made_is_told(void **state)
{
    struct desk *desk = *state;
    struct book_options options = {0};
    struct err err = {.kind = ERR_OK};

    tree_file(&desk->tree, "file", "x");
    auto_free char *path = xasprintf("%s/file/state", desk->tree.path);
    options.state_dir = path;
    assert_null(book_new(&options, &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_non_null(strstr(err.message, path));
    book_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_written_before_the_digest_is_known),
        TEST(each_step_is_in_the_shared_ledger_before_its_effect),
        TEST(the_ledger_is_free_between_two_steps),
        TEST(the_end_leaves_nothing_half_done),
        TEST(known_bytes_are_told_with_their_path),
        TEST(bytes_in_anothers_hand_are_waited_for),
        TEST(a_ledger_that_is_held_is_waited_for),
        TEST(an_operators_pause_stops_a_claim_and_nothing_is_written),
        TEST(a_ledger_belongs_to_one_tenant),
        TEST(a_row_that_is_no_longer_ours_is_let_go),
        TEST(what_is_unchanged_needs_no_transaction),
        TEST(a_folder_that_cannot_be_made_is_told),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
