#include "test.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/printable.h"

enum { LINE_MOST = 16384 + 1, MANY = 60 };

static char line[2 * LINE_MOST];

/*
 * Lets an event be told and puts what came out of fd 2 into `line`. Returns the number of
 * writes: a socket that keeps messages apart shows whether a line was one.
 */
static int tell(enum log_level level, const char *event, const struct log_field *fields,
                size_t count)
{
    int pair[2];
    int kept = dup(STDERR_FILENO);
    int writes = 0;
    size_t used = 0;

    assert_true(kept >= 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    dup2(pair[1], STDERR_FILENO);
    log_write(level, event, fields, count);
    dup2(kept, STDERR_FILENO);
    for (;; writes++) {
        ssize_t got = recv(pair[0], line + used, sizeof line - 1 - used, MSG_DONTWAIT);

        if (got <= 0)
            break;
        used += (size_t)got;
    }
    line[used] = '\0';
    close(kept);
    close(pair[0]);
    close(pair[1]);
    return writes;
}

static void tell_value(const char *value)
{
    const struct log_field fields[] = {F_TEXT("name", value), F_INT("n", 1)};

    assert_int_equal(tell(LOG_LEVEL_INFO, "event", fields, COUNT_OF(fields)), 1);
}

struct value {
    const char *why;
    const char *value;
    const char *text; /* as it stands in a text line */
    const char *json; /* the decoded member */
};

// NOLINTBEGIN(misc-misleading-bidirectional): that is what is tried
static const struct value values[] = {
    {"a word", "fw.bin", "fw.bin", "fw.bin"},
    {"nothing", "", "\"\"", ""},
    {"a blank", "a b", "\"a b\"", "a b"},
    {"an equals sign", "a=b", "\"a=b\"", "a=b"},
    {"a quote", "a\"b", "\"a\\\"b\"", "a\"b"},
    {"a field forged by a quote", "a\" level=alert x=\"", "\"a\\\" level=alert x=\\\"\"",
     "a\" level=alert x=\""},
    {"a field forged by a backslash and a quote", "\\\" level=alert", "\"\\\\\\\" level=alert\"",
     "\\\" level=alert"},
    {"a backslash before the closing quote", "a b\\", "\"a b\\\\\"", "a b\\"},
    {"a backslash in a word", "a\\b", "a\\b", "a\\b"},
    {"a forged line", "x\nerror forged", "\"x\\\\x0aerror forged\"", "x\\x0aerror forged"},
    {"a carriage return", "x\ry", "x\\x0dy", "x\\x0dy"},
    {"a screen cleared", "\x1b[2J", "\\x1b[2J", "\\x1b[2J"},
    {"no UTF-8", "\xff\xfe", "\\xff\\xfe", "\\xff\\xfe"},
    {"a surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80"},
    {"a line turned around", "\xe2\x80\xae", "\\xe2\\x80\\xae", "\\xe2\\x80\\xae"},
    {"umlauts", "Gr\xc3\xbc\xc3\x9f", "Gr\xc3\xbc\xc3\x9f", "Gr\xc3\xbc\xc3\x9f"},
    {"an end of JSON", "\"}\n{\"level\":\"alert", "\"\\\"}\\\\x0a{\\\"level\\\":\\\"alert\"",
     "\"}\\x0a{\"level\":\"alert"},
    {"a format", "%s%n", "%s%n", "%s%n"},
};
// NOLINTEND(misc-misleading-bidirectional)

static void a_text_line_shows_no_value_as_anything_but_a_value(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, true);
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        auto_free char *want = xasprintf("<6>info event name=%s n=1\n", values[i].text);

        tell_value(values[i].value);
        if (strcmp(line, want) != 0)
            fail_msg("%s: %s", values[i].why, line);
    }
}

/* As a reader of such lines does it: within quotes a backslash takes the next byte as it is. */
static const char *skip_value(const char *at)
{
    if (*at != '"')
        return at + strcspn(at, " \n");
    for (at++; *at && *at != '"'; at++)
        at += *at == '\\' && at[1];
    return *at ? at + 1 : at;
}

