#include "test.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_OWN_ALLOCATOR 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define HAS_OWN_ALLOCATOR 1
#endif
#ifndef HAS_OWN_ALLOCATOR
#define HAS_OWN_ALLOCATOR 0
#endif

enum { BIG = 8 * 1024 * 1024, SURVIVED = 7 };

static void new_memory_is_zero(void **state)
{
    unsigned char *made = xcalloc(300, 7);

    (void)state;
    for (size_t i = 0; i < 2100; i++)
        assert_int_equal(made[i], 0);
    free(made);
}

static void grown_memory_keeps_what_it_held(void **state)
{
    char *text = xrealloc(NULL, 4);

    (void)state;
    memcpy(text, "abc", 4);
    text = xrealloc(text, 100000);
    assert_string_equal(text, "abc");
    free(text);
}

static void copies_are_whole_and_their_own(void **state)
{
    char text[] = "firmware.bin";
    auto_free char *copy = xstrdup(text);

    (void)state;
    text[0] = 'F';
    assert_string_equal(copy, "firmware.bin");
}

static void a_part_is_copied_up_to_its_size_or_its_end(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        size_t size;
        const char *want;
    } rows[] = {
        {"a part", "firmware.bin", 8, "firmware"},
        {"all of it", "firmware", 8, "firmware"},
        {"the text ends before", "fw", 8, "fw"},
        {"nothing", "firmware", 0, ""},
        {"of nothing", "", 3, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *copy = xstrndup(rows[i].text, rows[i].size);

        if (strcmp(copy, rows[i].want) != 0)
            fail_msg("%s: \"%s\"", rows[i].why, copy);
    }
}

static void a_formatted_text_is_as_long_as_it_needs(void **state)
{
    auto_free char *text = xasprintf("%s-%05d-%3000s", "a", 42, "end");
    auto_free char *empty = xasprintf("%s", "");

    (void)state;
    assert_int_equal(strlen(text), 2 + 6 + 3000);
    assert_memory_equal(text, "a-00042-  ", 10);
    assert_string_equal(text + strlen(text) - 4, " end");
    assert_string_equal(empty, "");
}

static void a_replaced_text_is_freed_and_may_come_from_the_slot_itself(void **state)
{
    char *slot = NULL;

    (void)state;
    text_replace(&slot, "one");
    assert_string_equal(slot, "one");
    text_replace(&slot, slot + 1);
    assert_string_equal(slot, "ne");
    text_replace(&slot, NULL);
    assert_null(slot);
    text_replace(&slot, NULL);
    assert_null(slot);
}

static void *ask_calloc(const char *big)
{
    (void)big;
    return xcalloc(BIG, 2);
}

static void *ask_overflow(const char *big)
{
    (void)big;
    return xcalloc(SIZE_MAX / 2, 4);
}

static void *ask_realloc(const char *big)
{
    (void)big;
    return xrealloc(NULL, BIG);
}

static void *ask_strdup(const char *big)
{
    return xstrdup(big);
}

static void *ask_strndup(const char *big)
{
    return xstrndup(big, BIG - 1);
}

static void *ask_asprintf(const char *big)
{
    return xasprintf("%s", big);
}

/* In a child that may not have more memory than it has. Never returns. */
static void ask_without_memory(void *(*ask)(const char *big), const char *big)
{
    const struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_AS, &none);
    _exit(ask(big) ? SURVIVED : SURVIVED + 1);
}

static void out_of_memory_ends_the_process(void **state)
{
    static const struct {
        const char *why;
        void *(*ask)(const char *big);
    } rows[] = {
        {"new memory", ask_calloc},        {"a product that overflows", ask_overflow},
        {"grown memory", ask_realloc},     {"a copy", ask_strdup},
        {"a copy of a part", ask_strndup}, {"a formatted text", ask_asprintf},
    };

    (void)state;
    if (HAS_OWN_ALLOCATOR)
        skip(); // a sanitizer's allocator ends the process by itself
    auto_free char *big = xcalloc(BIG, 1);
    memset(big, 'x', BIG - 1);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int status = 0;
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0)
            ask_without_memory(rows[i].ask, big);
        assert_int_equal(waitpid(child, &status, 0), child);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
            fail_msg("%s: the process ended with status %d", rows[i].why, status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_memory_is_zero),
        cmocka_unit_test(grown_memory_keeps_what_it_held),
        cmocka_unit_test(copies_are_whole_and_their_own),
        cmocka_unit_test(a_part_is_copied_up_to_its_size_or_its_end),
        cmocka_unit_test(a_formatted_text_is_as_long_as_it_needs),
        cmocka_unit_test(a_replaced_text_is_freed_and_may_come_from_the_slot_itself),
        cmocka_unit_test(out_of_memory_ends_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
