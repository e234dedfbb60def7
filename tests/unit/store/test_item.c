#include "test.h"

#include "known_items.h"
#include "store/item_count.h"
#include "store/item_due.h"
#include "store/pause.h"

static const char sha_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/* ---- one row ---- */

/* Every field another value, so that two columns that changed places are seen. */
static struct item every_field(int64_t salt)
{
    struct item item = {.state = ITEM_ANALYSING};
    int64_t next = salt;

#define TEXT(name) item.name = xasprintf(#name "-%jd", (intmax_t)next++);
#define INT(name)  item.name = next++;
#define REF(name)  item.name = 0;
    ITEM_FIELDS(TEXT, INT, INT, REF)
#undef TEXT
#undef INT
#undef REF
    item.current = 1;
    item.forgotten = 0;
    item.monitoring = 1;
    item.sbom_only = 1;
    item.backlog = 1;
    text_replace(&item.sha256, sha_a);
    return item;
}

static void assert_same_item(const struct item *want, const struct item *have)
{
    assert_int_equal(want->state, have->state);
#define TEXT(name)                                                                                 \
    if (want->name && have->name)                                                                  \
        assert_string_equal(want->name, have->name);                                               \
    else                                                                                           \
        assert_ptr_equal(want->name, have->name);
#define INT(name)                                                                                  \
    if (want->name != have->name)                                                                  \
        fail_msg(#name ": %jd is not %jd", (intmax_t)have->name, (intmax_t)want->name);
    ITEM_FIELDS(TEXT, INT, INT, INT)
#undef TEXT
#undef INT
}

static void every_field_comes_back_as_it_was_kept(void **state)
{
    struct db *db = known_ledger();
    auto_item struct item item = every_field(1000);
    struct err err;

    (void)state;
    assert_true(item_save(db, &item, &err));
    assert_true(item.id > 0);
    auto_item struct item back = known_load(db, item.id);
    assert_same_item(&item, &back);
    auto_item struct item other = every_field(9000);
    other.id = item.id;
    other.state = ITEM_FAILED;
    other.duplicate_of = known_add(db, ITEM_DONE, "/srv/original.bin");
    text_replace(&other.firmware_id, NULL);
    other.done_at = 0; /* a time of 0 is none */
    assert_true(item_save(db, &other, &err));
    item_release(&back);
    back = known_load(db, item.id);
    assert_same_item(&other, &back);
    db_close(db);
}

static void a_row_without_texts_comes_back_without_them(void **state)
{
    struct db *db = known_ledger();
    auto_item struct item item = known_item(ITEM_FOUND, "/srv/bytes \xff\n.bin");
    struct err err;

    (void)state;
    assert_true(item_save(db, &item, &err));
    auto_item struct item back = known_load(db, item.id);
    assert_same_item(&item, &back);
    db_close(db);
}

static void every_state_has_a_name_that_finds_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < ITEM_STATE_COUNT; i++) {
        enum item_state found;

        assert_true(item_state_of_name(item_state_name((enum item_state)i), &found));
        assert_int_equal(found, i);
    }
    enum item_state none = ITEM_HELD;
    assert_false(item_state_of_name("lost", &none));
}

static void a_firmware_belongs_to_one_item(void **state)
{
    struct db *db = known_ledger();
    struct item item = known_item(ITEM_DONE, "/srv/a.bin");
    struct err err;
    bool found;

    (void)state;
    text_replace(&item.firmware_id, "fw-1");
    int64_t id = known_save(db, &item);
    auto_item struct item back = {0};
    assert_true(item_by_firmware(db, "fw-1", &back, &found, &err));
    assert_true(found);
    assert_int_equal(back.id, id);
    auto_item struct item second = known_item(ITEM_DONE, "/srv/b.bin");
    text_replace(&second.firmware_id, "fw-1");
    assert_false(item_save(db, &second, &err));
    auto_item struct item none = {0};
    assert_true(item_by_firmware(db, "fw-2", &none, &found, &err));
    assert_false(found);
    db_close(db);
}

/* ---- paths ---- */