static void a_reader_that_knows_the_quoting_finds_the_next_field(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, true);
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        tell_value(values[i].value);
        const char *rest = skip_value(line + strlen("<6>info event name="));
        if (strcmp(rest, " n=1\n") != 0)
            fail_msg("%s: %s", values[i].why, rest);
    }
}

static json_t *parse_line(const char *why)
{
    json_error_t error;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error);

    if (!object)
        fail_msg("%s: %s in %s", why, error.text, line);
    if (strchr(line, '\n') != line + strlen(line) - 1)
        fail_msg("%s: not one line: %s", why, line);
    return object;
}

static void a_json_line_is_one_document_whatever_a_value_holds(void **state)
{
    (void)state;
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON, false);
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        tell_value(values[i].value);
        auto_json json_t *object = parse_line(values[i].why);
        const char *got = json_string_value(json_object_get(object, "name"));

        if (!got || strcmp(got, values[i].json) != 0)
            fail_msg("%s: %s", values[i].why, line);
        assert_string_equal(json_string_value(json_object_get(object, "level")), "info");
        assert_string_equal(json_string_value(json_object_get(object, "event")), "event");
        assert_int_equal(json_integer_value(json_object_get(object, "n")), 1);
        assert_int_equal(json_object_size(object), 5);
    }
}

static void numbers_are_whole_and_absent_texts_are_left_out(void **state)
{
    const struct log_field fields[] = {
        F_INT("least", INT64_MIN), F_TEXT("absent", NULL), F_INT("most", INT64_MAX),
        F_INT("zero", 0),          F_TEXT("last", NULL),
    };

    (void)state;
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, true);
    tell(LOG_LEVEL_WARN, "numbers", fields, COUNT_OF(fields));
    assert_string_equal(line, "<4>warn numbers least=-9223372036854775808 "
                              "most=9223372036854775807 zero=0\n");
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON, true);
    tell(LOG_LEVEL_WARN, "numbers", fields, COUNT_OF(fields));
    assert_memory_equal(line, "<4>{", 4);
    assert_non_null(strstr(line, "\"least\":-9223372036854775808,\"most\":9223372036854775807,"
                                 "\"zero\":0}\n"));
    tell(LOG_LEVEL_WARN, "bare", NULL, 0);
    assert_non_null(strstr(line, "\"event\":\"bare\"}\n"));
}

static void a_line_that_the_journal_does_not_date_begins_with_the_time(void **state)
{
    char before[CLOCK_TEXT_SIZE];
    char after[CLOCK_TEXT_SIZE];

    (void)state;
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, false);
    clock_text(clock_wall_ms(), before);
    tell(LOG_LEVEL_ERROR, "dated", NULL, 0);
    clock_text(clock_wall_ms(), after);
    size_t size = strlen(before);
    assert_true(strncmp(before, line, size) <= 0 && strncmp(line, after, size) <= 0);
    assert_string_equal(line + size, " error dated\n");
}

static void each_level_has_its_name_and_the_journals_priority(void **state)
{
    static const struct {
        const char *why;
        enum log_level level;
        const char *want;
    } rows[] = {
        {"critical", LOG_LEVEL_ALERT, "<2>alert e\n"}, {"error", LOG_LEVEL_ERROR, "<3>error e\n"},
        {"warning", LOG_LEVEL_WARN, "<4>warn e\n"},    {"info", LOG_LEVEL_INFO, "<6>info e\n"},
        {"debug", LOG_LEVEL_DEBUG, "<7>debug e\n"},
    };

    (void)state;
    for (size_t limit = 0; limit < COUNT_OF(rows); limit++) {
        log_setup(rows[limit].level, LOG_FORMAT_TEXT, true);
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            bool is_on = i <= limit;
            int writes = tell(rows[i].level, "e", NULL, 0);

            if (writes != is_on || strcmp(line, is_on ? rows[i].want : "") != 0)
                fail_msg("%s, of %s: \"%s\"", rows[i].why, rows[limit].why, line);
            assert_int_equal(log_is_on(rows[i].level), is_on);
        }
    }
}

