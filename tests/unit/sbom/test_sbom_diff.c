#include "test.h"

#include "list_fixture.h"

/* Each pair also the other way round, which must tell the mirror image, and each with itself. */
static const struct {
    const char *old_name;
    const char *new_name;
    const char *want;
} pairs[] = {
    {"cdx-1.4.json", "cdx-1.4-next.json",
     "~@angular/core 14.0.0 > 16.0.0\n"
     "-busybox 1.35.0\n"
     "+dropbear 2022.83\n"
     "~typing-extensions 4.4.0 > 4.5.0\n" /* another spelling of the same package */
     "~wifi-blob r12 > r14\n"
     "=zlib 1.2.13\n"},
    {"cdx-1.5.json", "cdx-1.5-again.json", ""},
    {"cdx-1.6.json", "cdx-1.6-again.json", ""},
    {"cdx-1.6.json", "cdx-1.6-next.json",
     "-com.acme/updater 2.0\n"
     "+com.acme/updater-ng 2.0\n"
     "=openssl 3.0.13\n"
     "~zstd 1.5.5 > 1.5.6\n"},
    {"cdx-1.3.xml", "cdx-1.3-next.xml",
     "=FreeRTOS 10.5.1\n"
     "-heap_4 10.5.1\n"
     "+heap_5 10.5.1\n"
     "~lwip 2.1.2 > 2.1.3\n"},
    {"cdx-1.6.xml", "cdx-1.6-again.xml", ""},
    {"cdx-1.6.xml", "cdx-1.6-next.xml",
     "~openssl 3.0.13 > 3.0.14\n"
     "+zstd – groß 1.5.5\n"
     "-zstd – klein 1.5.5\n"},
    {"spdx-2.2.json", "spdx-2.2-next.json",
     "=agent 0.9\n"
     "=busybox 1.36.1\n"
     "~linux 6.1.55 > 6.1.60\n"}, /* the same CPE in both its spellings */
    {"spdx-2.3.json", "spdx-2.3-again.json", ""},
    {"spdx-2.3.json", "spdx-2.3-next.json",
     "+musl 1.2.4\n"
     "=openssl 3.0.13\n"
     "~updater 2.0 > 2.1\n"},
    {"spdx-2.3.spdx", "spdx-2.3-again.spdx", ""},
    {"spdx-2.3.spdx", "spdx-2.3-next.spdx",
     "~openssl 3.0.13 > 3.1.0\n"
     "=updater 2.0\n"},
    {"spdx-3.0.1.json", "spdx-3.0.1-again.json", ""},
    {"spdx-3.0.1.json", "spdx-3.0.1-next.json",
     "+openssl 3.0.13\n" /* its package URL is another one's */
     "-openssl 3.0.13\n"
     "~updater 2.0 > 2.1\n"},

    /* of two kinds: no details */
    {"spdx-2.3.json", "spdx-2.3.spdx", ""},
    {"spdx-3.0.1.json", "spdx-2.3.json",
     "-updater 2.0\n" /* SPDX 3 has suppliers only by reference */
     "+updater 2.0\n"},
    {"cdx-1.6.json", "spdx-2.3.json",
     "-com.acme/updater 2.0\n" /* SPDX has no groups */
     "-kernel/linux 5.15.148\n"
     "-přehled \360\237\223\246.bin \n"
     "+updater 2.0\n"
     "-zstd 1.5.5\n"},
    {"cdx-1.6.json", "cdx-empty.json",
     "-com.acme/updater 2.0\n"
     "-kernel/linux 5.15.148\n"
     "-openssl 3.0.13\n"
     "-přehled \360\237\223\246.bin \n"
     "-zstd 1.5.5\n"},
};

static void differences_of_real_documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        auto_listed struct listed before = listed_fixture(pairs[i].old_name);
        auto_listed struct listed after = listed_fixture(pairs[i].new_name);

        expect_differences(pairs[i].new_name, &before, &after, pairs[i].want);
        expect_differences(pairs[i].old_name, &before, &before, "");
        expect_differences(pairs[i].new_name, &after, &after, "");
    }
}

