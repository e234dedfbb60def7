#include "test.h"

#include "cli/query_kind.h"

static void only_what_clearly_reads_may_be_repeated(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        bool want;
    } rows[] = {
        {"the short form", "{ tenant { name } }", true},
        {"a named query", "query Q { tenant { name } }", true},
        {"one without a name", "query { tenant { name } }", true},
        {"with variables and defaults that have braces",
         "query Q($a: In = {x: {y: [1]}}) @d(if: true) { a }", true},
        {"two queries", "query A { a } query B { b }", true},
        {"a fragment after it", "{ ...F } fragment F on T { a }", true},
        {"a fragment before it", "fragment F on T { a } query Q { ...F }", true},
        {"a field called mutation", "{ mutation { subscription } }", true},
        {"mutation in a string", "{ a(text: \"} mutation M {\") { b } }", true},
        {"in a comment", "# mutation\n{ a } # mutation { b }", true},
        {"in a block string", "{ a(t: \"\"\"} \\\"\"\" \" mutation {\"\"\") { b } }", true},
        {"a byte order mark and commas", "\xEF\xBB\xBF,,query{a}", true},
        {"a mutation", "mutation M { create { id } }", false},
        {"behind a comment that says query", "# query\nmutation { create { id } }", false},
        {"behind a query", "query Q { a } mutation M { b }", false},
        {"before a query", "mutation M { b } query Q { a }", false},
        {"behind a fragment", "fragment F on T { a } mutation M { b }", false},
        {"behind a string with a quoted quote", "{ a(t: \"\\\"\") } mutation { b }", false},
        {"behind a string that a line ends", "{ a(t: \"x\n) } mutation { b }", false},
        {"a subscription", "subscription { a }", false},
        {"a longer word", "queryMutation { a }", false},
        {"a fragment alone", "fragment F on T { a }", false},
        {"it does not end", "{ a", false},
        {"a bracket too many", "{ a } }", false},
        {"a closing one at first", "query ) { a }", false},
        {"a string without an end", "{ a(t: \"\"\"x) }", false},
        {"only a word", "query", false},
        {"nothing", "", false},
        {"only a comment", "# query { a }", false},
        {"not GraphQL", "[1, 2]", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (query_kind_only_reads(rows[i].text) != rows[i].want)
            fail_msg("%s: %s", rows[i].why, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_what_clearly_reads_may_be_repeated)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