static void a_path_with_new_content_is_a_new_row_and_the_old_one_stays(void **state)
{
    struct db *db = known_ledger();
    struct item_facts facts;
    struct err err;
    bool found;
    int64_t old = known_add(db, ITEM_DONE, "/srv/a.bin");

    (void)state;
    auto_item struct item second = known_item(ITEM_SETTLING, "/srv/a.bin");
    second.size = 5000;
    assert_false(item_save(db, &second, &err)); /* one is current */
    assert_true(item_supersede(db, old, &err));
    assert_true(item_save(db, &second, &err));
    auto_item struct item newest = {0};
    assert_true(item_by_path(db, "release", "/srv/a.bin", &newest, &found, &err));
    assert_true(found);
    assert_int_equal(newest.id, second.id);
    assert_true(item_facts_by_path(db, "release", "/srv/a.bin", &facts, &found, &err));
    assert_true(found);
    assert_int_equal(facts.id, second.id);
    assert_int_equal(facts.size, 5000);
    assert_int_equal(facts.inode, 7);
    assert_int_equal(facts.state, ITEM_SETTLING);
    auto_item struct item kept = known_load(db, old);
    assert_int_equal(kept.state, ITEM_DONE);
    assert_int_equal(kept.current, 0);
    db_close(db);
}

static void a_path_is_looked_for_in_its_watch_or_in_all(void **state)
{
    struct db *db = known_ledger();
    struct item_facts facts;
    struct err err;
    bool found;
    int64_t id = known_add(db, ITEM_PENDING, "/srv/a.bin");

    (void)state;
    auto_item struct item item = {0};
    assert_true(item_by_path(db, "nightly", "/srv/a.bin", &item, &found, &err));
    assert_false(found);
    assert_true(item_facts_by_path(db, "nightly", "/srv/a.bin", &facts, &found, &err));
    assert_false(found);
    assert_true(item_by_path(db, NULL, "/srv/a.bin", &item, &found, &err));
    assert_true(found);
    assert_int_equal(item.id, id);
    db_close(db);
}

/* ---- what is due ---- */

static int64_t add_due(struct db *db, const char *path, int64_t rank, int64_t due_at,
                       const char *group)
{
    struct item item = known_item(ITEM_PENDING, path);

    item.rank = rank;
    item.due_at = due_at;
    text_replace(&item.product_group, group);
    return known_save(db, &item);
}

static void what_is_due_comes_by_rank_and_without_blocked_groups(void **state)
{
    struct db *db = known_ledger();
    int64_t list[8];
    struct item_ids due = {.ids = list, .max = COUNT_OF(list)};
    struct err err;

    (void)state;
    int64_t old = add_due(db, "/srv/old.bin", 10, 100, NULL);
    int64_t new = add_due(db, "/srv/new.bin", 90, 200, "Routers");
    int64_t twin = add_due(db, "/srv/twin.bin", 10, 50, "Default");
    int64_t later = add_due(db, "/srv/later.bin", 99, 301, NULL);
    known_add(db, ITEM_HELD, "/srv/held.bin");
    assert_true(item_due(db, ITEM_PENDING, 300, &due, &err));
    assert_int_equal(due.count, 3);
    assert_int_equal(list[0], new);
    assert_int_equal(list[1], old); /* found first */
    assert_int_equal(list[2], twin);
    due.max = 1;
    assert_true(item_due(db, ITEM_PENDING, 301, &due, &err));
    assert_int_equal(due.count, 1);
    assert_int_equal(list[0], later);
    due.max = COUNT_OF(list);
    /* no group is the platform's Default */
    assert_true(group_block(db, "Default", "no right", 1, &err));
    assert_true(item_due(db, ITEM_PENDING, 301, &due, &err));
    assert_int_equal(due.count, 1);
    assert_int_equal(list[0], new);
    assert_true(group_unblock_all(db, &err));
    assert_true(item_due(db, ITEM_PENDING, 301, &due, &err));
    assert_int_equal(due.count, 4);
    db_close(db);
}

static int64_t add_old(struct db *db, const char *path, int64_t rank, int64_t due_at)
{
    struct item item = known_item(ITEM_PENDING, path);

    item.rank = rank;
    item.due_at = due_at;
    item.backlog = 1;
    return known_save(db, &item);
}