static void backwards_added_is_removed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        auto_listed struct listed before = listed_fixture(pairs[i].old_name);
        auto_listed struct listed after = listed_fixture(pairs[i].new_name);
        struct sbom_diff_counts forth;
        struct sbom_diff_counts back;
        struct err err = {0};

        assert_true(sbom_diff(before.list, after.list, NULL, NULL, &forth, &err));
        assert_true(sbom_diff(after.list, before.list, NULL, NULL, &back, &err));
        assert_int_equal(forth.added, back.removed);
        assert_int_equal(forth.removed, back.added);
        assert_int_equal(forth.version, back.version);
        assert_int_equal(forth.detail, back.detail);
    }
}

/* What the ledger calls a change, the comparison can show, and the other way round. */
static void no_difference_is_the_same_component_id(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        struct sbom_facts before = fixture_facts(pairs[i].old_name);
        struct sbom_facts after = fixture_facts(pairs[i].new_name);
        bool same = strcmp(before.component_id, after.component_id) == 0;

        if (before.kind == after.kind && same != (pairs[i].want[0] == '\0'))
            fail_msg("%s and %s: component_id %s", pairs[i].old_name, pairs[i].new_name,
                     same ? "equal" : "differs");
    }
}

#define P(version)                                                                                 \
    "{\"purl\":\"pkg:deb/debian/p@" version "\",\"name\":\"p\",\"version\":\"" version "\"}"
#define HASHED(hash) "{\"name\":\"h\",\"version\":\"1\",\"hashes\":[\"" hash "\"]}"

