#include "test.h"

#include "base/suggest.h"

static const char *const keys[] = {"settle", "sidecar", "symlinks", "same_content", "mode", "on"};

static void the_nearest_name_is_suggested(void **state)
{
    static const struct {
        const char *why;
        const char *word;
        const char *want;
    } rows[] = {
        {"the word itself", "settle", "settle"},
        {"a letter missing", "setle", "settle"},
        {"a letter too many", "settlle", "settle"},
        {"a wrong letter", "sittle", "settle"},
        {"two neighbours swapped are one mistake", "mdoe", "mode"},
        {"a swap at the start", "isdecar", "sidecar"},
        {"a hyphen for an underscore", "same-content", "same_content"},
        {"two mistakes in a long word", "symlikns_", "symlinks"},
        {"two mistakes in a short word are another word", "mope_", NULL},
        {"a short word may have one mistake", "om", "on"},
        {"nothing near", "frobnicate", NULL},
        {"nothing at all", "", NULL},
        {"one letter is near to too much, but at most one edit", "o", "on"},
        {"longer than any key", "settlesettlesettlesettlesettlesettlesettlesettlesettlesettlesettl",
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *got = suggest_nearest(rows[i].word, keys, COUNT_OF(keys));

        if ((got == NULL) != (rows[i].want == NULL) || (got && strcmp(got, rows[i].want) != 0))
            fail_msg("%s: %s suggests %s, want %s", rows[i].why, rows[i].word,
                     got ? got : "nothing", rows[i].want ? rows[i].want : "nothing");
    }
}

static void the_first_of_equally_near_names_wins(void **state)
{
    static const char *const twins[] = {"cat", "car"};

    (void)state;
    assert_ptr_equal(suggest_nearest("cap", twins, 2), twins[0]);
}

static void a_nearer_name_replaces_an_earlier_one(void **state)
{
    struct suggest suggest = {.word = "download"};

    (void)state;
    suggest_offer(&suggest, "downlod_");
    assert_string_equal(suggest.best, "downlod_");
    suggest_offer(&suggest, "downloads");
    assert_string_equal(suggest.best, "downloads");
    suggest_offer(&suggest, "upload");
    assert_string_equal(suggest.best, "downloads");
}

static void no_names_give_no_suggestion(void **state)
{
    (void)state;
    assert_null(suggest_nearest("settle", keys, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_name_is_suggested),
        cmocka_unit_test(the_first_of_equally_near_names_wins),
        cmocka_unit_test(a_nearer_name_replaces_an_earlier_one),
        cmocka_unit_test(no_names_give_no_suggestion),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
