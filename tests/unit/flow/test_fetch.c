#include "test.h"

#include "flow/fetch_parts.h"

static void a_document_that_shrank_too_much_does_not_take_the_last_good_ones_place(void **state)
{
    static const struct {
        const char *why;
        int64_t before, now, before_bytes, now_bytes, permille;
        bool want;
    } rows[] = {
        {"the same", 100, 100, 9000, 9000, 500, false},
        {"grown", 100, 150, 9000, 20000, 500, false},
        {"half is enough", 100, 50, 9000, 4500, 500, false},
        {"less than half", 100, 49, 9000, 4400, 500, true},
        {"all are gone", 1, 0, 900, 300, 500, true},
        {"there were none before", 0, 0, 300, 100, 500, false},
        {"fewer bytes, as many components", 100, 100, 9000, 1000, 500, false},
        {"not known before: bytes stand for it", -1, 10, 9000, 4400, 500, true},
        {"not known now", 100, -1, 9000, 4400, 500, true},
        {"not known now, but as long", 100, -1, 9000, 8000, 500, false},
        {"any number is fine", 100, 0, 9000, 10, 0, false},
        {"nothing may go", 100, 99, 9000, 8900, 1000, true},
        {"nothing went", 100, 100, 9000, 8900, 1000, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct sbom_row last = {.components = rows[i].before, .size = rows[i].before_bytes};
        const struct sbom_file_result result = {.facts = {.components = rows[i].now},
                                                .size = rows[i].now_bytes};
        char reason[128] = "";

        if (fetch_is_shrunk(&last, &result, rows[i].permille, reason, sizeof reason) !=
            rows[i].want)
            fail_msg("%s", rows[i].why);
        if (rows[i].want && reason[0] == '\0')
            fail_msg("%s: no reason", rows[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_that_shrank_too_much_does_not_take_the_last_good_ones_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
