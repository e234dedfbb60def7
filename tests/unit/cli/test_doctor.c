#include "test.h"

#include "cli/doctor.h"
#include "printed.h"

/* A page in memory. */
struct page {
    struct printed printed;
    struct session session;
    struct doctor doctor;
};

static void begin(struct page *page, bool as_json)
{
    *page = (struct page){.session.args.json = as_json};
    printed_begin(&page->printed);
    out_init(&page->session.out, page->printed.stream);
    doctor_begin(&page->doctor, &page->session);
}

static void end(struct page *page)
{
    printed_end(&page->printed);
}

#define auto_page __attribute__((cleanup(end)))

static const struct doctor_trouble no_state = {"state", "make it", DOCTOR_STATE, ERR_IO};
static const struct doctor_trouble no_token = {"token", "make one", DOCTOR_TOKEN, ERR_AUTH};
static const struct doctor_trouble no_answer = {"platform", "wait", DOCTOR_PLATFORM, ERR_PROTOCOL};

static void findings_are_lines_that_say_what_to_do(void **state)
{
    auto_page struct page page;

    (void)state;
    begin(&page, false);
    doctor_ok(&page.doctor, "clock", "%d", 12);
    doctor_warn(&page.doctor, "disk", "make room", "2 MiB");
    doctor_fail(&page.doctor, &no_state, "/x");
    assert_int_equal(doctor_end(&page.doctor), 74);
    fflush(page.printed.stream);
    assert_string_equal(page.printed.text, "ok   clock: 12\n"
                                           "warn disk: 2 MiB; make room\n"
                                           "FAIL state: /x; make it\n");
}

static void a_name_of_others_cannot_forge_a_line(void **state)
{
    auto_page struct page page;

    (void)state;
    begin(&page, false);
    doctor_ok(&page.doctor, "tenant", "%s", "a\nok   all: well\x1b[2J");
    fflush(page.printed.stream);
    assert_string_equal(page.printed.text, "ok   tenant: a\\x0aok   all: well\\x1b[2J\n");
}

static void the_document_has_the_same_findings(void **state)
{
    auto_page struct page page;

    (void)state;
    begin(&page, true);
    doctor_ok(&page.doctor, "clock", "12");
    doctor_warn(&page.doctor, "disk", "make room", "\xff");
    assert_int_equal(doctor_end(&page.doctor), 0);
    fflush(page.printed.stream);
    auto_json json_t *document = printed_json(page.printed.text);
    auto_json json_t *want =
        printed_json("{\"checks\": [{\"name\": \"clock\", \"status\": \"ok\", \"text\": \"12\","
                     " \"action\": null}, {\"name\": \"disk\", \"status\": \"warn\","
                     " \"text\": \"\\\\xff\", \"action\": \"make room\"}], \"ok\": true}");
    assert_true(json_equal(document, want));
}

static void the_most_basic_failure_decides(void **state)
{
    static const struct {
        const char *why;
        const struct doctor_trouble *troubles[4];
        int want;
    } rows[] = {
        {"none", {NULL}, 0},
        {"the only one", {&no_answer}, 76},
        {"a later one that is more basic", {&no_state, &no_answer, &no_token}, 77},
        {"an earlier one that is", {&no_token, &no_state}, 77},
        {"the first of two of an area", {&no_state, &no_state}, 74},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_page struct page page;

        begin(&page, false);
        for (size_t j = 0; rows[i].troubles[j]; j++)
            doctor_fail(&page.doctor, rows[i].troubles[j], "x");
        int got = doctor_end(&page.doctor);
        if (got != rows[i].want)
            fail_msg("%s: %d", rows[i].why, got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_are_lines_that_say_what_to_do),
        cmocka_unit_test(a_name_of_others_cannot_forge_a_line),
        cmocka_unit_test(the_document_has_the_same_findings),
        cmocka_unit_test(the_most_basic_failure_decides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
