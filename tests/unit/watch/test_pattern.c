#include "test.h"

#include <time.h>

#include "base/auto.h"
#include "watch/pattern.h"

/* Both absent, or the same text. */
static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void named_groups_are_read_from_the_path(void **state)
{
    static const struct {
        const char *why;
        const char *pattern;
        const char *subject;
        const char *product; /* NULL: not set */
        enum pattern_outcome want;
    } rows[] = {
        {"the documented example", "^(?<product>[^/]+)/(?<version>[^/]+)/[^/]+$", "r/1.0/fw.bin",
         "r", PATTERN_MATCHED},
        {"too deep", "^(?<product>[^/]+)/(?<version>[^/]+)/[^/]+$", "a/r/1.0/fw.bin", NULL,
         PATTERN_NO_MATCH},
        {"not bound to the start", "(?<product>[a-z]+)-[0-9]", "x/y/router-1.bin", "router",
         PATTERN_MATCHED},
        {"a group that takes no part", "^(?:(?<product>a)|b)", "b", NULL, PATTERN_MATCHED},
        {"an empty group", "^(?<product>x*)", "b", "", PATTERN_MATCHED},
        {"one name for two groups", "(?J)^(?:a(?<product>.)|b(?<product>.))$", "bz", "z",
         PATTERN_MATCHED},
        {"no groups at all", "bin$", "x.bin", NULL, PATTERN_MATCHED},
        {"the end is the very end", "^x$", "x\n", NULL, PATTERN_NO_MATCH},
        {"paths are bytes", "^(?<product>.)$", "\xff", "\xff", PATTERN_MATCHED},
        {"a character of two bytes is two", "^(?<product>.)$", "\xc3\xbc", NULL, PATTERN_NO_MATCH},
        {"an empty path", "^$", "", NULL, PATTERN_MATCHED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err;
        auto_pattern struct pattern *pattern = pattern_new(rows[i].pattern, &err);
        auto_pattern_groups struct pattern_groups groups = {0};

        if (!pattern)
            fail_msg("%s: %s", rows[i].why, err.message);
        if (pattern_run(pattern, rows[i].subject, &groups) != rows[i].want)
            fail_msg("%s: another outcome", rows[i].why);
        const char *product = pattern_groups_value(&groups, "product");

        if (!is_same(product, rows[i].product))
            fail_msg("%s: \"%s\"", rows[i].why, product ? product : "not set");
        assert_null(pattern_groups_value(&groups, "other"));
        assert_string_equal(pattern_text(pattern), rows[i].pattern);
    }
}

static void a_wrong_pattern_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *why;
        const char *pattern;
        const char *want;
    } rows[] = {
        {"an open group", "^(?<product>x", "missing closing parenthesis (byte 14 of"},
        {"nothing to repeat", "a/*b/**", "quantifier does not follow a repeatable item"},
        {"the same name twice", "(?<a>x)(?<a>y)", "two named subpatterns have the same name"},
        {"a name with a dash", "(?<a-b>x)", "syntax error in subpattern name"},
        {"characters instead of bytes", "(*UTF)x", "UTF"},
        {"characters' properties", "(*UCP)x", "UCP"},
        {"names are shown safely", "\x1b(", "\\x1b("},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err;
        auto_pattern struct pattern *pattern = pattern_new(rows[i].pattern, &err);

        if (pattern)
            fail_msg("%s: accepted", rows[i].why);
        if (err.kind != ERR_CONFIG || !strstr(err.message, rows[i].want))
            fail_msg("%s: %s", rows[i].why, err.message);
    }
}

static void an_oversized_pattern_is_refused(void **state)
{
    char text[4098];
    struct err err;

    (void)state;
    memset(text, 'x', sizeof text);
    text[4097] = '\0';
    assert_null(pattern_new(text, &err));
    assert_non_null(strstr(err.message, "over 4096 bytes"));
}

static void each_name_is_listed_once(void **state)
{
    struct err err;
    auto_pattern struct pattern *pattern = pattern_new("(?J)(?<b>1)|(?<b>2)|(?<a>3)", &err);
    auto_pattern struct pattern *plain = pattern_new("(x)", &err);

    (void)state;
    assert_non_null(pattern);
    const char *const *names = pattern_names(pattern);

    assert_string_equal(names[0], "a");
    assert_string_equal(names[1], "b");
    assert_null(names[2]);
    assert_non_null(plain);
    assert_null(pattern_names(plain)[0]);
}