static void the_macros_tell_what_they_are_called(void **state)
{
    int pair[2];
    int kept = dup(STDERR_FILENO);
    char text[256] = "";

    (void)state;
    log_setup(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT, true);
    assert_int_equal(pipe(pair), 0);
    dup2(pair[1], STDERR_FILENO);
    log_alert("a", F_INT("n", 1));
    log_error("b", F_TEXT("t", "x"), F_INT("n", 2));
    log_warn("c", F_INT("n", 3));
    log_info("d", F_INT("n", 4));
    log_debug("e", F_INT("n", 5));
    dup2(kept, STDERR_FILENO);
    assert_true(read(pair[0], text, sizeof text - 1) > 0);
    close(kept);
    close(pair[0]);
    close(pair[1]);
    assert_string_equal(text, "<2>alert a n=1\n<3>error b t=x n=2\n<4>warn c n=3\n<6>info d n=4\n"
                              "<7>debug e n=5\n");
}

static char *repeat(const char *unit, size_t count)
{
    size_t size = strlen(unit);
    char *text = xcalloc(count * size + 1, 1);

    for (size_t i = 0; i < count * size; i++)
        text[i] = unit[i % size];
    return text;
}

/* What every line must be, however much there was to tell. */
static void check_line(const char *why)
{
    size_t size = strlen(line);

    if (size == 0 || size > LINE_MOST || strchr(line, '\n') != line + size - 1)
        fail_msg("%s: %zu bytes, not one line", why, size);
    line[size - 1] = '\0';
    if (!printable_is(line))
        fail_msg("%s: cut within a character", why);
    line[size - 1] = '\n';
}

static void a_line_that_is_too_long_keeps_its_fields_and_loses_the_ends_of_long_ones(void **state)
{
    static const struct {
        const char *why;
        const char *unit;
        size_t count;
    } rows[] = {
        {"a word", "x", 20000},
        {"words in quotes", "x ", 10000},
        {"quotes", "\"", 9000},
        {"backslashes", "\\", 20000},
        {"the longest path of bytes that are shown as four", "\xff", 4095},
        {"characters of two bytes", "\xc3\xbc", 9000},
        {"characters of three bytes", "\xe5\x9b\xba", 9000},
        {"characters of four bytes", "\xf0\x9f\x9a\x80", 9000},
    };

    (void)state;
    for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
        const char *why = rows[i / 2].why;
        auto_free char *value = repeat(rows[i / 2].unit, rows[i / 2].count);
        const struct log_field fields[] = {F_TEXT("path", value), F_TEXT("reason", "short"),
                                           F_TEXT("to", value), F_INT("n", 7)};

        log_setup(LOG_LEVEL_INFO, i % 2 ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT, false);
        assert_int_equal(tell(LOG_LEVEL_INFO, "long", fields, COUNT_OF(fields)), 1);
        check_line(why);
        if (i % 2 == 0) {
            // in quotes or not, depending on the value
            if (!strstr(line, "... reason=short to=") && !strstr(line, "...\" reason=short to="))
                fail_msg("%s: %s", why, line);
            assert_non_null(strstr(line, " info long path="));
            assert_non_null(strstr(line, " n=7\n"));
            continue;
        }
        auto_json json_t *object = parse_line(why);
        const char *path = json_string_value(json_object_get(object, "path"));
        assert_string_equal(json_string_value(json_object_get(object, "reason")), "short");
        assert_int_equal(json_integer_value(json_object_get(object, "n")), 7);
        assert_true(path && strlen(path) > 200 && strlen(path) <= 256);
        assert_string_equal(path + strlen(path) - 3, "...");
    }
}

