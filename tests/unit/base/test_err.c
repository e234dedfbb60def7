#include "test.h"

#include <errno.h>

#include "base/err.h"

enum { MESSAGE_SIZE = sizeof((struct err *)NULL)->message, TOO_LONG = 2 * MESSAGE_SIZE };

static void fill(char *text, char c, size_t count)
{
    memset(text, c, count);
    text[count] = '\0';
}

static void failing_is_one_statement_and_false(void **state)
{
    struct err err = {0};

    (void)state;
    assert_false(err_set(&err, ERR_DATA, "read %s: line %d", "a", 3));
    assert_int_equal(err.kind, ERR_DATA);
    assert_string_equal(err.message, "read a: line 3");
    assert_false(err_set(&err, ERR_AUTH, "ask"));
    assert_int_equal(err.kind, ERR_AUTH); // replaced, not added to
    assert_string_equal(err.message, "ask");
}

static void context_goes_before_the_cause_and_the_kind_stays(void **state)
{
    struct err err = {0};

    (void)state;
    err_set(&err, ERR_SERVER, "HTTP 503");
    assert_false(err_wrap(&err, "register"));
    assert_false(err_wrap(&err, "upload %s", "100%s.bin"));
    assert_int_equal(err.kind, ERR_SERVER);
    assert_string_equal(err.message, "upload 100%s.bin: register: HTTP 503");
}

static void what_does_not_fit_ends_in_dots(void **state)
{
    static const struct {
        const char *why;
        size_t context; /* bytes of it; ": " stands between */
        size_t cause;
        bool is_cut;
    } rows[] = {
        {"the last byte is used", 100, MESSAGE_SIZE - 103, false},
        {"one byte more is cut", 100, MESSAGE_SIZE - 102, true},
        {"a full message gets context", 10, MESSAGE_SIZE - 1, true},
        {"the context leaves room for a part of \": \"", MESSAGE_SIZE - 2, 5, true},
        {"the context fills all of it", MESSAGE_SIZE - 1, 5, true},
        {"the context alone is too long", TOO_LONG, 5, true},
        {"both are too long", TOO_LONG, TOO_LONG, true},
    };
    char context[TOO_LONG + 1];
    char cause[TOO_LONG + 1];
    char whole[2 * TOO_LONG + 3];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};

        fill(context, 'a', rows[i].context);
        fill(cause, 'b', rows[i].cause);
        snprintf(whole, sizeof whole, "%s: %s", context, cause);
        err_set(&err, ERR_INPUT, "%s", cause);
        err_wrap(&err, "%s", context);
        if (rows[i].is_cut)
            memcpy(whole + MESSAGE_SIZE - 4, "...", 4);
        if (strcmp(err.message, whole) != 0)
            fail_msg("%s: \"%s\"", rows[i].why, err.message);
        assert_int_equal(err.kind, ERR_INPUT);
    }
}