static void fill(char *text, size_t size, const char *unit, const char *end)
{
    for (size_t i = 0; i < size; i++)
        text[i] = unit[i % strlen(unit)];
    memcpy(text + size - strlen(end), end, strlen(end) + 1);
}

static void honest_patterns_have_room_on_paths_of_4_kib(void **state)
{
    static const struct {
        const char *why;
        const char *pattern;
        const char *unit;
        enum pattern_outcome want;
    } rows[] = {
        {"by folders", "^(?<p>[^/]+)/(?<v>[^/]+)/", "router/", PATTERN_MATCHED},
        {"the last folders", "^.*/(?<p>[^/]+)/(?<v>[^/]+)\\.bin$", "router/", PATTERN_MATCHED},
        {"a long way back", "^(?<p>.*)-(?<v>\\d+)", "abcdefg/", PATTERN_NO_MATCH},
        {"optional folders", "^(?:.*/)?(?<p>[a-z]+)-(?<v>\\d+)\\.bin$", "a/", PATTERN_NO_MATCH},
        {"folder by folder", "^(?:[^/]+/)*(?<p>[^/]+)\\.bin$", "a/", PATTERN_MATCHED},
        {"folder by folder, in vain", "^(?:[^/]+/)*(?<p>[^/]+)\\.img$", "a/", PATTERN_NO_MATCH},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char path[4200];
        struct err err;
        auto_pattern struct pattern *pattern = pattern_new(rows[i].pattern, &err);
        auto_pattern_groups struct pattern_groups groups = {0};

        fill(path, 4095, rows[i].unit, "x.bin");
        assert_non_null(pattern);
        if (pattern_run(pattern, path, &groups) != rows[i].want)
            fail_msg("%s: another outcome", rows[i].why);
    }
}

static int64_t cpu_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void a_pattern_without_end_gives_up_and_works_again(void **state)
{
    static const struct {
        const char *why;
        const char *pattern;
        const char *unit;
        size_t size;
        const char *end;
        const char *good;
    } rows[] = {
        {"nested repeats", "^(a+)+$", "a", 41, "!", "aaa"},
        {"nested repeats, bound nowhere", "(a|aa)+$", "a", 60, "!", "aaa"},
        {"three lazy ones", "^(.+?)_(.+?)_(.+?)_(.+)\\.img$", "a_", 255, ".img!", "a_b_c_d.img"},
        {"without end in depth", "^(a(?1)?a|!)*b$", "a", 4000, "!bx", "!b"},
        {"bound nowhere, on a very long path", "(?:[^/]+/)*[^/]+\\.img$", "a/", 4095, "!",
         "a/b.img"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char path[4200];
        struct err err;
        auto_pattern struct pattern *pattern = pattern_new(rows[i].pattern, &err);
        auto_pattern_groups struct pattern_groups groups = {0};
        int64_t start_ms = cpu_ms();

        assert_non_null(pattern);
        fill(path, rows[i].size, rows[i].unit, rows[i].end);
        if (pattern_run(pattern, path, &groups) != PATTERN_GAVE_UP)
            fail_msg("%s: it did not give up", rows[i].why);
        assert_int_equal(groups.count, 0);
        if (cpu_ms() - start_ms > 500)
            fail_msg("%s: %jd ms", rows[i].why, (intmax_t)(cpu_ms() - start_ms));
        if (pattern_run(pattern, rows[i].good, &groups) != PATTERN_MATCHED)
            fail_msg("%s: nothing matches any more", rows[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(named_groups_are_read_from_the_path),
        cmocka_unit_test(a_wrong_pattern_is_refused_with_its_place),
        cmocka_unit_test(an_oversized_pattern_is_refused),
        cmocka_unit_test(each_name_is_listed_once),
        cmocka_unit_test(honest_patterns_have_room_on_paths_of_4_kib),
        cmocka_unit_test(a_pattern_without_end_gives_up_and_works_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