static void around_the_longest_line_each_one_ends_with_a_newline(void **state)
{
    (void)state;
    for (size_t size = LINE_MOST - 100; size < LINE_MOST + 10; size++) {
        auto_free char *value = repeat("x", size);
        const struct log_field field = F_TEXT("v", value);

        log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, size % 2);
        assert_int_equal(tell(LOG_LEVEL_INFO, "edge", &field, 1), 1);
        check_line("text");
        log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON, false);
        assert_int_equal(tell(LOG_LEVEL_INFO, "edge", &field, 1), 1);
        check_line("JSON");
        json_decref(parse_line("JSON"));
    }
}

static void where_nothing_helps_the_event_alone_is_told(void **state)
{
    auto_free char *value = repeat("\"", 300);
    struct log_field fields[MANY];
    char keys[MANY][8];

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        snprintf(keys[i], sizeof keys[i], "key%zu", i);
        fields[i] = F_TEXT(keys[i], value);
    }
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, true);
    tell(LOG_LEVEL_INFO, "crowd", fields, MANY);
    assert_string_equal(line, "<6>info crowd\n");
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON, false);
    tell(LOG_LEVEL_INFO, "crowd", fields, MANY);
    auto_json json_t *object = parse_line("crowd");
    assert_int_equal(json_object_size(object), 3);
}

static void count_call(void *owner)
{
    ++*(int *)owner;
}

static void a_progress_line_is_cleared_before_each_line_and_only_then(void **state)
{
    int calls = 0;

    (void)state;
    log_setup(LOG_LEVEL_WARN, LOG_FORMAT_TEXT, true);
    log_set_before(count_call, &calls);
    tell(LOG_LEVEL_INFO, "off", NULL, 0);
    assert_int_equal(calls, 0);
    tell(LOG_LEVEL_WARN, "on", NULL, 0);
    assert_int_equal(calls, 1);
    log_set_before(NULL, NULL);
    tell(LOG_LEVEL_WARN, "on", NULL, 0);
    assert_int_equal(calls, 1);
}

static void a_full_or_closed_log_stream_stops_nobody(void **state)
{
    int pair[2];
    int kept = dup(STDERR_FILENO);

    (void)state;
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, true);
    assert_int_equal(pipe2(pair, O_NONBLOCK), 0);
    dup2(pair[1], STDERR_FILENO);
    for (int i = 0; i < 10000; i++) // more than a pipe holds
        log_info("flood", F_INT("n", i));
    signal(SIGPIPE, SIG_IGN);
    close(pair[0]);
    log_info("closed", F_INT("n", 1));
    close(STDERR_FILENO);
    log_info("none", F_INT("n", 1));
    dup2(kept, STDERR_FILENO);
    signal(SIGPIPE, SIG_DFL);
    close(kept);
    close(pair[1]);
    assert_int_equal(tell(LOG_LEVEL_INFO, "again", NULL, 0), 1);
    assert_string_equal(line, "<6>info again\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_line_shows_no_value_as_anything_but_a_value),
        cmocka_unit_test(a_reader_that_knows_the_quoting_finds_the_next_field),
        cmocka_unit_test(a_json_line_is_one_document_whatever_a_value_holds),
        cmocka_unit_test(numbers_are_whole_and_absent_texts_are_left_out),
        cmocka_unit_test(a_line_that_the_journal_does_not_date_begins_with_the_time),
        cmocka_unit_test(each_level_has_its_name_and_the_journals_priority),
        cmocka_unit_test(the_macros_tell_what_they_are_called),
        cmocka_unit_test(a_line_that_is_too_long_keeps_its_fields_and_loses_the_ends_of_long_ones),
        cmocka_unit_test(around_the_longest_line_each_one_ends_with_a_newline),
        cmocka_unit_test(where_nothing_helps_the_event_alone_is_told),
        cmocka_unit_test(a_progress_line_is_cleared_before_each_line_and_only_then),
        cmocka_unit_test(a_full_or_closed_log_stream_stops_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