static void an_errno_value_becomes_a_kind_and_words(void **state)
{
    static const struct {
        const char *why;
        int number;
        enum err_kind want;
        const char *message;
    } rows[] = {
        {"a full disk is its own kind", ENOSPC, ERR_DISK_FULL, "write a: No space left on device"},
        {"so is a full quota", EDQUOT, ERR_DISK_FULL, "write a: Disk quota exceeded"},
        {"a failing disk", EIO, ERR_IO, "write a: Input/output error"},
        {"a missing right", EACCES, ERR_IO, "write a: Permission denied"},
        {"a read-only file system is not full", EROFS, ERR_IO, "write a: Read-only file system"},
        {"a value that nobody knows", 99999, ERR_IO, "write a: unknown error"},
        {"a negative one, as libraries return", -5, ERR_IO, "write a: unknown error"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {.kind = ERR_AUTH, .message = "before"};

        assert_false(err_sys(&err, rows[i].number, "write %s", "a"));
        if (err.kind != rows[i].want || strcmp(err.message, rows[i].message) != 0)
            fail_msg("%s: %s \"%s\"", rows[i].why, err_kind_name(err.kind), err.message);
    }
}

static void a_long_name_does_not_push_the_dots_out(void **state)
{
    char name[MESSAGE_SIZE];
    struct err err = {0};

    (void)state;
    fill(name, 'n', sizeof name - 1);
    err_sys(&err, ENOSPC, "write %s", name);
    assert_int_equal(strlen(err.message), MESSAGE_SIZE - 1);
    assert_string_equal(err.message + MESSAGE_SIZE - 4, "...");
}

static void a_kinds_name_leads_back_to_it_and_belongs_to_no_other(void **state)
{
    (void)state;
    for (int kind = 0; kind < ERR_KIND_COUNT; kind++) {
        const char *name = err_kind_name((enum err_kind)kind);

        assert_non_null(name);
        assert_true(name[0] != '\0' && strspn(name, "abcdefghijklmnopqrstuvwxyz_") == strlen(name));
        if (err_kind_of_name(name) != (enum err_kind)kind)
            fail_msg("%s is kind %d, not %d", name, (int)err_kind_of_name(name), kind);
    }
}

static void a_name_of_another_version_is_an_internal_error(void **state)
{
    static const char *const names[] = {"", "OK", "ok ", "disk", "disk_full2", "a later kind"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_int_equal(err_kind_of_name(names[i]), ERR_INTERNAL);
}

/* Of the exit codes that are documented, one meaning each. */
static void every_kind_has_an_action_and_a_documented_exit_code(void **state)
{
    static const int codes[] = {0, 1, 2, 3, 5, 64, 65, 66, 69, 70, 74, 75, 76, 77, 78};

    (void)state;
    for (int i = 0; i < ERR_KIND_COUNT; i++) {
        enum err_kind kind = (enum err_kind)i;
        bool is_known = false;

        for (size_t code = 0; code < COUNT_OF(codes); code++)
            is_known = is_known || codes[code] == err_kind_exit(kind);
        if (!is_known)
            fail_msg("%s exits with %d", err_kind_name(kind), err_kind_exit(kind));
        if (err_kind_action(kind) > ACTION_STOP)
            fail_msg("%s has no action", err_kind_name(kind));
        // nothing happens next only where nothing failed, or where it is the end of a command
        if (err_kind_action(kind) == ACTION_NONE && err_kind_exit(kind) > 5)
            fail_msg("%s is forgotten", err_kind_name(kind));
    }
}

static void the_kinds_that_decide_about_other_peoples_work_are_these(void **state)
{
    static const struct {
        const char *why;
        enum err_kind kind;
        enum err_action action;
        int exit_code;
    } rows[] = {
        {"success", ERR_OK, ACTION_NONE, 0},
        {"wanted to end", ERR_CANCELLED, ACTION_NONE, 0},
        {"a refused token parks everything", ERR_AUTH, ACTION_PARK, 77},
        {"so does the token of another tenant", ERR_TENANT, ACTION_PARK, 78},
        {"a missing right holds one item", ERR_RIGHTS, ACTION_HOLD, 77},
        {"a lost answer is looked into before sending again", ERR_UNSURE, ACTION_RECHECK, 69},
        {"a strange answer to a body too", ERR_STRANGE, ACTION_RECHECK, 76},
        {"the network's trouble is no file's", ERR_NETWORK, ACTION_DOUBT, 69},
        {"nor is the platform's", ERR_SERVER, ACTION_DOUBT, 69},
        {"nor a rate limit", ERR_THROTTLED, ACTION_DOUBT, 75},
        {"nor a sign-in page", ERR_PROTOCOL, ACTION_DOUBT, 76},
        {"a full disk waits, nothing counted", ERR_DISK_FULL, ACTION_WAIT, 74},
        {"a changed file settles again", ERR_CHANGED, ACTION_SETTLE, 66},
        {"a vanished one is gone", ERR_GONE, ACTION_VANISH, 66},
        {"the platform's refusal is final", ERR_REJECTED, ACTION_GIVE_UP, 65},
        {"a failed analysis is final", ERR_ANALYSIS, ACTION_GIVE_UP, 2},
        {"a wrong configuration stops", ERR_CONFIG, ACTION_STOP, 78},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (err_kind_action(rows[i].kind) != rows[i].action ||
            err_kind_exit(rows[i].kind) != rows[i].exit_code)
            fail_msg("%s: action %d, exit %d", rows[i].why, (int)err_kind_action(rows[i].kind),
                     err_kind_exit(rows[i].kind));
    }
}

static void an_exit_code_names_a_kind_that_has_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < ERR_KIND_COUNT; i++) {
        int exit_code = err_kind_exit((enum err_kind)i);

        assert_int_equal(err_kind_exit(err_kind_of_exit(exit_code)), exit_code);
    }
    assert_int_equal(err_kind_of_exit(0), ERR_OK);
    assert_int_equal(err_kind_of_exit(99), ERR_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_is_one_statement_and_false),
        cmocka_unit_test(context_goes_before_the_cause_and_the_kind_stays),
        cmocka_unit_test(what_does_not_fit_ends_in_dots),
        cmocka_unit_test(an_errno_value_becomes_a_kind_and_words),
        cmocka_unit_test(a_long_name_does_not_push_the_dots_out),
        cmocka_unit_test(a_kinds_name_leads_back_to_it_and_belongs_to_no_other),
        cmocka_unit_test(a_name_of_another_version_is_an_internal_error),
        cmocka_unit_test(every_kind_has_an_action_and_a_documented_exit_code),
        cmocka_unit_test(the_kinds_that_decide_about_other_peoples_work_are_these),
        cmocka_unit_test(an_exit_code_names_a_kind_that_has_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
