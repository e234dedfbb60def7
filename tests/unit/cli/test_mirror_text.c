/* The mirror report of a watch as people read it. */
#include "test.h"

#include "cli/mirror_text.h"

static void a_line_says_what_is_there_what_is_left_and_what_it_waits_for(void **state)
{
    static const struct {
        const char *why;
        const char *json;
        const char *want;
    } rows[] = {
        {"all is there",
         "{'known': 5, 'sent': 4, 'duplicate': 1, 'failed': 0, 'left': 0, 'bytes_left': 0, "
         "'seconds_left': 0, 'waits_for': null}",
         "5 known: 4 sent, 1 duplicate, 0 failed, 0 left"},
        {"under way",
         "{'known': 20000, 'sent': 1200, 'duplicate': 3, 'failed': 1, 'left': 18796, "
         "'bytes_left': 1319413953331, 'seconds_left': 45, 'waits_for': null}",
         "20000 known: 1200 sent, 3 duplicates, 1 failed, 18796 left (1.2 TiB, about 45 s)"},
        {"nobody knows for how long",
         "{'known': 2, 'left': 2, 'bytes_left': 2048, 'seconds_left': null, 'waits_for': null}",
         "2 known: 0 sent, 0 duplicates, 0 failed, 2 left (2.0 KiB)"},
        {"it waits",
         "{'known': 2, 'left': 2, 'bytes_left': 2048, 'seconds_left': null, 'waits_for': 'budget'}",
         "2 known: 0 sent, 0 duplicates, 0 failed, 2 left (2.0 KiB); waits for the next day's "
         "budget"},
        {"for what a later version knows",
         "{'known': 2, 'left': 2, 'bytes_left': 2048, 'waits_for': 'the moon'}",
         "2 known: 0 sent, 0 duplicates, 0 failed, 2 left (2.0 KiB)"},
        {"of another version: nothing is where it should be", "{'left': 'two', 'waits_for': 7}",
         "0 known: 0 sent, 0 duplicates, 0 failed, 0 left"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char json[512];
        char text[MIRROR_TEXT_SIZE];

        snprintf(json, sizeof json, "%s", rows[i].json);
        for (char *at = json; *at; at++)
            *at = *at == '\'' ? '"' : *at;
        json_t *mirror = json_loads(json, 0, NULL);
        assert_non_null(mirror);
        if (strcmp(mirror_text(mirror, text), rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].why, text);
        json_decref(mirror);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_says_what_is_there_what_is_left_and_what_it_waits_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
