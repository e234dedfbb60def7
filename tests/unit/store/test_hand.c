/* Rows of a shared ledger that commands work on: who has one, who is dead, who may save. */
#include "test.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "known_items.h"
#include "store/hand.h"
#include "tree.h"

static const char digest_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static const char digest_b[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/* Two commands on one ledger. Each opens the file "hands" by itself: as processes do. */
struct desk {
    struct tree tree;
    struct db *db;
    struct hand one;
    struct hand other;
};

static void open_hand(struct desk *desk, struct hand *hand, int64_t pid)
{
    struct err err;

    if (!hand_open(desk->tree.path, hand, &err))
        fail_msg("%s", err.message);
    hand->pid = pid;
}

static int begin(void **state)
{
    struct desk *desk = xcalloc(1, sizeof *desk);

    tree_make(&desk->tree);
    desk->db = known_ledger();
    open_hand(desk, &desk->one, 1001);
    open_hand(desk, &desk->other, 1002);
    *state = desk;
    return 0;
}

static int end(void **state)
{
    struct desk *desk = *state;

    hand_close(&desk->one);
    hand_close(&desk->other);
    db_close(desk->db);
    tree_remove(&desk->tree);
    free(desk);
    return 0;
}

/* What a command knows of its file once it is hashed. */
static struct item mine_of(const char *path, const char *sha256, const char *name)
{
    struct item item = known_item(ITEM_PENDING, path);

    text_replace(&item.watch, "");
    text_replace(&item.sha256, sha256);
    text_replace(&item.name, name);
    return item;
}

static enum hand_claimed claim(struct desk *desk, struct hand *hand, struct item *mine, bool force,
                               struct item *other)
{
    struct hand_claim wish = {.force = force, .mine = mine};
    struct err err;

    if (!hand_claim(desk->db, hand, &wish, &err))
        fail_msg("%s", err.message);
    if (other)
        *other = wish.other;
    else
        item_release(&wish.other);
    return wish.claimed;
}

/* A claim that must succeed; returns the row's id. */
static int64_t claimed_id(struct desk *desk, struct hand *hand, const char *path,
                          const char *sha256)
{
    auto_item struct item mine = mine_of(path, sha256, "Acme-Router-1.0");

    assert_int_equal(claim(desk, hand, &mine, false, NULL), HAND_MINE);
    assert_true(mine.id > 0);
    return mine.id;
}

static enum hand_saved save(struct desk *desk, struct hand *hand, const struct item *mine,
                            bool over)
{
    enum hand_saved saved;
    struct err err;

    if (!hand_save(desk->db, hand, mine, over, &saved, &err))
        fail_msg("%s", err.message);
    return saved;
}

/* The row goes on to this state; with an ID where one is due. */
static enum hand_saved save_as(struct desk *desk, struct hand *hand, int64_t id,
                               enum item_state state, const char *firmware_id, bool over)
{
    auto_item struct item mine = known_load(desk->db, id);

    mine.state = state;
    text_replace(&mine.firmware_id, firmware_id);
    return save(desk, hand, &mine, over);
}

static int64_t recover(struct desk *desk, struct hand *hand)
{
    int64_t count = -1;
    struct err err;

    if (!hand_recover(desk->db, hand, KNOWN_NOW_MS, &count, &err))
        fail_msg("%s", err.message);
    return count;
}

static int64_t count_rows(struct desk *desk)
{
    struct item_filter filter = {.duplicates = true};
    struct item items[16];
    size_t count;
    struct err err;

    assert_true(item_page(desk->db, &filter, items, COUNT_OF(items), &count, &err));
    for (size_t i = 0; i < count; i++)
        item_release(&items[i]);
    return (int64_t)count;
}

/* ---- claiming ---- */

static void unknown_bytes_become_a_row_in_hand(void **state)
{
    struct desk *desk = *state;
    int64_t id = claimed_id(desk, &desk->one, "/job/fw.bin", digest_a);
    auto_item struct item row = known_load(desk->db, id);

    assert_int_equal(row.state, ITEM_PENDING);
    assert_int_equal(row.holder_pid, 1001);
    assert_string_equal(row.holder_boot, desk->one.boot);
    assert_string_equal(row.path, "/job/fw.bin");
    assert_int_equal(row.current, 1);
}

static void bytes_in_a_living_hand_are_left_to_it(void **state)
{
    struct desk *desk = *state;
    int64_t id = claimed_id(desk, &desk->one, "/job/fw.bin", digest_a);
    auto_item struct item mine = mine_of("/job/copy.bin", digest_a, "Acme-Router-1.0");
    auto_item struct item other = {0};

    assert_int_equal(claim(desk, &desk->other, &mine, false, &other), HAND_OTHER);
    assert_int_equal(other.id, id);
    assert_int_equal(other.holder_pid, 1001);
    assert_int_equal(count_rows(desk), 1);
}

static void known_bytes_give_their_row_and_keep_the_path_as_alias(void **state)
{
    struct desk *desk = *state;
    int64_t id = claimed_id(desk, &desk->one, "/job/fw.bin", digest_a);
    auto_item struct item mine = mine_of("/job/copy.bin", digest_a, "Other-Name");
    auto_item struct item other = {0};

    assert_int_equal(save_as(desk, &desk->one, id, ITEM_ANALYSING, "fw-1", true), HAND_SAVED);
    assert_int_equal(claim(desk, &desk->other, &mine, false, &other), HAND_KNOWN);
    assert_string_equal(other.firmware_id, "fw-1");
    auto_item struct item alias = known_load(desk->db, mine.id);
    assert_int_equal(alias.state, ITEM_DUPLICATE);
    assert_int_equal(alias.duplicate_of, id);
    assert_int_equal(alias.holder_pid, 0);
}

static void the_same_file_again_adds_no_row(void **state)
{
    struct desk *desk = *state;
    int64_t id = claimed_id(desk, &desk->one, "/job/fw.bin", digest_a);

    save_as(desk, &desk->one, id, ITEM_ANALYSING, "fw-1", true);
    for (int i = 0; i < 3; i++) {
        auto_item struct item again = mine_of("/job/fw.bin", digest_a, "Acme-Router-1.0");
        auto_item struct item copy = mine_of("/job/copy.bin", digest_a, "Acme-Router-1.0");

        assert_int_equal(claim(desk, &desk->other, &again, false, NULL), HAND_KNOWN);
        assert_int_equal(claim(desk, &desk->other, &copy, false, NULL), HAND_KNOWN);
    }
    assert_int_equal(count_rows(desk), 2);
}

static void force_claims_known_bytes_as_a_new_row_of_the_path(void **state)
{
    struct desk *desk = *state;
    int64_t id = claimed_id(desk, &desk->one, "/job/fw.bin", digest_a);
    auto_item struct item mine = mine_of("/job/fw.bin", digest_a, "Acme-Router-1.0");

    save_as(desk, &desk->one, id, ITEM_ANALYSING, "fw-1", true);
    assert_int_equal(claim(desk, &desk->other, &mine, true, NULL), HAND_MINE);
    assert_int_not_equal(mine.id, id);
    auto_item struct item old = known_load(desk->db, id);
    assert_int_equal(old.current, 0);
    assert_string_equal(old.firmware_id, "fw-1");
}

static void new_content_of_a_path_supersedes_its_row(void **state)
{
    struct desk *desk = *state;
    int64_t id = claimed_id(desk, &desk->one, "/job/fw.bin", digest_a);

    save_as(desk, &desk->one, id, ITEM_ANALYSING, "fw-1", true);
    int64_t next = claimed_id(desk, &desk->other, "/job/fw.bin", digest_b);
    auto_item struct item old = known_load(desk->db, id);
    auto_item struct item row = known_load(desk->db, next);
    assert_int_equal(old.current, 0);
    assert_int_equal(row.current, 1);
}

/* What a dead command, or an agent that is gone, left of these bytes, and what becomes of it. */
static void what_was_left_is_taken_over(void **state)
{
    static const struct {
        const char *why;
        enum item_state left;
        enum item_state want;
        bool keeps_name; /* it is looked for by the name that it was sent with */
        bool same_row;
    } rows[] = {
        {"it may be on the platform: looked for", ITEM_UPLOADING, ITEM_UNCONFIRMED, true, true},
        {"the same, noted already", ITEM_UNCONFIRMED, ITEM_UNCONFIRMED, true, true},
        {"nothing was sent: as this command says", ITEM_PENDING, ITEM_PENDING, false, true},
        {"a registration without a body is no firmware", ITEM_REGISTERING, ITEM_PENDING, false,
         true},
        {"held for a right that this token may have", ITEM_HELD, ITEM_PENDING, false, true},
        {"a failed one is history", ITEM_FAILED, ITEM_PENDING, false, false},
        {"one that is gone too", ITEM_GONE, ITEM_PENDING, false, false},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct desk *desk = *state;
        auto_free char *path = xasprintf("/builds/%zu.bin", i);
        auto_free char *sha256 = xasprintf("%064zx", i + 1);
        struct item left = known_item(rows[i].left, path);
        auto_item struct item mine = mine_of("/job/fw.bin", sha256, "new-name");

        text_replace(&left.sha256, sha256);
        text_replace(&left.name, "old-name");
        text_replace(&left.upload_id, "upload-1");
        left.misses = 1;
        int64_t id = known_save(desk->db, &left);
        if (claim(desk, &desk->one, &mine, false, NULL) != HAND_MINE)
            fail_msg("%s: not claimed", rows[i].why);
        auto_item struct item row = known_load(desk->db, mine.id);
        const char *name = rows[i].keeps_name ? "old-name" : "new-name";
        if (row.state != rows[i].want || (row.id == id) != rows[i].same_row ||
            strcmp(row.name, name) != 0 || row.misses != 0 || row.holder_pid != desk->one.pid)
            fail_msg("%s: state %s, name %s, row %jd", rows[i].why, item_state_name(row.state),
                     row.name, (intmax_t)row.id);
        if (rows[i].keeps_name && (!mine.upload_id || strcmp(mine.path, path) != 0))
            fail_msg("%s: the caller does not get what was left", rows[i].why);
    }
}

/* ---- the dead ---- */

static void rows_of_the_living_are_left_alone(void **state)
{
    struct desk *desk = *state;
    int64_t id = claimed_id(desk, &desk->one, "/job/fw.bin", digest_a);

    save_as(desk, &desk->one, id, ITEM_UPLOADING, NULL, false);
    assert_int_equal(recover(desk, &desk->other), 0);
    assert_int_equal(recover(desk, &desk->one), 0);
    auto_item struct item row = known_load(desk->db, id);
    assert_int_equal(row.state, ITEM_UPLOADING);
    assert_int_equal(row.holder_pid, 1001);
}

static void rows_of_the_dead_are_settled(void **state)
{
    static const struct {
        const char *why;
        const char *watch;
        enum item_state left;
        enum item_state want;
    } rows[] = {
        {"nobody has the file any more", "", ITEM_PENDING, ITEM_GONE},
        {"not sent yet", "", ITEM_REGISTERING, ITEM_GONE},
        {"perhaps taken", "", ITEM_UPLOADING, ITEM_UNCONFIRMED},
        {"a watch has it still", "release", ITEM_PENDING, ITEM_PENDING},
        {"a watch sends it itself", "release", ITEM_REGISTERING, ITEM_PENDING},
        {"perhaps taken, whoever began it", "release", ITEM_UPLOADING, ITEM_UNCONFIRMED},
        {"is asked for by whoever runs", "", ITEM_ANALYSING, ITEM_ANALYSING},
        {"the same", "", ITEM_FETCHING, ITEM_FETCHING},
        {"rests already", "", ITEM_UNCONFIRMED, ITEM_UNCONFIRMED},
        {"rests already", "", ITEM_FAILED, ITEM_FAILED},
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct item left = known_item(rows[i].left, "/job/fw.bin");

        text_replace(&left.watch, rows[i].watch);
        text_replace(&left.holder_boot, "another start");
        left.holder_pid = 77;
        left.current = 0;
        int64_t id = known_save(desk->db, &left);
        if (recover(desk, &desk->one) != 1)
            fail_msg("%s: not settled", rows[i].why);
        auto_item struct item row = known_load(desk->db, id);
        if (row.state != rows[i].want || row.holder_pid != 0 || row.holder_boot)
            fail_msg("%s: %s became %s", rows[i].why, item_state_name(rows[i].left),
                     item_state_name(row.state));
        if (row.state != rows[i].left && row.state != ITEM_PENDING && !row.error)
            fail_msg("%s: nothing says why", rows[i].why);
    }
}

/* A PID alone means nothing: the machine gives it to somebody else after a while. */
static void the_lock_and_not_the_pid_says_who_lives(void **state)
{
    struct desk *desk = *state;
    int64_t id = claimed_id(desk, &desk->one, "/job/fw.bin", digest_a);
    auto_item struct item row = known_load(desk->db, id);
    struct err err;

    row.holder_pid = getpid(); /* lives, but is not the one: the lock is what counts */
    assert_true(item_save(desk->db, &row, &err));
    hand_close(&desk->one);
    assert_int_equal(recover(desk, &desk->other), 1);
}

/* Each container has its PID 1, and all have the boot ID of their host. */
static void the_same_pid_in_another_container_is_not_the_same_process(void **state)
{
    struct desk *desk = *state;
    int64_t id = claimed_id(desk, &desk->one, "/job/fw.bin", digest_a);

    desk->other.pid = desk->one.pid;
    assert_int_equal(recover(desk, &desk->other), 0); /* it lives */
    hand_close(&desk->one);
    auto_item struct item mine = mine_of("/job/copy.bin", digest_a, "Acme-Router-1.0");
    assert_int_equal(claim(desk, &desk->other, &mine, false, NULL), HAND_MINE);
    auto_item struct item row = known_load(desk->db, id);
    assert_int_not_equal(row.state, ITEM_PENDING);
}

static void a_killed_process_lets_go(void **state)
{
    struct desk *desk = *state;
    int to_child[2] = {-1, -1};
    int from_child[2] = {-1, -1};
    char byte = 0;
    struct item left = known_item(ITEM_PENDING, "/job/fw.bin");

    text_replace(&left.watch, "");
    text_replace(&left.holder_boot, "boot");
    left.holder_pid = 4711;
    int64_t id = known_save(desk->db, &left);
    assert_true(pipe(to_child) == 0 && pipe(from_child) == 0);
    pid_t child = fork();
    if (child == 0) {
        struct hand hand;
        struct err err;
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = id, .l_len = 1};

        if (hand_open(desk->tree.path, &hand, &err) && fcntl(hand.fd, F_OFD_SETLK, &lock) == 0)
            (void)!write(from_child[1], "x", 1);
        (void)!read(to_child[0], &byte, 1); /* until it is killed */
        _exit(0);
    }
    assert_int_equal(read(from_child[0], &byte, 1), 1);
    assert_int_equal(recover(desk, &desk->one), 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(recover(desk, &desk->one), 1);
    close(to_child[0]);
    close(to_child[1]);
    close(from_child[0]);
    close(from_child[1]);
}

static void aliases_of_a_row_that_is_gone_start_over(void **state)
{
    struct desk *desk = *state;
    struct item left = known_item(ITEM_PENDING, "/job/fw.bin");
    struct item alias = known_item(ITEM_DUPLICATE, "/builds/copy.bin");

    text_replace(&left.watch, "");
    left.holder_pid = 77;
    int64_t id = known_save(desk->db, &left);
    alias.duplicate_of = id;
    int64_t alias_id = known_save(desk->db, &alias);
    assert_int_equal(recover(desk, &desk->one), 1);
    auto_item struct item row = known_load(desk->db, alias_id);
    assert_int_not_equal(row.state, ITEM_DUPLICATE);
}

static void many_dead_are_settled_in_one_go(void **state)
{
    struct desk *desk = *state;

    for (int i = 0; i < 100; i++) {
        struct item left = known_item(ITEM_UPLOADING, "/job/fw.bin");

        left.holder_pid = 77;
        left.current = 0;
        known_save(desk->db, &left);
    }
    assert_int_equal(recover(desk, &desk->one), 100);
    assert_int_equal(recover(desk, &desk->one), 0);
}

/* ---- saving ---- */

static void progress_is_kept_and_what_places_the_row_is_not_touched(void **state)
{
    struct desk *desk = *state;
    int64_t id = claimed_id(desk, &desk->one, "/job/fw.bin", digest_a);
    auto_item struct item mine = known_load(desk->db, id);

    mine.state = ITEM_UPLOADING;
    text_replace(&mine.upload_id, "upload-1");
    text_replace(&mine.path, "/elsewhere");
    text_replace(&mine.watch, "another");
    mine.rank = 99;
    mine.current = 0;
    mine.forgotten = 1;
    assert_int_equal(save(desk, &desk->one, &mine, false), HAND_SAVED);
    auto_item struct item row = known_load(desk->db, id);
    assert_int_equal(row.state, ITEM_UPLOADING);
    assert_string_equal(row.upload_id, "upload-1");
    assert_string_equal(row.path, "/job/fw.bin");
    assert_string_equal(row.watch, "");
    assert_int_equal(row.current, 1);
    assert_int_equal(row.forgotten, 0);
    assert_int_equal(row.rank, 1);
    assert_int_equal(row.holder_pid, 1001);
}

static void the_last_save_lets_go_of_the_row(void **state)
{
    struct desk *desk = *state;
    int64_t id = claimed_id(desk, &desk->one, "/job/fw.bin", digest_a);

    assert_int_equal(save_as(desk, &desk->one, id, ITEM_ANALYSING, "fw-1", true), HAND_SAVED);
    auto_item struct item row = known_load(desk->db, id);
    assert_int_equal(row.holder_pid, 0);
    assert_null(row.holder_boot);
    assert_int_equal(recover(desk, &desk->other), 0);
    assert_int_equal(save_as(desk, &desk->one, id, ITEM_FAILED, NULL, false), HAND_LOST);
}

static void a_row_that_somebody_else_decided_about_is_lost(void **state)
{
    struct desk *desk = *state;
    int64_t id = claimed_id(desk, &desk->one, "/job/fw.bin", digest_a);
    auto_item struct item mine = known_load(desk->db, id);
    struct item none = {.id = 4711, .state = ITEM_UPLOADING};

    assert_int_equal(save(desk, &desk->one, &none, false), HAND_LOST);
    assert_int_equal(save(desk, &desk->other, &mine, false), HAND_LOST);
    snprintf(desk->other.boot, sizeof desk->other.boot, "another start");
    desk->other.pid = desk->one.pid; /* the same number, after a restart of the machine */
    assert_int_equal(save(desk, &desk->other, &mine, false), HAND_LOST);
    auto_item struct item row = known_load(desk->db, id);
    assert_int_equal(row.state, ITEM_PENDING);
}

/* Found again by its name alone, a firmware may be another row's upload. */
static void a_found_firmware_is_not_taken_while_it_may_be_anothers(void **state)
{
    static const struct {
        const char *why;
        const char *name, *version, *firmware_id; /* of a second row */
        enum item_state other;
        enum hand_saved want;
    } rows[] = {
        {"that one is being sent under the same name", "n", "1", NULL, ITEM_UPLOADING, HAND_RIVAL},
        {"that one is looked for too", "n", "1", NULL, ITEM_UNCONFIRMED, HAND_RIVAL},
        {"another version", "n", "2", NULL, ITEM_UPLOADING, HAND_SAVED},
        {"no version is another version", "n", NULL, NULL, ITEM_UPLOADING, HAND_SAVED},
        {"another name", "m", "1", NULL, ITEM_UPLOADING, HAND_SAVED},
        {"not sent yet", "n", "1", NULL, ITEM_REGISTERING, HAND_SAVED},
        {"it has that firmware: surely another's", "n", "1", "found", ITEM_DONE, HAND_RIVAL},
        {"it has one of its own", "n", "1", "own", ITEM_DONE, HAND_SAVED},
    };
    struct desk *desk = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *sha256 = xasprintf("%064zx", i + 1);
        int64_t id = claimed_id(desk, &desk->one, "/job/fw.bin", sha256);
        struct item other = known_item(rows[i].other, "/job/other.bin");
        struct err err;

        other.current = 0;
        text_replace(&other.name, rows[i].name);
        text_replace(&other.version, rows[i].version);
        text_replace(&other.firmware_id, rows[i].firmware_id);
        int64_t other_id = known_save(desk->db, &other);
        auto_item struct item mine = known_load(desk->db, id);
        text_replace(&mine.name, "n");
        text_replace(&mine.version, "1");
        mine.state = ITEM_UNCONFIRMED;
        assert_int_equal(save(desk, &desk->one, &mine, false), HAND_SAVED);
        mine.state = ITEM_ANALYSING;
        text_replace(&mine.firmware_id, "found");
        enum hand_saved saved = save(desk, &desk->one, &mine, false);
        auto_item struct item row = known_load(desk->db, id);
        if (saved != rows[i].want || (row.firmware_id != NULL) != (saved == HAND_SAVED))
            fail_msg("%s: saved as %d", rows[i].why, (int)saved);
        /* Out of the next one's way. */
        auto_item struct item past = known_load(desk->db, other_id);
        text_replace(&past.firmware_id, NULL);
        past.state = ITEM_FAILED;
        text_replace(&row.firmware_id, NULL);
        row.state = ITEM_FAILED;
        assert_true(item_save(desk->db, &past, &err) && item_save(desk->db, &row, &err));
    }
}

