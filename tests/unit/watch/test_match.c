#include "test.h"

#include <regex.h>
#include <time.h>

#include "base/auto.h"
#include "watch/match.h"

static void globs_match_whole_paths(void **state)
{
    static const struct {
        const char *why;
        const char *pattern;
        const char *path;
        bool want;
    } rows[] = {
        {"any depth is also none", "**/*.bin", "x.bin", true},
        {"any depth", "**/*.bin", "a/b/c/x.bin", true},
        {"the whole name", "**/*.bin", "x.bin.part", false},
        {"a star stays in its component", "*.bin", "a/x.bin", false},
        {"a star is also nothing", "*.bin", ".bin", true},
        {"a star alone", "*", "x", true},
        {"a star alone is one component", "*", "a/x", false},
        {"stars inside", "a*b*c", "a1b2b3c", true},
        {"what stands behind the last star is bound to the end", "*ab", "abab", true},
        {"runs do not overlap", "ab*ba", "aba", false},
        {"the first and the last run touch", "ab*ba", "abba", true},
        {"any folder in between", "a/**/z", "a/b/c/z", true},
        {"no folder in between", "a/**/z", "a/z", true},
        {"the prefix is bound", "a/**/z", "b/a/z", false},
        {"both ends are needed", "a/**/a", "a", false},
        {"a name anywhere", "**/sdk/**", "sdk/x", true},
        {"a name anywhere, deep", "**/sdk/**", "q/sdk/a/x", true},
        {"a deep end is at least one", "**/sdk/**", "q/sdk", false},
        {"not a part of the name", "**/sdk/**", "q/sdkx/a", false},
        {"two names in order", "**/a/**/b/*", "x/a/y/a/b/f", true},
        {"two names out of order", "**/a/**/b/*", "x/b/y/a/f", false},
        {"deep wildcards add nothing to each other", "**/**/x", "x", true},
        {"everything", "**", "a/b/c", true},
        {"everything but the folder itself", "**", "", false},
        {"a question mark is a byte", "?.bin", "a.bin", true},
        {"a question mark is no slash", "a?b", "a/b", false},
        {"a question mark is not nothing", "a?", "a", false},
        {"a character of two bytes", "??.bin", "\xc3\xbc.bin", true},
        {"names are bytes", "\xff*", "\xff\xfe", true},
        {"case counts", "*.BIN", "x.bin", false},
        {"a leading dot is a byte", "*", ".x", true},
        {"one of a set", "[abc].bin", "b.bin", true},
        {"none of a set", "[abc].bin", "d.bin", false},
        {"a range", "[a-cx-z]", "y", true},
        {"a negated range", "[!a-z]", "Q", true},
        {"a negated range, refused", "[!a-z]", "q", false},
        {"the other sign of negation", "[^a-z]", "q", false},
        {"a set is no slash", "a[!b]c", "a/c", false},
        {"a bracket in a set", "[]x]", "]", true},
        {"a dash at the end of a set", "[a-]", "-", true},
        {"an escaped bracket in a set", "[\\]a]", "]", true},
        {"an escaped end of a range", "[a-\\c]", "b", true},
        {"a set of high bytes", "[\xf0-\xff]", "\xf7", true},
        {"either", "*.{bin,img}", "x.img", true},
        {"neither", "*.{bin,img}", "x.swu", false},
        {"also nothing", "x.wic{,.gz}", "x.wic", true},
        {"nested", "x.{a,b{c,d}}", "x.bd", true},
        {"alternatives with slashes", "{a/**,b}/x", "a/q/r/x", true},
        {"two braces", "{a,b}{c,d}", "bc", true},
        {"a comma outside is a byte", "a,b", "a,b", true},
        {"an escaped star", "a\\*", "a*", true},
        {"an escaped star is no star", "a\\*", "ab", false},
        {"an escaped brace", "\\{a\\}", "{a}", true},
        {"a brace in a set", "[{]", "{", true},
        {"one alternative is none", "{ab}", "ab", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err;
        auto_match struct match *match = match_new(rows[i].pattern, &err);

        if (!match)
            fail_msg("%s: %s", rows[i].why, err.message);
        if (match_path(match, rows[i].path) != rows[i].want)
            fail_msg("%s: %s on %s", rows[i].why, rows[i].pattern, rows[i].path);
        assert_string_equal(match_text(match), rows[i].pattern);
    }
}

static void a_wrong_glob_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *why;
        const char *pattern;
        const char *want;
    } rows[] = {
        {"empty", "", "nothing between two slashes"},
        {"absolute", "/a", "before the first or after the last (byte 1 of \"/a\")"},
        {"an empty component", "a//b", "(byte 3 of \"a//b\")"},
        {"a folder", "a/", "(byte 3 of \"a/\")"},
        {"the way up", "a/../b", "no path has a component \".\" or \"..\" (byte 3"},
        {"the folder itself", "./a", "(byte 1"},
        {"an escaped dot is one", "\\./a", "(byte 1"},
        {"two stars beside text", "**.bin", "** must stand alone between slashes"},
        {"two stars behind text", "x/a**", "(byte 3 of"},
        {"three stars", "***", "** must stand alone"},
        {"an open bracket", "a/[bc", "the bracket is not closed (byte 3"},
        {"an empty bracket is open", "[]", "the bracket is not closed"},
        {"an empty negation is open", "[!]", "the bracket is not closed"},
        {"an open bracket with an escape", "[\\", "the bracket is not closed"},
        {"a range the wrong way round", "[z-a]", "the wrong way round (byte 2"},
        {"a slash in a bracket", "a[b/c]d", "can not match a slash (byte 4"},
        {"a range to a slash", "[+-/]", "can not match a slash"},
        {"an open brace", "{a,b", "the brace is not closed (byte 1"},
        {"the inner brace is open", "{a,{b}", "the brace is not closed (byte 1"},
        {"a closing brace alone", "ab}", "the brace was not opened"},
        {"a backslash at the end", "ab\\", "nothing follows the backslash (byte 3"},
        {"a fault in one alternative", "{a,}/b", "(byte 1 of \"/b\")"},
        {"too many alternatives", "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", "over 256"},
        {"names are shown safely", "\x1b[2J{", "\\x1b[2J{"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err;
        auto_match struct match *match = match_new(rows[i].pattern, &err);

        if (match)
            fail_msg("%s: accepted", rows[i].why);
        if (err.kind != ERR_CONFIG || !strstr(err.message, rows[i].want))
            fail_msg("%s: %s", rows[i].why, err.message);
    }
}

