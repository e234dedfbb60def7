#include "test.h"

#include <unistd.h>

#include "cli/progress.h"
#include "cli/summary.h"

enum { MIB = 1 << 20, READ_SIZE = 8192 };

static void the_total_tells_what_is_going_on(void **state)
{
    static const struct {
        const char *why;
        struct agent_totals totals;
        const char *want;
    } rows[] = {
        {"an idle daemon shows nothing", {.counts = {[ITEM_DONE] = 7}, .waiting_bytes = -1}, ""},
        {"what rests is no work", {.counts = {[ITEM_FAILED] = 2, [ITEM_HELD] = 1}}, ""},
        {"all of it",
         {.counts = {[ITEM_PENDING] = 15,
                     [ITEM_UPLOADING] = 2,
                     [ITEM_ANALYSING] = 3,
                     [ITEM_FAILED] = 1,
                     [ITEM_DONE] = 9},
          .uploads = 3,
          .upload_bytes = 340 * MIB,
          .rate = 10 * MIB,
          .waiting_bytes = 3000LL * MIB},
         "3 sent (340.0 MiB), 10.0 MiB/s, 17 to send (2.9 GiB, 5 min left), 3 analysing, 1 failed"},
        {"nobody knows how much is left",
         {.counts = {[ITEM_SETTLING] = 2}, .waiting_bytes = -1},
         "0 sent, 2 to send"},
        {"nothing moves yet",
         {.counts = {[ITEM_PENDING] = 1}, .waiting_bytes = 5 * MIB},
         "0 sent, 1 to send (5.0 MiB)"},
        {"only analyses are left",
         {.counts = {[ITEM_ANALYSING] = 4, [ITEM_UNCONFIRMED] = 1}, .uploads = 4},
         "4 sent, 4 analysing, 1 unconfirmed"},
        {"an export alone",
         {.exports = {.listed = 5000, .written = 12}, .export_left = 4900},
         "100 of 5000 firmwares exported, 12 documents written"},
        {"some of them failed",
         {.exports = {.listed = 50, .failed = 2}, .export_left = 1},
         "49 of 50 firmwares exported, 0 documents written, 2 failed"},
        {"one that is over is no progress", {.exports = {.listed = 50, .written = 12}}, ""},
        {"beside what is sent",
         {.counts = {[ITEM_ANALYSING] = 2}, .exports = {.listed = 5}, .export_left = 4},
         "0 sent, 2 analysing, 1 of 5 firmwares exported, 0 documents written"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char line[PROGRESS_LINE_SIZE];

        progress_total(&rows[i].totals, line);
        if (strcmp(line, rows[i].want) != 0)
            fail_msg("%s:\n%s\nwant\n%s", rows[i].why, line, rows[i].want);
    }
}

static void a_transfer_has_one_line(void **state)
{
    static const struct {
        const char *why;
        struct live_transfer transfer;
        size_t columns;
        const char *want;
    } rows[] = {
        {"all of it",
         {"/srv/fw.bin", "up", 18 * MIB, 40 * MIB, 2 * MIB},
         80,
         "  up    45%  18.0 MiB of 40.0 MiB  2.0 MiB/s  11 s  /srv/fw.bin"},
        {"the end of a path tells more",
         {"/srv/builds/router/1.2/fw.bin", "up", 18 * MIB, 40 * MIB, 2 * MIB},
         66,
         "  up    45%  18.0 MiB of 40.0 MiB  2.0 MiB/s  11 s  .../1.2/fw.bin"},
        {"no room for a path",
         {"/srv/builds/router/1.2/fw.bin", "up", 18 * MIB, 40 * MIB, 2 * MIB},
         20,
         "  up    45%  18.0 MiB of 40.0 MiB  2.0 MiB/s  11 s  "},
        {"a size that is not known",
         {"/s/a.json", "down", 3 * MIB, 0, MIB},
         80,
         "  down       3.0 MiB  1.0 MiB/s  /s/a.json"},
        {"framing passes the total",
         {"/a", "up", 11, 10, 0},
         80,
         "  up   100%  11 B of 10 B  0 B/s  -  /a"},
        {"an image of many gigabytes",
         {"/a", "up", INT64_C(1) << 60, INT64_C(1) << 61, INT64_C(1) << 57},
         80,
         "  up    50%  1.0 EiB of 2.0 EiB  128.0 PiB/s  8 s  /a"},
        {"a name of others",
         {"/a\033[2J", "up", 1, 2, 1},
         80,
         "  up    50%  1 B of 2 B  1 B/s  1 s  /a\\x1b[2J"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char line[PROGRESS_LINE_SIZE];

        progress_transfer(&rows[i].transfer, rows[i].columns, line);
        if (strcmp(line, rows[i].want) != 0)
            fail_msg("%s:\n%s|\nwant\n%s|", rows[i].why, line, rows[i].want);
    }
}

static void a_line_is_cut_between_characters(void **state)
{
    static const struct {
        const char *why;
        const char *line;
        size_t columns;
        const char *want;
    } rows[] = {
        {"it fits", "abc", 3, "abc"},
        {"it does not", "abcd", 3, "abc"},
        {"two bytes, one column", "\xc3\xa4\xc3\xb6\xc3\xbc", 2, "\xc3\xa4\xc3\xb6"},
        {"three bytes, two columns", "\xe4\xb8\xad\xe6\x96\x87", 3, "\xe4\xb8\xad"},
        {"no room", "abc", 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char line[PROGRESS_LINE_SIZE];

        snprintf(line, sizeof line, "%s", rows[i].line);
        progress_cut(line, rows[i].columns);
        if (strcmp(line, rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].why, line);
    }
}

/* ---- on a stream ---- */

/* The test's own clock. */
static int64_t clock_ms;

static int64_t read_clock(void)
{
    return clock_ms;
}

struct shown {
    int ends[2];
    struct progress *progress;
    char text[READ_SIZE];
};

static void begin(struct shown *shown, bool is_terminal, bool only_block)
{
    assert_int_equal(pipe(shown->ends), 0);
    clock_ms = 1000000;
    const struct progress_options options = {.fd = shown->ends[1],
                                             .is_terminal = is_terminal,
                                             .only_block = only_block,
                                             .now_ms = read_clock};
    shown->progress = progress_new(&options);
}

static const char *end(struct shown *shown)
{
    progress_free(shown->progress);
    close(shown->ends[1]);
    ssize_t size = read(shown->ends[0], shown->text, sizeof shown->text - 1);
    assert_true(size >= 0);
    shown->text[size] = '\0';
    close(shown->ends[0]);
    return shown->text;
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;

    for (; (text = strstr(text, part)); text++)
        count++;
    return count;
}

static void a_log_file_gets_a_line_a_minute(void **state)
{
    struct agent_totals totals = {.counts = {[ITEM_PENDING] = 1000}, .waiting_bytes = -1};
    struct shown shown;

    (void)state;
    begin(&shown, false, false);
    for (int i = 0; i <= 10 * 60 * 5; i++, clock_ms += 200) {
        totals.uploads = i;
        progress_update(shown.progress, &totals);
    }
    const char *text = end(&shown);
    assert_int_equal(count_of(text, "\n"), 10);
    assert_int_equal(count_of(text, "onekey-agent: "), 10);
    assert_null(strchr(text, '\033'));
}

static void a_line_that_says_the_same_is_not_repeated(void **state)
{
    const struct agent_totals totals = {.counts = {[ITEM_ANALYSING] = 3}, .waiting_bytes = -1};
    struct shown shown;

    (void)state;
    begin(&shown, false, false);
    for (int i = 0; i < 5; i++, clock_ms += PROGRESS_EVERY_MS)
        progress_update(shown.progress, &totals);
    assert_int_equal(count_of(end(&shown), "\n"), 1);
}

static void a_daemon_without_a_terminal_says_nothing(void **state)
{
    const struct agent_totals totals = {.counts = {[ITEM_ANALYSING] = 3}, .waiting_bytes = -1};
    struct shown shown;

    (void)state;
    begin(&shown, false, true);
    for (int i = 0; i < 5; i++, clock_ms += PROGRESS_EVERY_MS)
        progress_update(shown.progress, &totals);
    assert_string_equal(end(&shown), "");
}

static void a_terminal_is_drawn_in_place(void **state)
{
    const struct agent_totals totals = {
        .counts = {[ITEM_UPLOADING] = 1},
        .waiting_bytes = -1,
        .transfers = {{"/a", "up", 1, 2, 1}},
        .transfer_count = 1,
    };
    struct shown shown;

    (void)state;
    begin(&shown, true, true);
    progress_update(shown.progress, &totals);
    clock_ms += PROGRESS_REDRAW_MS;
    progress_update(shown.progress, &totals);
    progress_clear(shown.progress); /* a log line is coming */
    progress_clear(shown.progress);
    assert_string_equal(end(&shown), "0 sent, 1 to send\n  up    50%  1 B of 2 B  1 B/s  1 s  /a\n"
                                     "\033[2A\r\033[J"
                                     "0 sent, 1 to send\n  up    50%  1 B of 2 B  1 B/s  1 s  /a\n"
                                     "\033[2A\r\033[J");
}

static void a_terminal_is_drawn_five_times_a_second(void **state)
{
    struct agent_totals totals = {.counts = {[ITEM_UPLOADING] = 1}, .waiting_bytes = -1};
    struct shown shown;

    (void)state;
    begin(&shown, true, false);
    for (int i = 0; i < 1000; i++, clock_ms++)
        progress_update(shown.progress, &totals);
    assert_int_equal(count_of(end(&shown), "to send"), 5);
}

static void only_a_terminal_that_can_is_drawn_on(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_false(progress_can_draw(ends[1], "xterm"));
    close(ends[0]);
    close(ends[1]);
    int terminal = posix_openpt(0);
    assert_true(terminal >= 0);
    assert_true(progress_can_draw(terminal, "xterm"));
    assert_false(progress_can_draw(terminal, "dumb"));
    assert_false(progress_can_draw(terminal, ""));
    assert_false(progress_can_draw(terminal, NULL));
    close(terminal);
}

/* ---- at the end ---- */

static const struct agent_totals ended = {
    .counts = {[ITEM_DONE] = 38,
               [ITEM_DUPLICATE] = 2,
               [ITEM_FAILED] = 1,
               [ITEM_SETTLING] = 1,
               [ITEM_ANALYSING] = 1,
               [ITEM_IGNORED] = 9,
               [ITEM_GONE] = 4,
               [ITEM_HELD] = 1},
    .uploads = 3,
    .upload_bytes = 1288490189,
    .sboms = 5,
};

static void a_pass_ends_with_a_summary(void **state)
{
    char text[SUMMARY_SIZE];

    (void)state;
    summary_text(&ended, 45000, text);
    assert_string_equal(text, "44 known: 3 sent (1.2 GiB), 2 duplicates, 38 done, 1 failed, "
                              "3 left; 45 s");
}

static void the_summary_is_a_document_too(void **state)
{
    json_t *mirrors = json_pack("[{s:s}]", "watch", "release");
    json_t *document = summary_json(&ended, mirrors, 45999, 3);
    json_t *want = json_pack("{s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:O}", "known", 44,
                             "sent", 3, "bytes", 1288490189, "duplicates", 2, "done", 38, "failed",
                             1, "held", 1, "unconfirmed", 0, "left", 3, "sboms", 5, "seconds", 45,
                             "exit", 3, "mirror", mirrors);

    (void)state;
    assert_true(json_equal(document, want));
    json_decref(document);
    json_decref(want);
    json_decref(mirrors);
}

static void a_watch_has_a_line_of_its_own_where_the_summary_does_not_tell_it(void **state)
{
    static const struct {
        const char *why;
        const char *mirrors; /* the first one is asked about */
        bool want;
    } rows[] = {
        {"the summary tells it", "[{'left': 3, 'failed': 1, 'waits_for': null}]", false},
        {"it waits", "[{'left': 3, 'failed': 0, 'waits_for': 'budget'}]", true},
        {"of two, something is left", "[{'left': 3, 'failed': 0}, {'left': 0}]", true},
        {"of two, something failed", "[{'left': 0, 'failed': 1}, {'left': 0}]", true},
        {"of two, all is there", "[{'left': 0, 'failed': 0}, {'left': 3}]", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[128];

        snprintf(text, sizeof text, "%s", rows[i].mirrors);
        for (char *at = text; *at; at++)
            *at = *at == '\'' ? '"' : *at;
        json_t *mirrors = json_loads(text, 0, NULL);
        if (summary_tells(mirrors, json_array_get(mirrors, 0)) != rows[i].want)
            fail_msg("%s", rows[i].why);
        json_decref(mirrors);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_total_tells_what_is_going_on),
        cmocka_unit_test(a_transfer_has_one_line),
        cmocka_unit_test(a_line_is_cut_between_characters),
        cmocka_unit_test(a_log_file_gets_a_line_a_minute),
        cmocka_unit_test(a_line_that_says_the_same_is_not_repeated),
        cmocka_unit_test(a_daemon_without_a_terminal_says_nothing),
        cmocka_unit_test(a_terminal_is_drawn_in_place),
        cmocka_unit_test(a_terminal_is_drawn_five_times_a_second),
        cmocka_unit_test(only_a_terminal_that_can_is_drawn_on),
        cmocka_unit_test(a_pass_ends_with_a_summary),
        cmocka_unit_test(the_summary_is_a_document_too),
        cmocka_unit_test(a_watch_has_a_line_of_its_own_where_the_summary_does_not_tell_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