static void several_of_one_identity_are_compared_version_by_version(void **state)
{
    static const struct {
        const char *why;
        const char *before;
        const char *after;
        const char *want;
    } rows[] = {
        {"one of two changed", P("1.0") "," P("2.0"), P("3.0") "," P("1.0"), "~p 2.0 > 3.0\n"},
        {"one more", P("1.0"), P("2.0") "," P("1.0"), "+p 2.0\n"},
        {"one less", P("2.0") "," P("1.0"), P("2.0"), "-p 1.0\n"},
        {"the same twice", P("1.0"), P("1.0") "," P("1.0"), "+p 1.0\n"},
        {"one of two equal ones changed", P("1.0") "," P("1.0"), P("1.0") "," P("2.0"),
         "~p 1.0 > 2.0\n"},
        {"paired in order, the rest is added", P("1.0") "," P("5.0"),
         P("9.0") "," P("1.1") "," P("5.1"), "~p 1.0 > 1.1\n~p 5.0 > 5.1\n+p 9.0\n"},
        {"long versions that begin alike", P("2024.01.01-10") "," P("2024.01.01-30"),
         P("2024.01.01-31") "," P("2024.01.01-11"),
         "~p 2024.01.01-10 > 2024.01.01-11\n~p 2024.01.01-30 > 2024.01.01-31\n"},
        {"all gone", P("1.0") "," P("2.0"), "", "-p 1.0\n-p 2.0\n"},
        {"nothing at all", "", "", ""},
        {"a hash", HASHED("a"), HASHED("b"), "=h 1\n"},
        {"one hash of two", HASHED("a") "," HASHED("b"), HASHED("c") "," HASHED("a"), "=h 1\n"},
        {"a hash and one more", HASHED("a"), HASHED("b") "," HASHED("c"), "=h 1\n+h 1\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_listed struct listed before = listed_components(rows[i].before);
        auto_listed struct listed after = listed_components(rows[i].after);

        expect_differences(rows[i].why, &before, &after, rows[i].want);
    }
}

#define N(name, version) "{\"name\":\"" name "\",\"version\":\"" version "\"}"

static void differences_come_sorted_by_their_texts(void **state)
{
    static const char added[] = N("zebra", "1") "," N("component-with-a-long-name-2", "1") "," N(
        "component-with-a-long-name-10",
        "2") "," N("component-with-a-long-name-10",
                   "10") "," N("ab",
                               "2") "," N("a",
                                          "3") "," N("\xc3\xa4",
                                                     "1") "," N("Zebra",
                                                                "1") "," N("abcdefgh",
                                                                           "1") "," N("abcdefghi",
                                                                                      "1") "," N("a"
                                                                                                 "b"
                                                                                                 "c"
                                                                                                 "d"
                                                                                                 "e"
                                                                                                 "f"
                                                                                                 "g",
                                                                                                 "1") ","
                                                                                                      "{\"group\":\"a\",\"name\":\"z\"}," N(
                                                                                                          "",
                                                                                                          "0");
    auto_listed struct listed before = listed_components("");
    auto_listed struct listed after = listed_components(added);

    (void)state;
    expect_differences("by bytes", &before, &after,
                       "+ 0\n"
                       "+Zebra 1\n"
                       "+a 3\n"
                       "+a/z \n"
                       "+ab 2\n"
                       "+abcdefg 1\n"
                       "+abcdefgh 1\n"
                       "+abcdefghi 1\n"
                       "+component-with-a-long-name-10 10\n"
                       "+component-with-a-long-name-10 2\n"
                       "+component-with-a-long-name-2 1\n"
                       "+zebra 1\n"
                       "+\xc3\xa4 1\n");
}

struct texts {
    size_t count;
    char name[2048];
    char identity[2048];
    char version[2048];
};

static bool keep_texts(void *owner, const struct sbom_difference *difference, struct err *err)
{
    struct texts *texts = owner;

    (void)err;
    texts->count++;
    snprintf(texts->name, sizeof texts->name, "%s", difference->name);
    snprintf(texts->identity, sizeof texts->identity, "%s", difference->identity);
    snprintf(texts->version, sizeof texts->version, "%s", difference->new_version);
    return true;
}

/* The only difference of a document that has the component and one that has nothing. */
static struct texts texts_of(const char *component)
{
    auto_listed struct listed before = listed_components("");
    auto_listed struct listed after = listed_components(component);
    struct sbom_diff_counts counts;
    struct texts texts = {0};
    struct err err = {0};

    if (!after.list || !sbom_diff(before.list, after.list, keep_texts, &texts, &counts, &err))
        fail_msg("%s%s", after.err.message, err.message);
    assert_int_equal(texts.count, 1);
    return texts;
}

static void texts_are_shown_as_written(void **state)
{
    static const struct {
        const char *why;
        const char *component;
        const char *name;
        const char *identity;
        const char *version;
    } rows[] = {
        {"a purl, with all it has",
         "{\"name\":\"n\",\"purl\":\"pkg:PyPI/A_b@1%2B2?x=%20y#z\",\"cpe\":\"cpe:/a:b\"}", "n",
         "pkg:PyPI/A_b@1%2B2?x=%20y#z", "1+2"},
        {"the version's own field before the purl's",
         "{\"name\":\"n\",\"purl\":\"pkg:generic/n@1\",\"version\":\"2\"}", "n", "pkg:generic/n@1",
         "2"},
        {"an empty version is none", "{\"name\":\"n\",\"purl\":\"pkg:a/n@1\",\"version\":\"\"}",
         "n", "pkg:a/n@1", "1"},
        {"a CPE and the version in it", "{\"name\":\"n\",\"cpe\":\"cpe:2.3:a:b:c:1\\\\.0:*\"}", "n",
         "cpe:2.3:a:b:c:1\\.0:*", "1.0"},
        {"a CPE that says any version", "{\"name\":\"n\",\"cpe\":\"cpe:2.3:a:b:c:*:*\"}", "n",
         "cpe:2.3:a:b:c:*:*", ""},
        {"a CPE that says none", "{\"name\":\"n\",\"cpe\":\"cpe:2.3:a:b:c:-:*\"}", "n",
         "cpe:2.3:a:b:c:-:*", ""},
        {"group and name", "{\"group\":\"org.acme\",\"name\":\"router\"}", "org.acme/router",
         "org.acme/router", ""},
        {"nothing", "{}", "", "", ""},
        {"escapes and controls", "{\"name\":\"a\\n\\u001b[1m\\u00e4\"}", "a\n\033[1m\xc3\xa4",
         "a\n\033[1m\xc3\xa4", ""},
        {"up to a NUL", "{\"name\":\"a\\u0000b\",\"version\":\"1\"}", "a", "a", "1"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct texts texts = texts_of(rows[i].component);

        if (strcmp(texts.name, rows[i].name) != 0 ||
            strcmp(texts.identity, rows[i].identity) != 0 ||
            strcmp(texts.version, rows[i].version) != 0)
            fail_msg("%s: '%s' '%s' '%s'", rows[i].why, texts.name, texts.identity, texts.version);
    }
}

/* A component whose name is made of that character, about size bytes of it, and a last one. */
static struct listed long_name(size_t size, char last, const char *wide)
{
    auto_buf struct buf buf = {.max = 1 << 20};

    buf_print(&buf, "{\"name\":\"");
    while (buf.size < size + 8)
        buf_print(&buf, "%s", wide);
    buf_print(&buf, "%c\"}", last);
    return listed_components(buf.bytes);
}

static void long_texts_are_cut_for_people_and_compared_whole(void **state)
{
    static const size_t sizes[] = {511, 512, 513, 600, 4095, 4096, 5000, 20000};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        auto_listed struct listed a = long_name(sizes[i], 'a', "x");
        auto_listed struct listed same = long_name(sizes[i], 'a', "x");
        auto_listed struct listed b = long_name(sizes[i], 'b', "x");
        struct sbom_diff_counts counts;
        struct texts texts = {0};
        struct err err = {0};

        expect_differences("the same", &a, &same, "");
        assert_true(sbom_diff(a.list, b.list, NULL, NULL, &counts, &err));
        assert_int_equal(counts.added + counts.removed, 2);
        auto_listed struct listed nothing = listed_components("");
        assert_true(sbom_diff(nothing.list, a.list, keep_texts, &texts, &counts, &err));
        assert_int_equal(strlen(texts.name), sizes[i] < 512 ? sizes[i] : 512);
    }
}

static void no_character_is_cut_in_two(void **state)
{
    static const struct {
        const char *wide;
        size_t want;
    } rows[] = {{"\xc3\xa4", 512}, {"\xe2\x82\xac", 510}, {"\xf0\x9f\x93\xa6", 512}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_listed struct listed nothing = listed_components("");
        auto_listed struct listed a = long_name(3000, 'a', rows[i].wide);
        struct sbom_diff_counts counts;
        struct texts texts = {0};
        struct err err = {0};

        assert_true(sbom_diff(nothing.list, a.list, keep_texts, &texts, &counts, &err));
        assert_int_equal(strlen(texts.name), rows[i].want);
    }
}

static bool stop_at_second(void *owner, const struct sbom_difference *difference, struct err *err)
{
    size_t *calls = owner;

    (void)difference;
    return ++*calls < 2 || err_set(err, ERR_DISK_FULL, "write report: no room");
}

static void it_stops_when_it_is_told_to(void **state)
{
    auto_listed struct listed before = listed_components("");
    auto_listed struct listed after =
        listed_components(N("a", "1") "," N("b", "1") "," N("c", "1"));
    struct sbom_diff_counts counts = {-1, -1, -1, -1};
    struct err err = {0};
    size_t calls = 0;

    (void)state;
    assert_false(sbom_diff(before.list, after.list, stop_at_second, &calls, &counts, &err));
    assert_int_equal(calls, 2);
    assert_int_equal(err.kind, ERR_DISK_FULL);
    assert_string_equal(err.message, "write report: no room");
    assert_int_equal(counts.added, -1);
}

static void lost_texts_are_said_to_be_lost(void **state)
{
    auto_listed struct listed before = listed_components(P("1.0") "," P("2.0"));
    auto_listed struct listed after = listed_components(P("3.0") "," P("4.0"));
    auto_buf struct buf lines = {.max = 1 << 16};
    struct sbom_diff_counts counts;
    struct err err = {0};

    (void)state;
    assert_int_equal(ftruncate(before.scratch, 10), 0);
    assert_false(sbom_diff(before.list, after.list, add_line, &lines, &counts, &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_non_null(strstr(err.message, "read scratch file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_of_real_documents),
        cmocka_unit_test(backwards_added_is_removed),
        cmocka_unit_test(no_difference_is_the_same_component_id),
        cmocka_unit_test(several_of_one_identity_are_compared_version_by_version),
        cmocka_unit_test(differences_come_sorted_by_their_texts),
        cmocka_unit_test(texts_are_shown_as_written),
        cmocka_unit_test(long_texts_are_cut_for_people_and_compared_whole),
        cmocka_unit_test(no_character_is_cut_in_two),
        cmocka_unit_test(it_stops_when_it_is_told_to),
        cmocka_unit_test(lost_texts_are_said_to_be_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
