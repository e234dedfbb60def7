#include "test.h"

#include "sbom/sbom_sum.h"

static const uint64_t ones = UINT64_MAX;

static void expect_words(const struct sbom_sum *sum, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    const uint64_t want[SBOM_SUM_WORDS] = {a, b, c, d};

    assert_memory_equal(sum->words, want, sizeof want);
}

static void a_carry_goes_through_all_words_and_out(void **state)
{
    struct sbom_sum sum = {{ones, ones, ones, ones}};
    const struct sbom_sum one = {{1}};

    (void)state;
    sbom_sum_add(&sum, &one);
    expect_words(&sum, 0, 0, 0, 0);
}

static void a_carry_meets_a_full_word(void **state)
{
    struct sbom_sum sum = {{ones, 5, 0, 7}};
    const struct sbom_sum other = {{1, ones, ones, 0}};

    (void)state;
    sbom_sum_add(&sum, &other);
    expect_words(&sum, 0, 5, 0, 8);
}

static void twice_the_largest_number_is_one_less_than_nothing(void **state)
{
    struct sbom_sum sum = {{ones, ones, ones, ones}};
    const struct sbom_sum same = sum;

    (void)state;
    sbom_sum_add(&sum, &same);
    expect_words(&sum, ones - 1, ones, ones, ones);
}

static void the_digest_is_read_as_hex_sixteen_digits_a_word(void **state)
{
    struct digest *digest = digest_new();

    (void)state;
    digest_add(digest, "abc", 3);
    struct sbom_sum sum = sbom_sum_end(digest);
    digest_free(digest);
    expect_words(&sum, 0xba7816bf8f01cfea, 0x414140de5dae2223, 0xb00361a396177a9c,
                 0xb410ff61f20015ad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_carry_goes_through_all_words_and_out),
        cmocka_unit_test(a_carry_meets_a_full_word),
        cmocka_unit_test(twice_the_largest_number_is_one_less_than_nothing),
        cmocka_unit_test(the_digest_is_read_as_hex_sixteen_digits_a_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
