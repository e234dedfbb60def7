#include "test.h"

#include "base/auto.h"
#include "base/mem.h"
#include "control/control_line.h"

enum { LINE_MAX_BYTES = 40 };

static void each_cut_of_the_bytes_gives_the_same_lines(void **state)
{
    static const char text[] = "{\"a\":1}\n{\"b\":\"\\n\"}\n{}\n";
    static const char *const want[] = {"{\"a\":1}", "{\"b\":\"\\n\"}", "{}"};

    (void)state;
    for (size_t piece = 1; piece <= sizeof text - 1; piece++) {
        auto_control_line struct control_line line;
        size_t taken = 0;

        control_line_init(&line, LINE_MAX_BYTES);
        for (size_t at = 0; at < sizeof text - 1; at += piece) {
            size_t left = sizeof text - 1 - at;
            struct err err;

            assert_true(control_line_add(&line, text + at, left < piece ? left : piece, &err));
            for (;;) {
                auto_json json_t *object = NULL;

                assert_true(control_line_take(&line, &object, &err));
                if (!object)
                    break;
                auto_free char *got = json_dumps(object, JSON_COMPACT);
                assert_true(taken < COUNT_OF(want));
                assert_string_equal(got, want[taken++]);
            }
        }
        assert_int_equal(taken, COUNT_OF(want));
    }
}

static void what_is_no_line_of_ours_is_refused(void **state)
{
    static const struct {
        const char *why;
        const char *bytes;
        const char *message;
    } rows[] = {
        {"not JSON", "GET / HTTP/1.1\r\n", "read a line: it is not a JSON object"},
        {"an array", "[{}]\n", "read a line: it is not a JSON object"},
        {"an empty line", "\n", "read a line: it is not a JSON object"},
        {"two values", "{} {}\n", "read a line: it is not a JSON object"},
        {"a key twice", "{\"v\":1,\"v\":2}\n", "read a line: it is not a JSON object"},
        {"not UTF-8", "{\"a\":\"\xff\"}\n", "read a line: it is not a JSON object"},
        {"a NUL in a text", "{\"a\":\"\\u0000\"}\n", "read a line: it is not a JSON object"},
        {"too long and whole", "{\"a\":\"0123456789012345678901234567890123\"}\n",
         "read a line: it is over 40 bytes"},
        {"too long already, no end in sight", "{\"a\":\"01234567890123456789012345678901234",
         "read a line: it is over 40 bytes"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_control_line struct control_line line;
        auto_json json_t *object = NULL;
        struct err err = {.kind = ERR_OK};
        bool ok = true;

        control_line_init(&line, LINE_MAX_BYTES);
        /* No single piece may be longer than a line: fed in two. */
        size_t half = strlen(rows[i].bytes) / 2;
        ok = control_line_add(&line, rows[i].bytes, half, &err) &&
             control_line_add(&line, rows[i].bytes + half, strlen(rows[i].bytes) - half, &err) &&
             control_line_take(&line, &object, &err);
        if (ok || err.kind != ERR_PROTOCOL || strcmp(err.message, rows[i].message) != 0)
            fail_msg("%s: %s, %s", rows[i].why, ok ? "taken" : "refused", err.message);
    }
}

static void a_line_of_exactly_the_maximum_is_taken(void **state)
{
    static const char text[] = "{\"a\":\"01234567890123456789012345678901\"}\n";
    auto_control_line struct control_line line;
    auto_json json_t *object = NULL;
    struct err err;

    (void)state;
    assert_int_equal(sizeof text - 2, LINE_MAX_BYTES);
    control_line_init(&line, LINE_MAX_BYTES);
    assert_true(control_line_add(&line, text, LINE_MAX_BYTES, &err));
    assert_true(control_line_take(&line, &object, &err));
    assert_null(object);
    assert_true(control_line_add(&line, "\n", 1, &err));
    assert_true(control_line_take(&line, &object, &err));
    assert_non_null(object);
}

static void an_end_says_its_exit_and_a_text_fit_to_print(void **state)
{
    static const struct {
        const char *why;
        int exit;
        const char *error;
        const char *want;
    } rows[] = {
        {"nothing went wrong", 0, NULL, "{\"end\":{\"exit\":0,\"error\":null}}\n"},
        {"a code without a text", 3, NULL, "{\"end\":{\"exit\":3,\"error\":null}}\n"},
        {"a message", 66, "it is gone", "{\"end\":{\"exit\":66,\"error\":\"it is gone\"}}\n"},
        {"a message cut within a character", 74, "open \xc3",
         "{\"end\":{\"exit\":74,\"error\":\"open \\\\xc3\"}}\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_buf struct buf out = {.max = 4096};

        control_line_put(&out, "end", control_line_end(rows[i].exit, rows[i].error));
        if (strcmp(out.bytes, rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].why, out.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cut_of_the_bytes_gives_the_same_lines),
        cmocka_unit_test(what_is_no_line_of_ours_is_refused),
        cmocka_unit_test(a_line_of_exactly_the_maximum_is_taken),
        cmocka_unit_test(an_end_says_its_exit_and_a_text_fit_to_print),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