static void builds_come_before_the_backlog_however_it_is_ranked(void **state)
{
    /* few rows are found by their time, many by their rank: both ways give the same */
    for (int many = 0; many < 2; many++) {
        struct db *db = known_ledger();
        int64_t list[4];
        struct item_ids due = {.ids = list, .max = COUNT_OF(list)};
        struct err err;

        (void)state;
        int64_t old = add_old(db, "/srv/old.bin", 900, 1);
        int64_t older = add_old(db, "/srv/older.bin", 800, 1);
        int64_t build = add_due(db, "/srv/build.bin", 10, 300, NULL);
        int64_t newest = add_due(db, "/srv/newest.bin", 20, 200, NULL);
        for (int i = 0; many && i < 300; i++) {
            char path[32];

            snprintf(path, sizeof path, "/srv/%d.bin", i);
            add_old(db, path, i, 1);
        }
        assert_true(item_due(db, ITEM_PENDING, 300, &due, &err));
        assert_int_equal(due.count, 4);
        assert_int_equal(list[0], newest);
        assert_int_equal(list[1], build);
        assert_int_equal(list[2], old);
        assert_int_equal(list[3], older);
        due.builds_only = true;
        assert_true(item_due(db, ITEM_PENDING, 300, &due, &err));
        assert_int_equal(due.count, 2);
        assert_int_equal(list[1], build);
        db_close(db);
    }
}

static void the_next_one_due_is_the_first_that_is_still_to_come(void **state)
{
    struct db *db = known_ledger();
    int64_t when;
    struct err err;

    (void)state;
    assert_true(item_next_due(db, ITEM_PENDING, 0, &when, &err));
    assert_int_equal(when, INT64_MAX);
    add_due(db, "/srv/a.bin", 1, 100, NULL);
    add_due(db, "/srv/b.bin", 1, 300, NULL);
    add_due(db, "/srv/c.bin", 1, 200, NULL);
    assert_true(item_next_due(db, ITEM_PENDING, 100, &when, &err));
    assert_int_equal(when, 200);
    assert_true(item_next_due(db, ITEM_PENDING, 300, &when, &err));
    assert_int_equal(when, INT64_MAX);
    db_close(db);
}

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

static void add_settling(struct db *db, const char *path, int64_t due_at, int64_t current)
{
    struct item item = known_item(ITEM_SETTLING, path);

    item.due_at = due_at;
    item.current = current;
    known_save(db, &item);
}

static void settling_files_of_a_watch_are_looked_at_when_they_are_due(void **state)
{
    struct db *db = known_ledger();
    struct item_settling wanted = {.watch = "release", .until_ms = 200, .max = 10};
    struct told told = {0};
    struct err err;
    int64_t when;

    (void)state;
    add_settling(db, "/c", 200, 1);
    add_settling(db, "/a", 100, 1);
    add_settling(db, "/late", 201, 1);
    add_settling(db, "/superseded", 50, 0);
    assert_true(item_settling_due(db, &wanted, on_path, &told, &err));
    assert_string_equal(told.text, "/a /c ");
    wanted.max = 1;
    told.text[0] = '\0';
    assert_true(item_settling_due(db, &wanted, on_path, &told, &err));
    assert_string_equal(told.text, "/a ");
    assert_true(item_settling_next(db, "release", &when, &err));
    assert_int_equal(when, 100);
    assert_true(item_settling_next(db, "nightly", &when, &err));
    assert_int_equal(when, INT64_MAX);
    db_close(db);
}

static void a_build_is_looked_at_before_a_backlog_that_settles(void **state)
{
    struct db *db = known_ledger();
    struct item_settling wanted = {.watch = "release", .until_ms = 200, .max = 2};
    struct told told = {0};
    struct err err;
    int64_t when;

    (void)state;
    for (int i = 0; i < 3; i++) {
        char path[32];

        snprintf(path, sizeof path, "/old%d", i);
        struct item item = known_item(ITEM_SETTLING, path);
        item.due_at = 50 + i;
        item.backlog = 1;
        known_save(db, &item);
    }
    add_settling(db, "/build", 190, 1);
    assert_true(item_settling_due(db, &wanted, on_path, &told, &err));
    assert_string_equal(told.text, "/build /old0 ");
    assert_true(item_settling_next(db, "release", &when, &err));
    assert_int_equal(when, 50);
    db_close(db);
}

/* ---- counts ---- */

