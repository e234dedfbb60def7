#include "test.h"

#include "ci/severity.h"

static void the_words_are_ordered_and_unknown_ones_are_never_hidden(void **state)
{
    static const struct {
        const char *why;
        const char *word;
        int rank;
        const char *text;
    } rows[] = {
        {"least", "INFORMATIONAL", 0, "INFORMATIONAL"},
        {"its name until 2023", "INFORMATION", 0, "INFORMATIONAL"},
        {"low", "LOW", 1, "LOW"},
        {"medium", "MEDIUM", 2, "MEDIUM"},
        {"high", "HIGH", 3, "HIGH"},
        {"most", "CRITICAL", 4, "CRITICAL"},
        {"without case", "cRiTical", 4, "CRITICAL"},
        {"a word of tomorrow", "SEVERE", 5, "SEVERE"},
        {"two words", "LOW/HIGH", 5, "LOW/HIGH"},
        {"empty", "", 5, ""},
        {"none", NULL, 5, "UNKNOWN"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int rank = severity_rank(rows[i].word);

        if (rank != rows[i].rank || strcmp(severity_text(rows[i].word), rows[i].text) != 0)
            fail_msg("%s: %d, %s", rows[i].why, rank, severity_text(rows[i].word));
        assert_int_equal(severity_is_known(rows[i].word), rank < 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_words_are_ordered_and_unknown_ones_are_never_hidden),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
