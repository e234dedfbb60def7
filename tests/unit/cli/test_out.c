#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "printed.h"

static void rows_are_one_array_written_as_they_come(void **state)
{
    auto_printed struct printed printed;
    auto_json json_t *row = printed_json("{\"path\": \"/a\", \"size\": 1}");

    (void)state;
    printed_begin(&printed);
    out_json_row(&printed.out, row);
    assert_string_equal(printed_text(&printed), "[{\"path\":\"/a\",\"size\":1}");
    out_json_row(&printed.out, row);
    out_json_end(&printed.out);
    assert_string_equal(printed_text(&printed),
                        "[{\"path\":\"/a\",\"size\":1},\n {\"path\":\"/a\",\"size\":1}]\n");
    auto_json json_t *all = printed_json(printed_text(&printed));
    assert_int_equal(json_array_size(all), 2);
}

static void no_rows_are_an_empty_array(void **state)
{
    auto_printed struct printed printed;

    (void)state;
    printed_begin(&printed);
    out_json_end(&printed.out);
    assert_string_equal(printed_text(&printed), "[]\n");
}

static void a_name_cannot_move_the_cursor(void **state)
{
    auto_printed struct printed printed;

    (void)state;
    printed_begin(&printed);
    out_name(&printed.out, "a\033[2J\n\xff"
                           "b");
    assert_string_equal(printed_text(&printed), "a\\x1b[2J\\x0a\\xffb");
}

static void a_full_disk_is_told(void **state)
{
    FILE *full = fopen("/dev/full", "w");
    struct out out;
    struct err err;

    (void)state;
    assert_non_null(full);
    out_init(&out, full);
    out_print(&out, "result\n");
    assert_false(out_finish(&out, &err));
    assert_int_equal(err_kind_exit(err.kind), 74);
    assert_int_equal(err.kind, ERR_DISK_FULL);
    assert_true(out_failed(&out));
    fclose(full);
}

static void a_long_result_on_a_full_disk_stops_early(void **state)
{
    FILE *full = fopen("/dev/full", "w");
    auto_json json_t *row = printed_json("{\"path\": \"/srv/builds/router/fw.bin\"}");
    struct out out;
    struct err err;
    size_t rows = 0;

    (void)state;
    assert_non_null(full);
    out_init(&out, full);
    for (; !out_failed(&out) && rows < 100000; rows++)
        out_json_row(&out, row);
    assert_in_range(rows, 1, 10000);
    assert_false(out_finish(&out, &err));
    fclose(full);
}

static void a_reader_that_left_is_no_message(void **state)
{
    int ends[2];
    struct out out;
    struct err err;

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    FILE *stream = fdopen(ends[1], "w");
    assert_non_null(stream);
    out_init(&out, stream);
    out_print(&out, "result\n");
    assert_false(out_finish(&out, &err));
    assert_int_equal(err_kind_exit(err.kind), 74);
    assert_string_equal(err.message, "");
    fclose(stream);
}

static void a_closed_stdout_is_told(void **state)
{
    FILE *stream = fdopen(open("/dev/null", O_RDONLY), "r");
    struct out out;
    struct err err;

    (void)state;
    assert_non_null(stream);
    out_init(&out, stream);
    out_print(&out, "result\n");
    assert_false(out_finish(&out, &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_true(strlen(err.message) > 0);
    fclose(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_one_array_written_as_they_come),
        cmocka_unit_test(no_rows_are_an_empty_array),
        cmocka_unit_test(a_name_cannot_move_the_cursor),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(a_long_result_on_a_full_disk_stops_early),
        cmocka_unit_test(a_reader_that_left_is_no_message),
        cmocka_unit_test(a_closed_stdout_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