/* What the table says, counted the slow way. */
static void assert_counts_are_true(struct db *db, const char *after)
{
    int64_t counts[ITEM_STATE_COUNT];
    int64_t slow[ITEM_STATE_COUNT] = {0};
    struct item_filter filter = {.duplicates = true};
    struct item items[64];
    size_t count;
    struct err err;

    assert_true(item_counts(db, counts, &err));
    assert_true(item_page(db, &filter, items, COUNT_OF(items), &count, &err));
    assert_true(count < COUNT_OF(items));
    for (size_t i = 0; i < count; i++) {
        slow[items[i].state]++;
        item_release(&items[i]);
    }
    for (size_t i = 0; i < ITEM_STATE_COUNT; i++) {
        if (counts[i] != slow[i])
            fail_msg("after %s: %jd are %s, not %jd", after, (intmax_t)slow[i],
                     item_state_name((enum item_state)i), (intmax_t)counts[i]);
    }
}

static void counts_follow_every_change_of_state(void **state)
{
    struct db *db = known_ledger();
    auto_item struct item item = known_item(ITEM_FOUND, "/srv/a.bin");
    struct err err;

    (void)state;
    known_add(db, ITEM_FOUND, "/srv/b.bin");
    for (size_t from = 0; from < ITEM_STATE_COUNT; from++) {
        for (size_t to = 0; to < ITEM_STATE_COUNT; to++) {
            item.state = (enum item_state)from;
            assert_true(item_save(db, &item, &err));
            item.state = (enum item_state)to;
            assert_true(item_save(db, &item, &err));
            assert_counts_are_true(db, item_state_name(item.state));
        }
    }
    item.forgotten = 1;
    assert_true(item_save(db, &item, &err));
    assert_counts_are_true(db, "being forgotten");
    item.state = ITEM_SETTLING;
    assert_true(item_save(db, &item, &err));
    assert_counts_are_true(db, "a change while forgotten");
    item.forgotten = 0;
    item.state = ITEM_DONE;
    assert_true(item_save(db, &item, &err));
    assert_counts_are_true(db, "coming back");
    db_close(db);
}

static void on_tally(void *owner, const struct item_tally *tally)
{
    struct told *told = owner;
    size_t size = strlen(told->text);

    snprintf(told->text + size, sizeof told->text - size, "%s: %jd+%jd pending %jd+%jd, %jd done; ",
             tally->watch, (intmax_t)tally->items[0][ITEM_PENDING],
             (intmax_t)tally->items[1][ITEM_PENDING], (intmax_t)tally->bytes[0][ITEM_PENDING],
             (intmax_t)tally->bytes[1][ITEM_PENDING], (intmax_t)tally->items[0][ITEM_DONE]);
}

static void each_watch_and_lane_is_counted_by_itself(void **state)
{
    struct db *db = known_ledger();
    struct told told = {0};
    struct err err;

    (void)state;
    known_add(db, ITEM_DONE, "/srv/a.bin");
    int64_t pending = add_old(db, "/srv/b.bin", 1, 1);
    add_due(db, "/srv/c.bin", 1, 1, NULL);
    struct item other = known_item(ITEM_PENDING, "/srv/d.bin");
    text_replace(&other.watch, "archive");
    known_save(db, &other);
    struct item handed = known_item(ITEM_PENDING, "/tmp/e.bin");
    text_replace(&handed.watch, ""); /* no watch: a command's */
    known_save(db, &handed);
    assert_true(item_tally_each(db, on_tally, &told, &err));
    assert_string_equal(told.text, "archive: 1+0 pending 4096+0, 0 done; "
                                   "release: 1+1 pending 4096+4096, 1 done; ");
    auto_item struct item build = known_load(db, pending);
    build.backlog = 0; /* it was written anew, and is larger */
    build.size = 5000;
    assert_true(item_save(db, &build, &err));
    text_replace(&build.watch, "archive");
    assert_true(item_save(db, &build, &err));
    told.text[0] = '\0';
    assert_true(item_tally_each(db, on_tally, &told, &err));
    assert_string_equal(told.text, "archive: 2+0 pending 9096+0, 0 done; "
                                   "release: 1+0 pending 4096+0, 1 done; ");
    assert_counts_are_true(db, "a change of watch and lane");
    db_close(db);
}

static void what_looking_decides_may_be_on_the_platform(void **state)
{
    struct db *db = known_ledger();
    struct item item = known_item(ITEM_UNCONFIRMED, "/srv/person.bin");
    struct err err;
    int64_t count;

    (void)state;
    item.misses = ITEM_NEEDS_PERSON;
    known_save(db, &item);
    known_add(db, ITEM_UNCONFIRMED, "/srv/looked_for.bin");
    known_add(db, ITEM_PENDING, "/srv/pending.bin");
    assert_true(item_count_uncertain(db, &count, &err));
    assert_int_equal(count, 1);
    db_close(db);
}