/* A platform that knows the bytes may answer with the ID that another row has. */
static void an_answer_with_a_known_id_makes_the_row_its_alias(void **state)
{
    struct desk *desk = *state;
    int64_t first = claimed_id(desk, &desk->one, "/job/fw.bin", digest_a);
    int64_t second = claimed_id(desk, &desk->other, "/job/next.bin", digest_b);

    save_as(desk, &desk->one, first, ITEM_ANALYSING, "fw-1", true);
    save_as(desk, &desk->other, second, ITEM_UPLOADING, NULL, false);
    assert_int_equal(save_as(desk, &desk->other, second, ITEM_ANALYSING, "fw-1", false),
                     HAND_ALIAS);
    auto_item struct item row = known_load(desk->db, second);
    assert_int_equal(row.state, ITEM_DUPLICATE);
    assert_int_equal(row.duplicate_of, first);
    assert_int_equal(row.holder_pid, 0);
    assert_null(row.firmware_id);
}

static void a_row_that_ends_gone_frees_its_aliases(void **state)
{
    struct desk *desk = *state;
    int64_t id = claimed_id(desk, &desk->one, "/job/fw.bin", digest_a);
    struct item alias = known_item(ITEM_DUPLICATE, "/builds/copy.bin");

    alias.duplicate_of = id;
    int64_t alias_id = known_save(desk->db, &alias);
    assert_int_equal(save_as(desk, &desk->one, id, ITEM_GONE, NULL, true), HAND_SAVED);
    auto_item struct item row = known_load(desk->db, alias_id);
    assert_int_not_equal(row.state, ITEM_DUPLICATE);
}

