#include "test.h"

#include "flow/names.h"

static void names_come_out_once_each_in_their_order(void **state)
{
    struct names names = {0};

    (void)state;
    assert_true(names_is_empty(&names));
    assert_null(names_take(&names));
    assert_true(names_add(&names, "a"));
    assert_true(names_add(&names, "b"));
    assert_true(names_add(&names, "a"));
    for (const char *want = "ab"; *want; want++) {
        assert_false(names_is_empty(&names));
        char *name = names_take(&names);
        assert_int_equal(name[0], *want);
        free(name);
    }
    assert_true(names_is_empty(&names));
    assert_true(names_add(&names, "a")); /* it was taken: told again, it is new */
    names_release(&names);
    assert_true(names_is_empty(&names));
}

static void a_full_list_says_so_and_keeps_what_it_has(void **state)
{
    struct names names = {0};
    char name[32];

    (void)state;
    for (int round = 0; round < 3; round++) { /* the ring goes round */
        for (int i = 0; i < NAMES_MAX; i++) {
            snprintf(name, sizeof name, "%d/%d", round, i);
            assert_true(names_add(&names, name));
        }
        assert_false(names_add(&names, "one too many"));
        snprintf(name, sizeof name, "%d/%d", round, 7);
        assert_true(names_add(&names, name)); /* is there */
        for (int i = 0; i < NAMES_MAX; i++) {
            char *taken = names_take(&names);

            snprintf(name, sizeof name, "%d/%d", round, i);
            assert_string_equal(taken, name);
            free(taken);
            if (round < 2 && i == 99)
                assert_true(names_add(&names, "between"));
        }
        if (round < 2) {
            char *taken = names_take(&names);

            assert_string_equal(taken, "between");
            free(taken);
        }
        assert_null(names_take(&names));
    }
    names_release(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_come_out_once_each_in_their_order),
        cmocka_unit_test(a_full_list_says_so_and_keeps_what_it_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
