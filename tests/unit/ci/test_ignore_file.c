#include "test.h"

#include "base/auto.h"
#include "ci/ignore_file.h"
#include "found.h"

#define DAY_MS INT64_C(86400000)

/* 2026-01-31T00:00:00Z */
#define LAST_DAY INT64_C(1769817600000)

#define ENTRY(id, reason, expires) "  - {id: " id ", reason: " reason ", expires: " expires "}\n"

static void an_entry_holds_to_the_end_of_its_day(void **state)
{
    auto_ignore_file struct ignore_file *file =
        found_ignore("ignore:\n" ENTRY("CVE-1", "not built", "2026-01-31"));
    const struct ignore_entry *entry = ignore_file_find(file, "CVE-1");

    (void)state;
    assert_non_null(entry);
    assert_string_equal(entry->reason, "not built");
    assert_string_equal(entry->expires, "2026-01-31");
    assert_true(ignore_entry_holds(entry, LAST_DAY));
    assert_true(ignore_entry_holds(entry, LAST_DAY + DAY_MS - 1));
    assert_false(ignore_entry_holds(entry, LAST_DAY + DAY_MS));
}

static void every_entry_is_found_without_case(void **state)
{
    static const char *const ids[] = {"cve-2024-1", "B", "a", "Zz", "0", "m", "CVE-2024-10"};
    auto_ignore_file struct ignore_file *file = found_ignore(
        "ignore:\n" ENTRY("CVE-2024-10", "r", "2026-01-31") ENTRY("zz", "r", "2026-01-31")
            ENTRY("A", "r", "2026-01-31") ENTRY("b", "r", "2026-01-31")
                ENTRY("\"0\"", "r", "2026-01-31") ENTRY("M", "r", "2026-01-31")
                    ENTRY("CVE-2024-1", "r", "2026-01-31"));

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        if (!ignore_file_find(file, ids[i]))
            fail_msg("%s is not found", ids[i]);
    }
    assert_null(ignore_file_find(file, "CVE-2024-100"));
    assert_null(ignore_file_find(file, ""));
    assert_null(ignore_file_find(NULL, "a"));
}

static void nothing_may_be_ignored_yet(void **state)
{
    static const char *const texts[] = {"", "# nothing\n", "ignore: []\n", "ignore:\n"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        auto_ignore_file struct ignore_file *file = found_ignore(texts[i]);

        assert_null(ignore_file_find(file, "a"));
        assert_null(ignore_file_unused(file, 0));
    }
}

static void a_mistake_is_told_with_its_place(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *says;
    } rows[] = {
        {"no reason", "ignore:\n  - {id: a, expires: 2026-01-31}\n",
         "f.yaml:2:5: an entry without reason; each needs id, reason and expires"},
        {"no ID", "ignore:\n  - {reason: a, expires: 2026-01-31}\n", "2:5: an entry without id"},
        {"no last day", "ignore:\n  - {id: a, reason: b}\n", "2:5: an entry without expires"},
        {"a reason of blanks", "ignore:\n  - {id: a, reason: \"  \", expires: 2026-01-31}\n",
         "2:21: reason has no text"},
        {"an ID that is null", "ignore:\n  - {id: ~, reason: b, expires: 2026-01-31}\n",
         "2:10: id has no text"},
        {"an ID that is a list", "ignore:\n  - {id: [a], reason: b, expires: 2026-01-31}\n",
         "2:10: id has no text"},
        {"a date in words", "ignore:\n  - {id: a, reason: b, expires: never}\n",
         "2:33: expires is no date"},
        {"a date with a time", "ignore:\n  - {id: a, reason: b, expires: 2026-01-31T00}\n",
         "expires is no date"},
        {"no such day", "ignore:\n  - {id: a, reason: b, expires: 2026-06-31}\n",
         "expires: 2026-06-31 is not in the calendar"},
        {"no such month", "ignore:\n  - {id: a, reason: b, expires: 2026-13-01}\n",
         "not in the calendar"},
        {"an unknown key", "ignore:\n  - {id: a, reason: b, expired: 2026-01-31}\n",
         "2:24: unknown key expired; write expires"},
        {"a key of elsewhere", "ignore:\n  - {id: a, severity: HIGH}\n",
         "unknown key severity; write id, reason and expires"},
        {"another top", "ignores: []\n", "f.yaml:1:1: unknown key ignores; write ignore"},
        {"a list at the top", "- a\n", "want a mapping"},
        {"no list", "ignore: a\n", "1:9: ignore is a list"},
        {"a text for an entry", "ignore:\n  - CVE-1\n", "2:5: an entry is a mapping"},
        {"the same key twice", "ignore:\n  - {id: a, id: b}\n", "the key id stands twice"},
        {"the same ID twice",
         "ignore:\n" ENTRY("a", "r", "2026-01-31") ENTRY("b", "r", "2026-01-31")
             ENTRY("A", "r", "2026-01-31"),
         "f.yaml:4:10: A stands twice, first in line 2; keep one"},
        {"no YAML", "ignore: [\n", "f.yaml:"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err;
        auto_ignore_file struct ignore_file *file =
            ignore_file_parse("f.yaml", rows[i].text, strlen(rows[i].text), &err);

        if (file)
            fail_msg("%s: taken as good", rows[i].why);
        if (err.kind != ERR_CONFIG || !strstr(err.message, rows[i].says))
            fail_msg("%s: %s", rows[i].why, err.message);
    }
}

static void notices_list_some_and_count_all(void **state)
{
    auto_ignore_file struct ignore_file *file =
        found_ignore("ignore:\n" ENTRY("a", "r", "2026-01-31") ENTRY("b", "r", "2026-01-31")
                         ENTRY("c", "r", "2026-01-31") ENTRY("d", "r", "2026-01-31")
                             ENTRY("e", "r", "2026-01-31") ENTRY("f", "r", "2026-01-31")
                                 ENTRY("old", "r", "2025-01-31"));
    auto_free char *expired = ignore_file_expired(file, LAST_DAY);

    (void)state;
    assert_string_equal(
        expired, "ignore.yaml: 1 entry expired and ignores nothing any more: old (2025-01-31)");
    assert_non_null(ignore_file_find(file, "a"));
    assert_non_null(ignore_file_find(file, "old"));
    auto_free char *unused = ignore_file_unused(file, LAST_DAY);
    assert_string_equal(unused, "ignore.yaml: 5 entries match no new finding: b, c, d, e, f");
    auto_free char *all = ignore_file_expired(file, LAST_DAY + DAY_MS);
    assert_non_null(strstr(all, "7 entries expired and ignore nothing any more: a (2026-01-31), "));
    assert_non_null(strstr(all, " and 2 more"));
    assert_null(ignore_file_unused(file, LAST_DAY + DAY_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_holds_to_the_end_of_its_day),
        cmocka_unit_test(every_entry_is_found_without_case),
        cmocka_unit_test(nothing_may_be_ignored_yet),
        cmocka_unit_test(a_mistake_is_told_with_its_place),
        cmocka_unit_test(notices_list_some_and_count_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
