#include "test.h"

#include "base/log.h"
#include "base/mem.h"
#include "flow/item_move.h"

/*
 * The way of one file, written by hand from the contract:
 *
 *   found -> settling -> hashing -> pending -> registering -> uploading
 *                           |                                    |
 *                           +-> duplicate                        +-> unconfirmed
 *         uploading -> analysing -> fetching -> done
 *
 * beside it: failed for what can fail by itself, held for a missing right, gone for
 * what vanished before it was sent, back to settling for a file that changed, back to
 * where it waited after trouble.
 *
 * A row from each state, a column to each: 'x' where it may go. The order of both is
 *   F found  S settling  H hashing  P pending  R registering  U uploading  A analysing
 *   E fetching  D done  C duplicate  ? unconfirmed  ! held  X failed  I ignored  G gone
 */
/* clang-format off */
static const char *const way[ITEM_STATE_COUNT] = {
    /*                   FSHPRUAEDC?!XIG */
    [ITEM_FOUND] =       ".x..........xxx",
    [ITEM_SETTLING] =    "..x.........xxx",
    [ITEM_HASHING] =     ".x.x.....x..x.x",
    [ITEM_PENDING] =     ".x..x....x.xx.x",
    [ITEM_REGISTERING] = ".x.x.xx..x.xx.x",
    [ITEM_UPLOADING] =   ".x.x..x.xxxxx.x",
    [ITEM_ANALYSING] =   ".......xx..xx..",
    [ITEM_FETCHING] =    "........x..xx..",
    [ITEM_DONE] =        "...............",
    [ITEM_DUPLICATE] =   ".x.............",
    [ITEM_UNCONFIRMED] = "...x..x.x..xx..",
    [ITEM_HELD] =        ".x.x..xx.......",
    [ITEM_FAILED] =      ".x.x..xx.......",
    [ITEM_IGNORED] =     ".x.............",
    [ITEM_GONE] =        ".x.............",
};
/* clang-format on */

static void an_item_goes_where_the_diagram_says_and_nowhere_else(void **state)
{
    (void)state;
    for (size_t from = 0; from < ITEM_STATE_COUNT; from++) {
        assert_int_equal(strlen(way[from]), ITEM_STATE_COUNT);
        for (size_t to = 0; to < ITEM_STATE_COUNT; to++) {
            bool want = way[from][to] == 'x';

            if (item_may_move((enum item_state)from, (enum item_state)to) != want)
                fail_msg("%s -> %s should be %s", item_state_name((enum item_state)from),
                         item_state_name((enum item_state)to), want ? "allowed" : "refused");
        }
    }
}

/* What was sent is never sent again by itself, and what is done stays done. */
static void nothing_leads_back_before_the_upload_once_there_is_an_id(void **state)
{
    static const enum item_state sent[] = {ITEM_ANALYSING, ITEM_FETCHING, ITEM_DONE};
    static const enum item_state before[] = {ITEM_FOUND,       ITEM_SETTLING,  ITEM_HASHING,
                                             ITEM_PENDING,     ITEM_UPLOADING, ITEM_REGISTERING,
                                             ITEM_UNCONFIRMED, ITEM_GONE};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sent); i++) {
        for (size_t j = 0; j < COUNT_OF(before); j++)
            assert_false(item_may_move(sent[i], before[j]));
    }
}

static void a_move_is_due_now_and_stamped(void **state)
{
    static const struct {
        enum item_state from;
        enum item_state to;
        int64_t registered_at, uploaded_at, analysed_at, done_at;
    } rows[] = {
        {ITEM_PENDING, ITEM_REGISTERING, 0, 0, 0, 0},
        {ITEM_REGISTERING, ITEM_UPLOADING, 900, 0, 0, 0},
        {ITEM_UPLOADING, ITEM_ANALYSING, 5, 900, 0, 0},
        {ITEM_ANALYSING, ITEM_FETCHING, 5, 0, 900, 0},
        {ITEM_FETCHING, ITEM_DONE, 5, 0, 0, 900},
        {ITEM_UPLOADING, ITEM_UNCONFIRMED, 5, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_item struct item item = {.state = rows[i].from, .registered_at = 5, .due_at = 1};

        text_replace(&item.path, "/srv/a.bin");
        item_move(&item, rows[i].to, 900);
        if (item.state != rows[i].to || item.due_at != 900 ||
            item.registered_at != rows[i].registered_at ||
            item.uploaded_at != rows[i].uploaded_at || item.analysed_at != rows[i].analysed_at ||
            item.done_at != rows[i].done_at) {
            fail_msg("%s -> %s: %jd %jd %jd %jd", item_state_name(rows[i].from),
                     item_state_name(rows[i].to), (intmax_t)item.registered_at,
                     (intmax_t)item.uploaded_at, (intmax_t)item.analysed_at,
                     (intmax_t)item.done_at);
        }
    }
}

static void the_first_time_of_a_state_stays(void **state)
{
    auto_item struct item item = {.state = ITEM_HELD, .uploaded_at = 100};

    (void)state;
    text_replace(&item.path, "/srv/a.bin");
    item_move(&item, ITEM_ANALYSING, 900);
    assert_int_equal(item.uploaded_at, 100);
    item.due_at = 1;
    item_move(&item, ITEM_ANALYSING, 950); /* where it is already: nothing happens */
    assert_int_equal(item.due_at, 1);
}

static void the_first_and_the_last_trouble_are_kept(void **state)
{
    const struct err first = {ERR_NETWORK, "connect: timed out"};
    const struct err second = {ERR_SERVER, "HTTP 503"};
    auto_item struct item item = {0};

    (void)state;
    item_note_error(&item, &first);
    item_note_error(&item, &second);
    assert_string_equal(item.error_kind, "server");
    assert_string_equal(item.error, "HTTP 503");
    assert_string_equal(item.first_error, "connect: timed out");
    item_clear_error(&item);
    assert_null(item.error_kind);
    assert_null(item.error);
    assert_string_equal(item.first_error, "connect: timed out");
}

static void starting_over_forgets_the_content_but_not_the_file(void **state)
{
    auto_item struct item item = {
        .state = ITEM_UPLOADING,
        .settle_looks = 2,
        .settle_changes = 1,
        .settle_since_ms = 9,
        .inventory_at = 3,
        .registered_at = 4,
        .duplicate_of = 5,
        .size = 4096,
    };

    (void)state;
    text_replace(&item.path, "/srv/a.bin");
    text_replace(&item.sha256, "digest");
    text_replace(&item.sbom_sha256, "digest");
    text_replace(&item.upload_id, "upload-1");
    item_restart(&item, 900);
    assert_int_equal(item.state, ITEM_SETTLING);
    assert_null(item.sha256);
    assert_null(item.sbom_sha256);
    assert_null(item.upload_id);
    assert_int_equal(item.inventory_at + item.registered_at + item.duplicate_of, 0);
    assert_int_equal(item.settle_looks + item.settle_changes + item.settle_since_ms, 0);
    assert_int_equal(item.size, 4096);
    assert_string_equal(item.path, "/srv/a.bin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_goes_where_the_diagram_says_and_nowhere_else),
        cmocka_unit_test(nothing_leads_back_before_the_upload_once_there_is_an_id),
        cmocka_unit_test(a_move_is_due_now_and_stamped),
        cmocka_unit_test(the_first_time_of_a_state_stays),
        cmocka_unit_test(the_first_and_the_last_trouble_are_kept),
        cmocka_unit_test(starting_over_forgets_the_content_but_not_the_file),
    };

    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