static void an_oversized_glob_is_refused(void **state)
{
    char pattern[MATCH_MAX_BYTES + 2];
    struct err err;

    (void)state;
    memset(pattern, '{', sizeof pattern);
    pattern[MATCH_MAX_BYTES + 1] = '\0';
    assert_null(match_new(pattern, &err));
    assert_non_null(strstr(err.message, "over 1024 bytes"));
    pattern[MATCH_MAX_BYTES] = '\0';
    assert_null(match_new(pattern, &err));
    assert_non_null(strstr(err.message, "not closed"));
}

static void below_means_every_path_below(void **state)
{
    static const struct {
        const char *why;
        const char *pattern;
        const char *path;
        bool want;
    } rows[] = {
        {"the folder named", "**/sdk/**", "a/sdk", true},
        {"a folder in it", "**/sdk/**", "a/sdk/x/y", true},
        {"a folder above it", "**/sdk/**", "a", false},
        {"only some files", "**/sdk/*", "sdk", false},
        {"only some names", "**/*.o", "a", false},
        {"everything, from the top", "**", "", true},
        {"everything, written longer", "**/*", "a", true},
        {"not from the top", "a/**", "", false},
        {"either", "{a,b}/**", "b", true},
        {"a single star is one level", "*", "", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err;
        auto_match struct match *match = match_new(rows[i].pattern, &err);

        assert_non_null(match);
        if (match_below(match, rows[i].path) != rows[i].want)
            fail_msg("%s: %s below %s", rows[i].why, rows[i].pattern, rows[i].path);
    }
}

static void the_first_of_a_list_that_matches_is_told(void **state)
{
    struct err err;
    auto_match struct match *bin = match_new("**/*.bin", &err);
    auto_match struct match *all = match_new("**", &err);
    struct match *const list[] = {bin, all};

    (void)state;
    assert_ptr_equal(match_any(list, 2, "x.bin"), bin);
    assert_ptr_equal(match_any(list, 2, "x.img"), all);
    assert_null(match_any(list, 1, "x.img"));
    assert_null(match_any(list, 0, "x.img"));
}

static int64_t cpu_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Backtracking would need more steps than there are atoms; the bound is a thousandfold margin. */
static void no_pattern_explodes(void **state)
{
    static const char *const patterns[] = {
        "**/a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b",
        "a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b/**",
        "**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/b",
        "**/a*/**/a*/**/a*/**/a*/**/a*/**/a*b/**/q",
        "**/?*?*?*?*?*?*?*?*?*?*?*?*?*[b]",
    };
    char flat[4096];
    char deep[4096];

    (void)state;
    memset(flat, 'a', sizeof flat);
    flat[sizeof flat - 1] = '\0';
    for (size_t i = 0; i + 1 < sizeof deep; i++)
        deep[i] = i % 2 ? '/' : 'a';
    deep[sizeof deep - 2] = 'a';
    deep[sizeof deep - 1] = '\0';
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        struct err err;
        auto_match struct match *match = match_new(patterns[i], &err);
        int64_t start_ms = cpu_ms();

        assert_non_null(match);
        assert_false(match_path(match, flat));
        assert_false(match_path(match, deep));
        if (cpu_ms() - start_ms > 2000)
            fail_msg("%s: %jd ms", patterns[i], (intmax_t)(cpu_ms() - start_ms));
    }
}

