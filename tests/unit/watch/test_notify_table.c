#include "test.h"

#include <malloc.h>

#include "watch/event_bytes.h"
#include "watch/notify.h"

/* The path of the last name that was told, "" for none. */
struct heard {
    char path[64];
    bool closed;
};

static void on_name(void *owner, const char *directory, const char *name, bool is_directory)
{
    struct heard *heard = owner;

    (void)is_directory;
    snprintf(heard->path, sizeof heard->path, "%s/%s", directory, name);
}

static void on_anything_else(void *owner)
{
    (void)owner;
    fail_msg("nothing but names was sent");
}

static void on_path(void *owner, const char *directory)
{
    (void)directory;
    on_anything_else(owner);
}

static void on_closed(void *owner)
{
    struct heard *heard = owner;

    heard->closed = true;
}

static struct notify *notify_make(uv_loop_t *loop, struct heard *heard)
{
    static const struct notify_hooks hooks = {
        .on_name = on_name,
        .on_directory = on_path,
        .on_directory_gone = on_path,
        .on_overflow = on_anything_else,
        .on_root_lost = on_anything_else,
    };
    struct err err = {0};
    struct notify *notify = NULL;

    assert_int_equal(uv_loop_init(loop), 0);
    notify = notify_new(loop, &hooks, heard, &err);
    assert_non_null(notify);
    return notify;
}

static void free_and_close(struct notify *notify, uv_loop_t *loop, struct heard *heard)
{
    notify_free(notify, on_closed, heard);
    uv_run(loop, UV_RUN_DEFAULT);
    assert_true(heard->closed);
    assert_int_equal(uv_loop_close(loop), 0);
}

/* Numbers come and go; what the table says is held against a plain array. */
static void the_table_of_watches_survives_every_order_of_coming_and_going(void **state)
{
    enum { NUMBERS = 700 };
    struct heard heard = {0};
    uv_loop_t loop;
    struct notify *notify = notify_make(&loop, &heard);
    bool is_known[NUMBERS] = {false};
    size_t known = 0;
    char bytes[64];

    (void)state;
    srandom(7);
    for (int i = 0; i < 20000; i++) {
        int number = (int)(random() % NUMBERS);
        int spread = number % 3 == 0 ? number * 64 : number; // collisions as well
        char path[16];
        char want[32];

        snprintf(path, sizeof path, "d%d", spread);
        snprintf(want, sizeof want, "d%d/file", spread);
        notify_take(notify, bytes, put_event(bytes, spread, IN_CREATE, "file"));
        assert_string_equal(heard.path, is_known[number] ? want : "");
        heard.path[0] = '\0';
        if (is_known[number])
            notify_take(notify, bytes, put_event(bytes, spread, IN_IGNORED, NULL));
        else
            notify_learn(notify, spread, path);
        known = is_known[number] ? known - 1 : known + 1;
        is_known[number] = !is_known[number];
        assert_int_equal(notify_count(notify), known);
    }
    free_and_close(notify, &loop, &heard);
}

static size_t memory_used(void)
{
    struct mallinfo2 info = mallinfo2(); // a sanitizer's allocator says 0

    return info.uordblks + info.hblkhd;
}

static void ten_thousand_directories_cost_less_than_three_mebibytes(void **state)
{
    struct heard heard = {0};
    uv_loop_t loop;
    struct notify *notify = notify_make(&loop, &heard);
    size_t before = memory_used();
    size_t after;

    (void)state;
    for (int i = 1; i <= 10000; i++) {
        char path[128];

        snprintf(path, sizeof path, "releases/2026/router-%04d/build-%04d/images/deploy", i / 10,
                 i);
        notify_learn(notify, i, path);
    }
    after = memory_used();
    assert_int_equal(notify_count(notify), 10000);
    print_message("10,000 directories: %zu KiB\n", (after - before) / 1024);
    assert_true(after - before < (size_t)3 << 20);
    free_and_close(notify, &loop, &heard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_of_watches_survives_every_order_of_coming_and_going),
        cmocka_unit_test(ten_thousand_directories_cost_less_than_three_mebibytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
