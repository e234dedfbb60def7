/* Which content is one, and what becomes of items that others stand for, wait or were in flight. */
#include "test.h"

#include "known_items.h"
#include "store/item_count.h"
#include "store/pause.h"

static const char sha_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static const char sha_b[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/* ---- the same content ---- */

static int64_t add_content(struct db *db, enum item_state state, const char *path, const char *sha,
                           const char *version)
{
    struct item item = known_item(state, path);

    text_replace(&item.sha256, sha);
    text_replace(&item.product, "Router");
    text_replace(&item.version, version);
    return known_save(db, &item);
}

static void content_is_stood_for_by_what_is_sent_or_on_its_way(void **state)
{
    static const struct {
        const char *why;
        const char *sha;
        const char *version;
        enum item_state state;
        bool same_version;
        bool want;
    } rows[] = {
        {"on its way", sha_a, "1", ITEM_PENDING, false, true},
        {"being registered", sha_a, "1", ITEM_REGISTERING, false, true},
        {"being sent", sha_a, "1", ITEM_UPLOADING, false, true},
        {"perhaps sent", sha_a, "1", ITEM_UNCONFIRMED, false, true},
        {"waits for a right", sha_a, "1", ITEM_HELD, false, true},
        {"a failed one stands for nothing", sha_a, "1", ITEM_FAILED, false, false},
        {"a gone one neither", sha_a, "1", ITEM_GONE, false, false},
        {"nor one that is hashed itself", sha_a, "1", ITEM_HASHING, false, false},
        {"a copy does not stand for a copy", sha_a, "1", ITEM_DUPLICATE, false, false},
        {"other bytes", sha_b, "1", ITEM_PENDING, false, false},
        {"another version is the same content", sha_a, "2", ITEM_PENDING, false, true},
        {"per_version: another version is sent", sha_a, "2", ITEM_PENDING, true, false},
        {"per_version: the same one is not", sha_a, "1", ITEM_PENDING, true, true},
        {"per_version: none is not one", sha_a, NULL, ITEM_PENDING, true, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct db *db = known_ledger();
        auto_item struct item like = known_item(ITEM_HASHING, "/srv/like.bin");
        auto_item struct item item = {0};
        struct err err;
        bool found;

        text_replace(&like.sha256, sha_a);
        text_replace(&like.product, "Router");
        text_replace(&like.version, "1");
        assert_true(item_save(db, &like, &err));
        add_content(db, rows[i].state, "/srv/other.bin", rows[i].sha, rows[i].version);
        if (!item_by_content(db, &like, rows[i].same_version, &item, &found, &err) ||
            found != rows[i].want)
            fail_msg("%s: found=%d", rows[i].why, found);
        db_close(db);
    }
}

static void a_firmware_id_decides_which_one_stands_for_the_content(void **state)
{
    struct db *db = known_ledger();
    auto_item struct item like = known_item(ITEM_HASHING, "/srv/like.bin");
    auto_item struct item item = {0};
    struct err err;
    bool found;

    (void)state;
    text_replace(&like.sha256, sha_a);
    add_content(db, ITEM_PENDING, "/srv/first.bin", sha_a, "1");
    struct item sent = known_item(ITEM_FAILED, "/srv/sent.bin"); /* its analysis failed */
    text_replace(&sent.sha256, sha_a);
    text_replace(&sent.firmware_id, "fw-1");
    sent.forgotten = 1;
    int64_t id = known_save(db, &sent);
    assert_true(item_by_content(db, &like, false, &item, &found, &err));
    assert_true(found);
    assert_int_equal(item.id, id);
    /* size belongs to the identity */
    like.size++;
    item_release(&item);
    assert_true(item_by_content(db, &like, false, &item, &found, &err));
    assert_false(found);
    db_close(db);
}

static void a_digest_is_known_for_the_same_inode_size_and_time(void **state)
{
    static const struct {
        const char *why;
        int64_t size, mtime_ns, device, inode;
        bool want;
    } rows[] = {
        {"nothing changed", 4096, 5, 1, 7, true},  {"it grew", 4097, 5, 1, 7, false},
        {"it was touched", 4096, 6, 1, 7, false},  {"another file", 4096, 5, 1, 8, false},
        {"on another disk", 4096, 5, 2, 7, false},
    };
    struct db *db = known_ledger();
    struct item known = known_item(ITEM_DONE, "/srv/known.bin");

    (void)state;
    known.mtime_ns = 5;
    known.device = 1;
    text_replace(&known.sha256, sha_a);
    known_save(db, &known);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct item like = {.size = rows[i].size,
                                  .mtime_ns = rows[i].mtime_ns,
                                  .device = rows[i].device,
                                  .inode = rows[i].inode};
        char *sha256 = NULL;
        struct err err;

        assert_true(item_known_digest(db, &like, &sha256, &err));
        if ((sha256 != NULL) != rows[i].want || (sha256 && strcmp(sha256, sha_a) != 0))
            fail_msg("%s: %s", rows[i].why, sha256 ? sha256 : "none");
        free(sha256);
    }
    db_close(db);
}

/* ---- aliases ---- */

/* Paths that a callback told, one after the other. */
struct told {
    char text[256];
};

static void on_path(void *owner, const char *path)
{
    struct told *told = owner;
    size_t size = strlen(told->text);

    snprintf(told->text + size, sizeof told->text - size, "%s ", path);
}

static int64_t add_alias(struct db *db, const char *path, int64_t of)
{
    struct item item = known_item(ITEM_DUPLICATE, path);

    item.duplicate_of = of;
    item.settle_looks = 2;
    text_replace(&item.sha256, sha_a);
    return known_save(db, &item);
}

static void aliases_are_told_and_start_over_when_their_original_is_gone(void **state)
{
    struct db *db = known_ledger();
    struct told told = {0};
    struct err err;
    int64_t original = known_add(db, ITEM_PENDING, "/srv/original.bin");
    int64_t alias = add_alias(db, "/srv/b-link.bin", original);

    (void)state;
    add_alias(db, "/srv/a-copy.bin", original);
    add_alias(db, "/srv/another.bin", alias);
    assert_true(item_aliases(db, original, on_path, &told, &err));
    assert_string_equal(told.text, "/srv/a-copy.bin /srv/b-link.bin ");
    assert_true(item_free_aliases(db, original, 777, &err));
    auto_item struct item freed = known_load(db, alias);
    assert_int_equal(freed.state, ITEM_SETTLING);
    assert_int_equal(freed.duplicate_of, 0);
    assert_int_equal(freed.settle_looks, 0);
    assert_int_equal(freed.due_at, 777);
    assert_null(freed.sha256);
    told.text[0] = '\0';
    assert_true(item_aliases(db, original, on_path, &told, &err));
    assert_string_equal(told.text, "");
    db_close(db);
}

/* ---- after a crash, after a token ---- */

static void after_a_crash_what_may_have_been_taken_is_asked_for(void **state)
{
    struct db *db = known_ledger();
    struct err err;
    int64_t uncertain;

    (void)state;
    for (size_t i = 0; i < ITEM_STATE_COUNT; i++) {
        char path[32];

        snprintf(path, sizeof path, "/srv/%zu.bin", i);
        known_add(db, (enum item_state)i, path);
    }
    assert_true(item_recover(db, 777, &uncertain, &err));
    assert_int_equal(uncertain, 1);
    for (size_t i = 0; i < ITEM_STATE_COUNT; i++) {
        enum item_state want = i == ITEM_UPLOADING     ? ITEM_UNCONFIRMED
                               : i == ITEM_REGISTERING ? ITEM_PENDING
                                                       : (enum item_state)i;
        auto_item struct item item = known_load(db, (int64_t)i + 1);

        if (item.state != want || (want != (enum item_state)i) != (item.due_at == 777))
            fail_msg("%s became %s", item_state_name((enum item_state)i),
                     item_state_name(item.state));
        if (i == ITEM_UPLOADING)
            assert_string_equal(item.error_kind, "unsure");
    }
    int64_t counts[ITEM_STATE_COUNT];
    assert_true(item_counts(db, counts, &err));
    assert_int_equal(counts[ITEM_UPLOADING], 0);
    assert_int_equal(counts[ITEM_UNCONFIRMED], 2);
    assert_int_equal(counts[ITEM_PENDING], 2);
    db_close(db);
}

static void held_items_go_on_where_they_stopped(void **state)
{
    static const struct {
        const char *why;
        const char *sha;
        const char *firmware_id;
        int64_t forgotten;
        enum item_state want;
    } rows[] = {
        {"it was sent: asked for again", sha_a, "fw-1", 0, ITEM_ANALYSING},
        {"it was hashed: sent", sha_a, NULL, 0, ITEM_PENDING},
        {"nothing is known of it: from the start", NULL, NULL, 0, ITEM_SETTLING},
        {"nobody wants it", sha_a, NULL, 1, ITEM_HELD},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct db *db = known_ledger();
        struct item held = known_item(ITEM_HELD, "/srv/held.bin");
        struct err err;
        int64_t released;

        held.forgotten = rows[i].forgotten;
        text_replace(&held.sha256, rows[i].sha);
        text_replace(&held.firmware_id, rows[i].firmware_id);
        text_replace(&held.error, "missing right");
        int64_t id = known_save(db, &held);
        assert_true(item_release_held(db, 777, &released, &err));
        auto_item struct item item = known_load(db, id);
        if (item.state != rows[i].want || released != (rows[i].want != ITEM_HELD) ||
            (released > 0) != (item.error == NULL))
            fail_msg("%s: %s, %jd", rows[i].why, item_state_name(item.state), (intmax_t)released);
        db_close(db);
    }
}

/* ---- is a single pass over? ---- */

static void work_is_left_while_a_single_pass_would_still_do_something(void **state)
{
    static const struct {
        const char *why;
        int64_t misses, looks, changes;
        const char *error_kind;
        enum item_state state;
        bool blocked;
        bool want;
        bool want_without_waiting; /* --no-wait */
    } rows[] = {
        {"to be hashed", 0, 0, 0, NULL, ITEM_HASHING, false, true, true},
        {"to be sent", 0, 0, 0, NULL, ITEM_PENDING, false, true, true},
        {"waits for its SBOM", 0, 0, 0, "not_yet", ITEM_PENDING, false, false, false},
        {"its group lacks a right", 0, 0, 0, NULL, ITEM_PENDING, true, false, false},
        {"being registered", 0, 0, 0, NULL, ITEM_REGISTERING, false, true, true},
        {"being sent", 0, 0, 0, NULL, ITEM_UPLOADING, false, true, true},
        {"is looked for", 1, 0, 0, NULL, ITEM_UNCONFIRMED, false, true, true},
        {"a person decides", ITEM_NEEDS_PERSON, 0, 0, NULL, ITEM_UNCONFIRMED, false, false, false},
        {"settles", 0, 1, 0, NULL, ITEM_SETTLING, false, true, true},
        {"keeps changing", 0, 0, 2, NULL, ITEM_SETTLING, false, false, false},
        {"waits for its marker", 0, 2, 0, NULL, ITEM_SETTLING, false, false, false},
        {"is analysed", 0, 0, 0, NULL, ITEM_ANALYSING, false, true, false},
        {"its SBOM is due", 0, 0, 0, NULL, ITEM_FETCHING, false, true, true},
        {"done", 0, 0, 0, NULL, ITEM_DONE, false, false, false},
        {"failed", 0, 0, 0, NULL, ITEM_FAILED, false, false, false},
        {"held", 0, 0, 0, NULL, ITEM_HELD, false, false, false},
        {"a copy", 0, 0, 0, NULL, ITEM_DUPLICATE, false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct db *db = known_ledger();
        struct item item = known_item(rows[i].state, "/srv/a.bin");
        bool left = false, left_without_waiting = false;
        struct err err;

        item.misses = rows[i].misses;
        item.settle_looks = rows[i].looks;
        item.settle_changes = rows[i].changes;
        text_replace(&item.error_kind, rows[i].error_kind);
        known_save(db, &item);
        if (rows[i].blocked)
            assert_true(group_block(db, "Default", "no right", 1, &err));
        const struct item_work work = {.analyses = true, .backlog = true};
        const struct item_work no_wait = {.backlog = true};
        assert_true(item_is_work_left(db, &work, &left, &err));
        assert_true(item_is_work_left(db, &no_wait, &left_without_waiting, &err));
        if (left != rows[i].want || left_without_waiting != rows[i].want_without_waiting)
            fail_msg("%s: %d, %d without waiting", rows[i].why, left, left_without_waiting);
        db_close(db);
    }
}

static void of_a_backlog_without_budget_only_what_is_under_way_is_left(void **state)
{
    static const struct {
        const char *why;
        enum item_state state;
        int64_t backlog;
        bool want;
    } rows[] = {
        {"a build is sent all the same", ITEM_PENDING, 0, true},
        {"it has to wait", ITEM_PENDING, 1, false},
        {"a build is hashed", ITEM_HASHING, 0, true},
        {"it would only wait then", ITEM_HASHING, 1, false},
        {"a build settles", ITEM_SETTLING, 0, true},
        {"it would be hashed and wait", ITEM_SETTLING, 1, false},
        {"being registered", ITEM_REGISTERING, 1, true},
        {"being sent", ITEM_UPLOADING, 1, true},
        {"is looked for", ITEM_UNCONFIRMED, 1, true},
        {"is analysed", ITEM_ANALYSING, 1, true},
        {"its SBOM is due", ITEM_FETCHING, 1, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct item_work work = {.analyses = true};
        struct db *db = known_ledger();
        struct item item = known_item(rows[i].state, "/srv/a.bin");
        bool left = false;
        struct err err;

        item.backlog = rows[i].backlog;
        known_save(db, &item);
        assert_true(item_is_work_left(db, &work, &left, &err));
        if (left != rows[i].want)
            fail_msg("%s: %s", rows[i].why, left ? "left" : "not left");
        db_close(db);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_is_stood_for_by_what_is_sent_or_on_its_way),
        cmocka_unit_test(a_firmware_id_decides_which_one_stands_for_the_content),
        cmocka_unit_test(a_digest_is_known_for_the_same_inode_size_and_time),
        cmocka_unit_test(aliases_are_told_and_start_over_when_their_original_is_gone),
        cmocka_unit_test(after_a_crash_what_may_have_been_taken_is_asked_for),
        cmocka_unit_test(held_items_go_on_where_they_stopped),
        cmocka_unit_test(work_is_left_while_a_single_pass_would_still_do_something),
        cmocka_unit_test(of_a_backlog_without_budget_only_what_is_under_way_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