/* The same glob as a POSIX regular expression: libc is the judge of the test below. */
static void write_regex(const char *glob, char *regex)
{
    char *out = regex;

    *out++ = '^';
    for (const char *at = glob; *at; at++) {
        const char *piece = (char[]){*at, '\0'};

        if (strncmp(at, "**/", 3) == 0) {
            piece = "([^/]+/)*";
            at += 2;
        } else if (strcmp(at, "**") == 0) {
            piece = "[^/]+(/[^/]+)*";
            at++;
        } else if (*at == '*') {
            piece = "[^/]*";
        } else if (*at == '?') {
            piece = "[^/]";
        }
        out = stpcpy(out, piece);
    }
    stpcpy(out, "$");
}

/* A small generator of our own, so that a failure can be repeated. */
static unsigned draw(unsigned *random, unsigned below)
{
    *random = *random * 1103515245U + 12345U;
    return (*random >> 16) % below;
}

static void draw_path(unsigned *random, const char *const *components, unsigned count, char *path)
{
    char *out = path;

    for (unsigned i = 0, depth = 1 + draw(random, 5); i < depth; i++) {
        if (i > 0)
            *out++ = '/';
        out = stpcpy(out, components[draw(random, count)]);
    }
}

static void random_globs_agree_with_a_regular_expression(void **state)
{
    static const char *const parts[] = {"**", "**", "*",   "a",    "b",    "a*",   "*b", "?",
                                        "a?", "ab", "*a*", "a*b*", "*?a*", "a*b?", "aab"};
    static const char *const names[] = {"a", "b", "ab", "ba", "aab", "abb", "aaab", "abab", "bbb"};
    unsigned random = 20261123;
    unsigned hits = 0;

    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        char glob[64];
        char regex[256];
        regex_t oracle;
        struct err err;

        draw_path(&random, parts, COUNT_OF(parts), glob);
        write_regex(glob, regex);
        assert_int_equal(regcomp(&oracle, regex, REG_EXTENDED | REG_NOSUB), 0);
        auto_match struct match *match = match_new(glob, &err);

        assert_non_null(match);
        for (unsigned i = 0; i < 20; i++) {
            char path[64];

            draw_path(&random, names, COUNT_OF(names), path);
            bool want = regexec(&oracle, path, 0, NULL, 0) == 0;

            hits += want;
            if (match_path(match, path) != want)
                fail_msg("%s on %s: not %d", glob, path, want);
        }
        regfree(&oracle);
    }
    assert_in_range(hits, 3000, 57000); /* both answers were tried */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(globs_match_whole_paths),
        cmocka_unit_test(a_wrong_glob_is_refused_with_its_place),
        cmocka_unit_test(an_oversized_glob_is_refused),
        cmocka_unit_test(below_means_every_path_below),
        cmocka_unit_test(the_first_of_a_list_that_matches_is_told),
        cmocka_unit_test(no_pattern_explodes),
        cmocka_unit_test(random_globs_agree_with_a_regular_expression),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