/* ---- lists ---- */

static void a_list_comes_in_pages_and_is_filtered(void **state)
{
    struct db *db = known_ledger();
    struct item items[2];
    size_t count;
    struct err err;
    int64_t last = 0;
    int pages = 0;
    int rows = 0;

    (void)state;
    for (int i = 0; i < 5; i++) {
        char path[32];

        snprintf(path, sizeof path, "/srv/%d.bin", i);
        struct item item = known_item(i < 3 ? ITEM_DONE : ITEM_DUPLICATE, path);
        item.found_at = INT64_C(100) * i;
        item.forgotten = i == 2;
        text_replace(&item.product, i == 0 ? "Camera" : "Router");
        known_save(db, &item);
    }
    do {
        struct item_filter filter = {.after_id = last, .duplicates = true};

        assert_true(item_page(db, &filter, items, COUNT_OF(items), &count, &err));
        for (size_t i = 0; i < count; i++, rows++) {
            assert_true(items[i].id > last);
            last = items[i].id;
            item_release(&items[i]);
        }
        pages++;
    } while (count > 0);
    assert_int_equal(rows, 4); /* not the forgotten one */
    assert_int_equal(pages, 3);
    static const struct {
        struct item_filter filter;
        size_t want;
    } filters[] = {
        {{.state = "done"}, 2},      {{.product = "Router"}, 1}, {{.watch = "nightly"}, 0},
        {{.watch = "release"}, 2},   {{.since_ms = 100}, 1},     {{.product = "Camera"}, 1},
        {{.state = "duplicate"}, 0},
    };
    for (size_t i = 0; i < COUNT_OF(filters); i++) {
        struct item found[8];

        assert_true(item_page(db, &filters[i].filter, found, COUNT_OF(found), &count, &err));
        if (count != filters[i].want)
            fail_msg("filter %zu: %zu rows", i, count);
        while (count > 0)
            item_release(&found[--count]);
    }
    db_close(db);
}

static void the_oldest_that_waits_is_the_oldest_that_is_not_sent(void **state)
{
    struct db *db = known_ledger();
    struct err err;
    int64_t found_at = 1;

    (void)state;
    assert_true(item_oldest_waiting(db, &found_at, &err));
    assert_int_equal(found_at, 0);
    for (int i = 0; i < 4; i++) {
        static const enum item_state states[] = {ITEM_DONE, ITEM_HELD, ITEM_PENDING, ITEM_SETTLING};
        char path[32];

        snprintf(path, sizeof path, "/srv/%d.bin", i);
        struct item item = known_item(states[i], path);
        item.found_at = 100 + i;
        known_save(db, &item);
    }
    assert_true(item_oldest_waiting(db, &found_at, &err));
    assert_int_equal(found_at, 102);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_comes_back_as_it_was_kept),
        cmocka_unit_test(a_row_without_texts_comes_back_without_them),
        cmocka_unit_test(every_state_has_a_name_that_finds_it),
        cmocka_unit_test(a_firmware_belongs_to_one_item),
        cmocka_unit_test(a_path_with_new_content_is_a_new_row_and_the_old_one_stays),
        cmocka_unit_test(a_path_is_looked_for_in_its_watch_or_in_all),
        cmocka_unit_test(what_is_due_comes_by_rank_and_without_blocked_groups),
        cmocka_unit_test(builds_come_before_the_backlog_however_it_is_ranked),
        cmocka_unit_test(the_next_one_due_is_the_first_that_is_still_to_come),
        cmocka_unit_test(settling_files_of_a_watch_are_looked_at_when_they_are_due),
        cmocka_unit_test(a_build_is_looked_at_before_a_backlog_that_settles),
        cmocka_unit_test(counts_follow_every_change_of_state),
        cmocka_unit_test(each_watch_and_lane_is_counted_by_itself),
        cmocka_unit_test(what_looking_decides_may_be_on_the_platform),
        cmocka_unit_test(a_list_comes_in_pages_and_is_filtered),
        cmocka_unit_test(the_oldest_that_waits_is_the_oldest_that_is_not_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