/* ---- the file "hands" ---- */

static void the_file_is_for_its_owner_and_no_link_is_followed(void **state)
{
    struct desk *desk = *state;
    struct hand hand;
    struct stat facts;
    struct err err;

    auto_free char *path = xasprintf("%s/hands", desk->tree.path);
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    assert_int_equal(facts.st_size, 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_false(hand_open(desk->tree.path, &hand, &err));
    assert_int_equal(err.kind, ERR_IO);
    hand_close(&hand);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(unknown_bytes_become_a_row_in_hand),
        TEST(bytes_in_a_living_hand_are_left_to_it),
        TEST(known_bytes_give_their_row_and_keep_the_path_as_alias),
        TEST(the_same_file_again_adds_no_row),
        TEST(force_claims_known_bytes_as_a_new_row_of_the_path),
        TEST(new_content_of_a_path_supersedes_its_row),
        TEST(what_was_left_is_taken_over),
        TEST(rows_of_the_living_are_left_alone),
        TEST(rows_of_the_dead_are_settled),
        TEST(the_lock_and_not_the_pid_says_who_lives),
        TEST(the_same_pid_in_another_container_is_not_the_same_process),
        TEST(a_killed_process_lets_go),
        TEST(aliases_of_a_row_that_is_gone_start_over),
        TEST(many_dead_are_settled_in_one_go),
        TEST(progress_is_kept_and_what_places_the_row_is_not_touched),
        TEST(the_last_save_lets_go_of_the_row),
        TEST(a_row_that_somebody_else_decided_about_is_lost),
        TEST(a_found_firmware_is_not_taken_while_it_may_be_anothers),
        TEST(an_answer_with_a_known_id_makes_the_row_its_alias),
        TEST(a_row_that_ends_gone_frees_its_aliases),
        TEST(the_file_is_for_its_owner_and_no_link_is_followed),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
