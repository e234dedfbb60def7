#include "test.h"

#include "onekey/named.h"
#include "wanted.h"

#define GROUPS(list) "{\"data\":{\"allProductGroups\":" list "}}"

static bool reply(const char *answer, struct named_list *list, struct err *err)
{
    return named_reply(NAMED_PRODUCT_GROUP, answer, strlen(answer), list, err);
}

static struct named_list groups(const char *answer)
{
    struct named_list list = {0};
    struct err err = {0};

    if (!reply(answer, &list, &err))
        fail_msg("%s", err.message);
    return list;
}

static void each_kind_asks_its_own_question(void **state)
{
    char *query = NULL;

    (void)state;
    assert_null(parse_request(named_request(NAMED_PRODUCT_GROUP), &query));
    assert_non_null(strstr(query, "allProductGroups {\n    id\n    name"));
    free(query);
    assert_null(parse_request(named_request(NAMED_ANALYSIS_CONFIGURATION), &query));
    assert_non_null(strstr(query, "allAnalysisConfigurations {\n    id\n    name"));
    free(query);
    assert_string_equal(named_kind_text(NAMED_PRODUCT_GROUP), "product group");
    assert_string_equal(named_kind_text(NAMED_ANALYSIS_CONFIGURATION), "analysis configuration");
}

static void a_name_finds_its_id(void **state)
{
    struct named_list list =
        groups(GROUPS("[{\"id\":\"1\",\"name\":\"Default\"},"
                      "{\"id\":\"R3JvdXA6Mg==\",\"name\":\"R\xc3\xb6uter\"}]"));
    const char *id = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(list.count, 2);
    assert_true(named_id_find(&list, "Default", &id, &err));
    assert_string_equal(id, "1");
    assert_true(named_id_find(&list, "R\xc3\xb6uter", &id, &err));
    assert_string_equal(id, "R3JvdXA6Mg==");
    named_list_release(&list);
    assert_int_equal(list.count, 0);
}

static void a_name_that_is_not_there_lists_those_that_are(void **state)
{
    static const struct {
        const char *why;
        const char *answer;
        const char *name;
        const char *message;
    } rows[] = {
        {"unknown", GROUPS("[{\"id\":\"1\",\"name\":\"A\"},{\"id\":\"2\",\"name\":\"B C\"}]"), "X",
         "find product group \"X\": unknown to the platform; known: \"A\", \"B C\""},
        {"names have their case", GROUPS("[{\"id\":\"1\",\"name\":\"A\"}]"), "a",
         "find product group \"a\": unknown to the platform; known: \"A\""},
        {"there are none", GROUPS("[]"), "A",
         "find product group \"A\": unknown to the platform; known: none"},
        {"two of that name",
         GROUPS("[{\"id\":\"1\",\"name\":\"A\"},{\"id\":\"2\",\"name\":\"A\"}]"), "A",
         "find product group \"A\": 2 have that name"},
        {"names made printable", GROUPS("[{\"id\":\"1\",\"name\":\"A\\nB\"}]"), "\x1b",
         "find product group \"\\x1b\": unknown to the platform; known: \"A\\x0aB\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct named_list list = groups(rows[i].answer);
        const char *id = NULL;
        struct err err = {0};

        assert_false(named_id_find(&list, rows[i].name, &id, &err));
        assert_int_equal(err.kind, ERR_CONFIG);
        if (strcmp(err.message, rows[i].message) != 0)
            fail_msg("%s: %s", rows[i].why, err.message);
        named_list_release(&list);
    }
}

/* GROUPS of that many, each name that long. */
static struct named_list many(int count, int length)
{
    json_t *entries = json_array();
    char name[200];

    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%0*d", length, i);
        json_array_append_new(entries, json_pack("{s:s, s:s}", "id", "x", "name", name));
    }
    json_t *answer = json_pack("{s:{s:o}}", "data", "allProductGroups", entries);
    char *text = json_dumps(answer, 0);
    struct named_list list = groups(text);
    free(text);
    json_decref(answer);
    return list;
}

static void a_long_list_of_names_is_cut_and_counted(void **state)
{
    static const struct {
        const char *why;
        int count;
        int length;
        const char *end;
    } rows[] = {
        {"twenty fit", 20, 2, "\"18\", \"19\""},
        {"no more than twenty are shown", 25, 2, "\"19\" and 5 more"},
        {"long names take the room of others", 1000, 150, "...\" and 995 more"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct named_list list = many(rows[i].count, rows[i].length);
        const char *id = NULL;
        struct err err = {0};

        assert_false(named_id_find(&list, "nobody", &id, &err));
        size_t size = strlen(err.message);
        size_t end = strlen(rows[i].end);
        if (size < end || strcmp(err.message + size - end, rows[i].end) != 0)
            fail_msg("%s: %s", rows[i].why, err.message);
        named_list_release(&list);
    }
}

static void what_is_no_list_of_names_is_refused(void **state)
{
    static const struct refused rows[] = {
        {"null", GROUPS("null"), ERR_RIGHTS, "read allProductGroups: it is null"},
        {"absent", "{\"data\":{}}", ERR_PROTOCOL,
         "read allProductGroups: want a list, got nothing"},
        {"the other list", "{\"data\":{\"allAnalysisConfigurations\":[]}}", ERR_PROTOCOL,
         "read allProductGroups: want a list"},
        {"an object", GROUPS("{}"), ERR_PROTOCOL, "want a list, got an object"},
        {"an entry null", GROUPS("[null]"), ERR_PROTOCOL,
         "read allProductGroups[0]: want an object"},
        {"no id", GROUPS("[{\"id\":\"1\",\"name\":\"A\"},{\"name\":\"B\"}]"), ERR_PROTOCOL,
         "read allProductGroups[1]: read id: want a text"},
        {"id a number", GROUPS("[{\"id\":1,\"name\":\"A\"}]"), ERR_PROTOCOL,
         "read id: want a text, got a number"},
        {"id empty", GROUPS("[{\"id\":\"\",\"name\":\"A\"}]"), ERR_PROTOCOL, "want 1 to 128 bytes"},
        {"id too long",
         GROUPS("[{\"id\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"name\":"
                "\"A\"}]"),
         ERR_PROTOCOL, "want 1 to 128 bytes"},
        {"name null", GROUPS("[{\"id\":\"1\",\"name\":null}]"), ERR_PROTOCOL,
         "read name: want a text"},
        {"no right", "{\"errors\":[{\"message\":\"Forbidden\"}]}", ERR_RIGHTS, "Forbidden"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct named_list list = {0};
        struct err err = {0};

        want_refused(&rows[i], reply(rows[i].answer, &list, &err), &err);
        assert_null(list.items);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_asks_its_own_question),
        cmocka_unit_test(a_name_finds_its_id),
        cmocka_unit_test(a_name_that_is_not_there_lists_those_that_are),
        cmocka_unit_test(a_long_list_of_names_is_cut_and_counted),
        cmocka_unit_test(what_is_no_list_of_names_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
