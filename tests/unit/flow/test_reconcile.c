#include "test.h"

#include "flow/reconcile_flow.h"

static void an_unconfirmed_upload_is_judged_by_what_the_platform_shows(void **state)
{
    static const struct {
        const char *why;
        struct reconcile_facts facts;
        enum reconcile_verdict want;
    } rows[] = {
        {"the registered ID is a firmware as sent", {.by_id = true}, RECONCILE_OURS},
        {"the ID decides, whatever else is there",
         {.by_id = true, .has_before = true, .candidates = 2, .rivals = {1, 1}},
         RECONCILE_OURS},
        {"no list from before: nothing tells what was there", {.candidates = 1}, RECONCILE_PERSON},
        {"nor does its absence, it may come yet or have been another's",
         {.candidates = 0, .misses = 5},
         RECONCILE_PERSON},
        {"not there at the first look", {.has_before = true}, RECONCILE_LOOK_MORE},
        {"not there at two looks: it is sent again",
         {.has_before = true, .misses = 1},
         RECONCILE_ABSENT},
        {"and not later than that", {.has_before = true, .misses = 2}, RECONCILE_ABSENT},
        {"not there, while a twin is on its way: that one is not it",
         {.has_before = true, .misses = 1, .rivals = {.sending = 1}},
         RECONCILE_ABSENT},
        {"exactly one appeared", {.has_before = true, .candidates = 1}, RECONCILE_OURS},
        {"one appeared at a later look",
         {.has_before = true, .candidates = 1, .misses = 1},
         RECONCILE_OURS},
        {"one appeared, but a twin is on its way: perhaps its own",
         {.has_before = true, .candidates = 1, .rivals = {.sending = 1}},
         RECONCILE_WAIT},
        {"one appeared and a twin is looked for too: whose is it?",
         {.has_before = true, .candidates = 1, .rivals = {.unconfirmed = 1}},
         RECONCILE_PERSON},
        {"several appeared", {.has_before = true, .candidates = 2}, RECONCILE_PERSON},
        {"several, and a twin is on its way",
         {.has_before = true, .candidates = 2, .rivals = {.sending = 1}},
         RECONCILE_WAIT},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum reconcile_verdict have = reconcile_judge(&rows[i].facts);

        if (have != rows[i].want)
            fail_msg("%s: %d, not %d", rows[i].why, (int)have, (int)rows[i].want);
    }
}

/* The rule that no image is uploaded twice: whatever is known, only two misses send again. */
static void nothing_is_sent_again_while_anything_may_be_it(void **state)
{
    (void)state;
    for (int bits = 0; bits < 256; bits++) {
        const struct reconcile_facts facts = {
            .by_id = bits & 1,
            .has_before = bits & 2,
            .candidates = bits >> 2 & 3,
            .rivals = {.sending = bits >> 4 & 1, .unconfirmed = bits >> 5 & 1},
            .misses = bits >> 6 & 3,
        };

        if (reconcile_judge(&facts) == RECONCILE_ABSENT)
            assert_true(!facts.by_id && facts.has_before && facts.candidates == 0 &&
                        facts.misses >= 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unconfirmed_upload_is_judged_by_what_the_platform_shows),
        cmocka_unit_test(nothing_is_sent_again_while_anything_may_be_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
