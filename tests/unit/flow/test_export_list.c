#include "test.h"

#include "flow/export_list.h"

static void a_filter_lets_through_what_fits_every_pattern(void **state)
{
    static char id[] = "1", name[] = "Router X 1.0", version[] = "1.0", vendor[] = "Acme/EU",
                product[] = "Router X";
    static const struct {
        const char *why;
        struct export_filter filter;
        bool want;
    } rows[] = {
        {"no filter takes all", {0}, true},
        {"a star is any text", {.product = "Router*"}, true},
        {"the whole text has to fit", {.product = "Router"}, false},
        {"case counts", {.product = "router*"}, false},
        {"a star reaches over a slash", {.vendor = "A*U"}, true},
        {"a set", {.version = "[12].0"}, true},
        {"all have to fit", {.product = "Router*", .version = "2.*"}, false},
        {"all do", {.product = "Router*", .version = "1.*", .name = "*X*"}, true},
        {"what is not known fits no pattern", {.product_group = "*"}, false},
    };
    const struct firmware_row firmware = {
        .id = id, .name = name, .version = version, .vendor = vendor, .product = product};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (export_filter_takes(&rows[i].filter, &firmware) != rows[i].want)
            fail_msg("%s", rows[i].why);
    }
}

static void a_list_in_which_much_is_missing_is_not_believed(void **state)
{
    static const struct {
        const char *why;
        int64_t shown, kept, missing;
        bool want;
    } rows[] = {
        {"nothing is missing", 100, 100, 0, false},
        {"nothing was there either", 0, 0, 0, false},
        {"a tenth", 90, 100, 10, false},
        {"more than a tenth", 89, 100, 11, true},
        {"one of a few may go", 2, 3, 1, false},
        {"two of a few may not", 1, 3, 2, true},
        {"an empty list is no list", 0, 1, 1, true},
        {"an empty list of a big tenant", 0, 5000, 5000, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char why[256] = "";
        bool have =
            export_list_is_doubtful(rows[i].shown, rows[i].kept, rows[i].missing, why, sizeof why);

        if (have != rows[i].want)
            fail_msg("%s", rows[i].why);
        if (have && !strstr(why, "--allow-vanished"))
            fail_msg("%s: it does not say what to do: %s", rows[i].why, why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_lets_through_what_fits_every_pattern),
        cmocka_unit_test(a_list_in_which_much_is_missing_is_not_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
